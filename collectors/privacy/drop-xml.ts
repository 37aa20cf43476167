import { below, type DropPaths } from './drop-path.ts';

const ATTRIBUTE = /([^\s=/<>]+)(\s*=\s*)("[^"]*"|'[^']*')/g;

/**
 * XML without what the paths name: such an element is left empty and without attributes, such an attribute without value. Comments and
 * processing instructions go, the declaration too (what is given back is UTF-8): no map reads them, and nobody knows what is in them. The
 * text must be well-formed and without a document type.
 */
export function dropFromXml(text: string, paths: DropPaths): string {
  const out: string[] = [];
  const stack: DropPaths[] = [paths];
  let from = 0;
  /** Depth of open elements inside a dropped one, itself included; 0 outside. */
  let dropping = 0;
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', from)) {
    if (dropping === 0) out.push(text.slice(from, at));
    if (text.startsWith('<![CDATA[', at)) {
      from = text.indexOf(']]>', at) + 3;
      if (dropping === 0) out.push(text.slice(at, from));
      continue;
    }
    if (text.startsWith('<!--', at) || text.startsWith('<?', at)) {
      const mark = text[at + 1] === '?' ? '?>' : '-->';
      from = text.indexOf(mark, at + 2) + mark.length;
      continue;
    }
    from = tagEnd(text, at);
    const tag = text.slice(at, from);
    const closes = tag[1] === '/';
    const empty = tag.endsWith('/>');
    if (dropping > 0) {
      if (closes) dropping -= 1;
      else if (!empty) dropping += 1;
    } else if (closes) {
      stack.pop();
      out.push(tag);
    } else {
      const inside = below(stack.at(-1)!, localName(tag));
      if (inside === 'drop') {
        out.push(`<${/^[^\s/>]+/.exec(tag.slice(1))![0]}/>`);
        dropping = empty ? 0 : 1;
      } else {
        out.push(inside.length === 0 ? tag : withoutAttributes(tag, inside));
        if (!empty) stack.push(inside);
      }
    }
  }
  out.push(text.slice(from));
  return out.join('');
}

const localName = (tag: string): string => /^<(?:[^\s/>:]*:)?([^\s/>]+)/.exec(tag)?.[1] ?? '';

const withoutAttributes = (tag: string, paths: DropPaths): string =>
  tag.replace(ATTRIBUTE, (whole, name: string, equals: string) =>
    below(paths, `@${name.replace(/^[^:]*:/, '')}`) === 'drop' ? `${name}${equals}""` : whole,
  );

/** Position after the `>` that ends the tag; one inside a quoted attribute does not. */
function tagEnd(text: string, at: number): number {
  let quote = '';
  for (let i = at; i < text.length; i += 1) {
    const c = text[i]!;
    if (quote !== '') {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === '>') return i + 1;
  }
  return text.length;
}
