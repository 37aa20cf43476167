import { below, type DropPaths } from './drop-path.ts';

/** Writes another text in place of a member of the outermost object; undefined leaves it as it is. */
export type Replace = (name: string, value: string) => string | undefined;

/**
 * JSON without what the paths name: each such value becomes `null`, and every other byte stays as it was, so that long numbers keep
 * their digits. The text must be valid JSON. `replace` is asked first about the members of the outermost object, or of each object of
 * an outermost list.
 */
export function dropFromJson(text: string, paths: DropPaths, replace?: Replace): string {
  const scan = new JsonScan(text, replace);
  scan.value(scan.blank(0), paths, true);
  return scan.result();
}

const BLANK = /[\t\n\r ]/;
const ENDS_SCALAR = /[\t\n\r ,\]}]/;

class JsonScan {
  readonly #text: string;
  readonly #replace: Replace | undefined;
  readonly #out: string[] = [];
  #from = 0;

  constructor(text: string, replace: Replace | undefined) {
    this.#text = text;
    this.#replace = replace;
  }

  result(): string {
    return this.#out.length === 0 ? this.#text : this.#out.join('') + this.#text.slice(this.#from);
  }

  blank(at: number): number {
    while (BLANK.test(this.#text[at] ?? '')) at += 1;
    return at;
  }

  /** Returns where the value ends. */
  value(at: number, paths: DropPaths, outermost = false): number {
    const first = this.#text[at];
    if (first === '{') return this.#object(at, paths, outermost);
    if (first === '[') return this.#list(at, paths, outermost);
    if (first === '"') return this.#string(at);
    while (at < this.#text.length && !ENDS_SCALAR.test(this.#text[at]!)) at += 1;
    return at;
  }

  #list(at: number, paths: DropPaths, outermost: boolean): number {
    at = this.blank(at + 1);
    while (this.#text[at] !== ']') {
      at = this.blank(this.value(at, paths, outermost));
      if (this.#text[at] === ',') at = this.blank(at + 1);
    }
    return at + 1;
  }

  #object(at: number, paths: DropPaths, outermost: boolean): number {
    at = this.blank(at + 1);
    while (this.#text[at] !== '}') {
      const keyEnd = this.#string(at);
      const name = JSON.parse(this.#text.slice(at, keyEnd)) as string;
      at = this.blank(this.blank(keyEnd) + 1);
      at = this.blank(this.#member(name, at, paths, outermost));
      if (this.#text[at] === ',') at = this.blank(at + 1);
    }
    return at + 1;
  }

  #member(name: string, at: number, paths: DropPaths, outermost: boolean): number {
    const inside = below(paths, name);
    if (inside === 'drop') {
      const end = this.value(at, []);
      this.#write(at, 'null', end);
      return end;
    }
    const asks = outermost && this.#replace !== undefined;
    const end = this.value(at, asks ? [] : inside);
    const other = asks ? this.#replace?.(name, this.#text.slice(at, end)) : undefined;
    if (other !== undefined) this.#write(at, other, end);
    else if (asks) this.value(at, inside);
    return end;
  }

  #write(at: number, other: string, end: number): void {
    this.#out.push(this.#text.slice(this.#from, at), other);
    this.#from = end;
  }

  #string(at: number): number {
    at += 1;
    while (this.#text[at] !== '"') at += this.#text[at] === '\\' ? 2 : 1;
    return at + 1;
  }
}
