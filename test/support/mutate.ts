/** What breaks parsers: separators, envelopes, brackets, references, controls, bytes that are no text, long runs. */
const TOKENS = [
  "'",
  '+',
  ':',
  '?',
  '~',
  '*',
  '>',
  '^',
  '"',
  '\n',
  '\r\n',
  '{',
  '}',
  '[',
  ']',
  '<',
  '</',
  '/>',
  '<a>',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '<![CDATA[',
  ']]>',
  '&amp;',
  '&#0;',
  '<!--',
  ',',
  ';',
  '\t',
  '\u0000',
  '\u001a',
  '\uFEFF',
  "UNB+UNOC:3+A+B+1:1+1'",
  "UNH+1+IFTSTA:D:96A:UN'",
  "UNT+2+1'",
  "UNZ+1+1'",
  "UNA:+.? '",
  'ISA*00*',
  'ST*315*1~',
  'SE*1*1~',
  'IEA*1*1~',
  '20260231',
  '99999999999999999999',
  '-1',
  'null',
  '1e999',
  '__proto__',
  'constructor',
  'toString',
  '#text',
  '?'.repeat(400),
  "'".repeat(400),
  '['.repeat(200),
  '<b>'.repeat(100),
  '*'.repeat(400),
].map((text) => Buffer.from(text));

/**
 * A message changed in one to three places: bytes flipped, parts dropped, doubled, moved or taken from another message, tokens put in, the end
 * cut off. The same dice make the same message.
 */
export function mutated(seeds: readonly Uint8Array[], random: () => number): Uint8Array {
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  let data = Buffer.from(pick(seeds));
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const at = below(data.length + 1);
    const end = Math.min(data.length, at + 1 + below(40));
    const [before, part, after] = [data.subarray(0, at), data.subarray(at, end), data.subarray(end)];
    const other = pick(seeds);
    const from = below(other.length);
    const ways: readonly (() => readonly Uint8Array[])[] = [
      () => [before, after],
      () => [before, part, part, after],
      () => [before],
      () => [before, pick(TOKENS), part, after],
      () => [before, pick(TOKENS), after],
      () => [before, other.subarray(from, from + 1 + below(200)), after],
      () => [after, before, part],
      () => [before, Uint8Array.of(below(256)), part.subarray(1), after],
      () => [before, Uint8Array.of(0x80 + below(128)), part, after],
    ];
    data = Buffer.concat(pick(ways)());
  }
  return data;
}
