import type { Value } from './format.ts';
import type { ReadSegment } from './segments.ts';

/** A group of segments that repeats together: it begins with the segment `tag`, the others belong to it until one does not. */
export interface Loop {
  readonly tag: string;
  readonly members: ReadonlySet<string>;
  readonly loops: readonly Loop[];
}

const TAG = /^[A-Z][A-Z0-9]{1,2}/;

/**
 * Reads `R4{DTM,V9}`, and loops inside of loops: `CNI{RFF,STS{DTM,LOC,TDT{LOC{DTM}}}}`. Returns the reason when the text is none.
 */
export function parseLoop(text: string): Loop | { readonly wrong: string } {
  const compact = text.replace(/\s+/g, '');
  const read = readLoop(compact, 0, 0);
  if (typeof read === 'string') return { wrong: `"${text}" is not a loop: ${read}` };
  if (read.end !== compact.length)
    return { wrong: `"${text}" is not a loop: it goes on after its last brace` };
  return 'members' in read.node ? read.node : { wrong: `"${text}" is not a loop: it has no braces` };
}

const DEEPEST = 12;

function readLoop(
  text: string,
  from: number,
  depth: number,
): { readonly node: Loop | { readonly tag: string }; readonly end: number } | string {
  const tag = TAG.exec(text.slice(from))?.[0];
  if (tag === undefined) return `expected the name of a segment at character ${from + 1}`;
  let at = from + tag.length;
  if (text[at] !== '{') return { node: { tag }, end: at };
  if (depth === DEEPEST) return `loops go deeper than ${DEEPEST}`;
  const members = new Set<string>();
  const loops: Loop[] = [];
  do {
    const inner = readLoop(text, at + 1, depth + 1);
    if (typeof inner === 'string') return inner;
    if ('members' in inner.node) loops.push(inner.node);
    else members.add(inner.node.tag);
    at = inner.end;
  } while (text[at] === ',');
  return text[at] === '}' ? { node: { tag, members, loops }, end: at + 1 } : 'a brace is not closed';
}

type Node = Record<string, Value>;

/**
 * Segments as a tree: each under its name, in a list; the segments of a loop inside the one it begins with. A segment belongs
 * to the innermost open loop that knows it, else to the message.
 *
 *     R4 L · DTM · R4 D · DTM · V9     with R4{DTM,V9}     {R4: [{01: L, DTM: […]}, {01: D, DTM: […], V9: […]}]}
 */
export function nest(segments: readonly ReadSegment[], loops: readonly Loop[], into: Node): void {
  const open: { readonly node: Node; readonly loop: Loop | undefined }[] = [{ node: into, loop: undefined }];
  for (const { tag, value } of segments) {
    let loop: Loop | undefined;
    for (;;) {
      const top = open.at(-1)!;
      loop = (top.loop?.loops ?? loops).find((l) => l.tag === tag);
      if (loop !== undefined || top.loop === undefined || top.loop.members.has(tag)) break;
      open.pop();
    }
    const parent = open.at(-1)!.node;
    const list = parent[tag];
    // Copied, because loops are put into it.
    const node: Node = loop === undefined ? (value as Node) : { ...value };
    if (Array.isArray(list)) list.push(node);
    else parent[tag] = [node];
    if (loop !== undefined) open.push({ node, loop });
  }
}

/** One part of a message: the loop at a path alone, with everything around it, and where it stands: `2.1`. */
export interface Part {
  readonly record: { readonly [name: string]: Value };
  readonly part: string;
}

/**
 * Each repetition of a loop (`CNI`, or `P4.X4` inside of another) with the rest of the message around it: so that each is read,
 * and can fail, alone. A message without the loop is one part.
 */
export function partsOf(
  record: { readonly [name: string]: Value },
  path: readonly string[],
): readonly Part[] {
  const [tag, ...rest] = path;
  const list = tag === undefined ? undefined : record[tag];
  if (tag === undefined || !Array.isArray(list)) return [{ record, part: '' }];
  return (list as readonly { readonly [name: string]: Value }[]).flatMap((element, i) =>
    partsOf(element, rest).map((inner) => ({
      record: { ...record, [tag]: [inner.record] },
      part: inner.part === '' ? String(i + 1) : `${i + 1}.${inner.part}`,
    })),
  );
}
