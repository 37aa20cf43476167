import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { splitInterchange } from '../../../collectors/files/interchange-parts.ts';
import { parseEdifact } from '../../../collectors/formats/edifact.ts';
import type { Parsed } from '../../../collectors/formats/format.ts';
import { type InterchangePart, InterchangeSplitter } from '../../../collectors/formats/split-interchange.ts';
import { parseX12 } from '../../../collectors/formats/x12.ts';

const sample = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../fixtures/samples', name), 'latin1');

/** Given in pieces of this many characters. */
function split(format: 'edifact' | 'x12', text: string, size = text.length): InterchangePart[] {
  const splitter = new InterchangeSplitter(format);
  const parts: InterchangePart[] = [];
  for (let at = 0; at < text.length; at += size) parts.push(...splitter.take(text.slice(at, at + size)));
  return [...parts, ...splitter.end()];
}

const messagesIn = (parsed: Parsed): unknown[] =>
  'value' in parsed
    ? (parsed.value as { readonly message?: { readonly id?: unknown } }[]).map(({ message }) => message?.id)
    : [parsed];
const texts = (parts: readonly InterchangePart[]): string[] => parts.map(({ text }) => text);

const UNB = "UNA:+.? 'UNB+UNOC:3+A+B+260101:0800+REF?'1'";
const message = (n: number): string => `UNH+${n}+IFTSTA:D:00B:UN'BGM+23+it?'s ${n}+9'UNT+3+${n}'`;

t.test('each message gets an envelope of its own, whose trailer fits', async (t) => {
  const text = `${UNB}\r\n${message(1)}\r\n${message(2)}UNZ+2+REF?'1'`;
  const parts = split('edifact', text);
  t.same(texts(parts), [`${UNB}\r\n${message(1)}UNZ+1+REF?'1'`, `${UNB}\r\n${message(2)}UNZ+1+REF?'1'`]);
  for (const { text: part } of parts)
    t.match(parseEdifact(Buffer.from(part, 'latin1')), { unread: undefined, oddities: undefined });
});

t.test('groups, several interchanges in a file, and other separators', async (t) => {
  const group = "UNG+IFTSTA+A+B+260101:0800+G7+UN+D:00B'";
  const other = 'UNA;*.! ~UNB*UNOC;3*A*B*260101;0800*R2~UNH*1*IFTSTA;D;00B;UN~BGM*23~UNT*3*1~UNZ*1*R2~';
  const parts = split('edifact', `${UNB}${group}${message(1)}UNE+1+G7'UNZ+1+REF?'1'\n${other}`);
  t.same(texts(parts), [`${UNB}${group}${message(1)}UNE+1+G7'UNZ+1+REF?'1'`, `\n${other}`]);
  t.same(
    texts(split('edifact', `${message(1)}${message(2)}`)),
    [message(1), message(2)],
    'no interchange at all',
  );
});

t.test('X12: by transaction set, whatever the separators; of the same reference, too', async (t) => {
  const [head, ...rest] = sample('x12/315-test_2.edi').split('ST*315*');
  const set = `ST*315*${rest.join('ST*315*').split('GE*')[0]}`;
  for (const [element, terminator] of [
    ['*', '~'],
    ['|', '\n'],
  ] as const) {
    const text = `${head}${set}${set}GE*2*12359218~IEA*1*012359227~`
      .replaceAll('*', element)
      .replaceAll('~', terminator);
    const parts = split('x12', text);
    t.equal(parts.length, 2);
    const whole = messagesIn(parseX12(Buffer.from(text, 'latin1')));
    t.same(
      parts.flatMap((part) => messagesIn(parseX12(Buffer.from(part.text, 'latin1')))),
      whole,
    );
    t.ok(
      parts[1]!.text.endsWith(
        ['GE', '1', '12359218'].join(element) +
          terminator +
          ['IEA', '1', '012359227'].join(element) +
          terminator,
      ),
    );
  }
});

t.test('what is cut off or stands where no message can is passed on by itself', async (t) => {
  t.match(split('edifact', `${UNB}${message(1)}UNH+2+IFTSTA:D:00B:UN'BGM+23`), [
    { position: 1, bad: undefined },
    { position: 2, bad: 'it has no end', text: /BGM\+23/ },
  ]);
  t.match(split('edifact', `${UNB}UNH+1+X:D:00B:UN'BGM+1'${message(2)}UNZ+2+R'`), [
    { bad: 'it has no trailer' },
    { bad: undefined },
  ]);
  t.match(split('edifact', `${UNB}FTX+AAI'${message(2)}UNZ+1+R'rubbish`), [
    { bad: 'it stands where no message can', text: "FTX+AAI'" },
    { bad: undefined },
    { text: 'rubbish', bad: 'it stands where no message can' },
  ]);
  t.same(texts(split('x12', 'no interchange')), ['no interchange']);
});

t.test('it does not matter in which pieces it comes, and no character is lost', async (t) => {
  const piece = fc.constantFrom(UNB, message(1), message(2), "UNZ+1+R'", "FTX+?'+?", "'", '\r\n', 'UNA', 'x');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 60 }), (pieces, size) => {
      const text = pieces.join('');
      const whole = split('edifact', text);
      t.same(split('edifact', text, size), whole);
      for (const n of [1, 2])
        if (text.includes(message(n))) t.ok(texts(whole).some((part) => part.includes(message(n))));
    }),
    { numRuns: 150 },
  );
});

t.test('a file is whole while it is small', async (t) => {
  const records = async (text: string, maxBytes: number) => {
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < text.length; at += 1000) yield Buffer.from(text.slice(at, at + 1000), 'latin1');
    }
    return Array.fromAsync(splitInterchange(source(), 'edifact', maxBytes));
  };
  const interchange = (count: number, more = ''): string =>
    `${UNB}${Array.from({ length: count }, (_, n) => message(n)).join('')}${more}UNZ+${count}+R'`;
  t.equal((await records(interchange(50), 1_000_000)).length, 1);
  const many = await records(interchange(6000), 1_000_000);
  t.equal(many.length, 6000, 'of 370 kB each message by itself');
  t.equal(many.at(-1)?.position, 6000);
  const huge = await records(
    interchange(3, `UNH+4+IFTSTA:D:00B:UN'FTX+AAI+++${'a'.repeat(5000)}'UNT+3+4'`),
    1000,
  );
  t.same(
    huge.map(({ data, bytes }) => [data.byteLength <= 1001, bytes > 1000]),
    [
      [true, false],
      [true, false],
      [true, false],
      [true, true],
    ],
  );
});
