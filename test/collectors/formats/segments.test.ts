import t from 'tap';
import { parseEdifact } from '../../../collectors/formats/edifact.ts';
import type { Parsed } from '../../../collectors/formats/format.ts';
import { parseLoop } from '../../../collectors/formats/loops.ts';
import { parseX12 } from '../../../collectors/formats/x12.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

interface Message {
  readonly message: Readonly<Record<string, unknown>>;
  readonly interchange?: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
}
const messages = (parsed: Parsed): readonly Message[] =>
  'value' in parsed ? (parsed.value as unknown as readonly Message[]) : [];
const unread = (parsed: Parsed): readonly string[] =>
  'value' in parsed ? (parsed.unread ?? []).map((part) => part.reason) : [parsed.fault.reason];
const oddities = (parsed: Parsed): readonly string[] =>
  'value' in parsed ? (parsed.oddities ?? []).map((odd) => odd.why) : [];

const UNB = "UNB+UNOC:3+ME:ZZ+YOU:ZZ+260301:1000+42'";
const unh = (ref: string, ...segments: string[]): string =>
  [`UNH+${ref}+IFTSTA:D:00B:UN`, ...segments, `UNT+${segments.length + 2}+${ref}`]
    .map((s) => `${s}'`)
    .join('');

t.test('edifact: what a message is called, and its segments', async (t) => {
  const [one, two] = messages(
    parseEdifact(bytes(`${UNB}${unh('1', 'BGM+23+DOC1+9', 'RFF+BN:B1')}${unh('2')}UNZ+2+42'`)),
  );
  t.match(one, {
    interchange: { sender: 'ME', recipient: 'YOU', ref: '42', at: '2026-03-01T10:00', syntax: 'UNOC' },
    message: {
      type: 'IFTSTA',
      release: 'D00B',
      agency: 'UN',
      ref: '1',
      id: 'ME/42/2026-03-01T10:00/1',
      segment: 2,
      byte: 39,
    },
    BGM: [{ '01': '23', '02': 'DOC1', '03': '9' }],
    RFF: [{ '01': { '#text': 'BN', '2': 'B1' }, '#text': 'B1' }],
  });
  t.match(two?.message, { id: 'ME/42/2026-03-01T10:00/2', segment: 6 });
});

t.test('edifact: service string, release character, line breaks, byte order mark', async (t) => {
  const own =
    '\uFEFF\r\nUNA|^,! ~\r\nUNB^UNOC|3^A^B^260301|1000^7~\r\nUNH^1^IFTSTA|D|00B|UN~\r\nFTX^AAI^^^A!^B!|C!~D!!~\r\nUNT^3^1~UNZ^1^7~';
  t.match(messages(parseEdifact(bytes(own)))[0], { FTX: [{ '01': 'AAI', '04': 'A^B|C~D!' }] });
  const usual = `${UNB}${unh('1', "FTX+AAI+++O?'NEIL ?+ SONS??'+X".replace("'+X", ''), 'FTX+AAA+++a\r\nb')}UNZ+1+42'`;
  t.match(
    messages(parseEdifact(bytes(usual)))[0],
    { FTX: [{ '04': "O'NEIL + SONS?" }, { '04': 'ab' }] },
    'lines that were wrapped are put together',
  );
  const blank = "UNA:+.  'UNB+UNOC:3+A+B+260301:1000+7'UNH+1+IFTSTA:D:00B:UN'FTX+AAI+++WHY?'UNT+3+1'UNZ+1+7'";
  t.match(
    messages(parseEdifact(bytes(blank)))[0],
    { FTX: [{ '04': 'WHY?' }] },
    'a blank means: no release character',
  );
  t.match(unread(parseEdifact(bytes("UNA::.? 'UNB+UNOC:3'"))), [/separators that cannot be/]);
  const repeated = "UNA:+.?*'UNB+UNOC:4+A+B+20260301:1000+7'UNH+1+IFTSTA:D:00B:UN'LOC+9+A*B'UNT+3+1'UNZ+1+7'";
  const [four] = messages(parseEdifact(bytes(repeated)));
  t.match(
    four,
    { LOC: [{ '02': ['A', 'B'] }], interchange: { at: '2026-03-01T10:00' } },
    'version 4 repeats with *',
  );
  t.match(messages(parseEdifact(bytes(repeated.replace('UNOC:4', 'UNOC:3'))))[0], { LOC: [{ '02': 'A*B' }] });
});

t.test('edifact: character sets by syntax identifier', async (t) => {
  const with1 = (id: string, name: Uint8Array): Parsed => {
    const [head, tail] = [
      `UNB+${id}:3+A+B+260301:1000+7'UNH+1+IFTSTA:D:00B:UN'NAD+CN+++`,
      "'UNT+3+1'UNZ+1+7'",
    ];
    return parseEdifact(Buffer.concat([latin1(head), name, latin1(tail)]));
  };
  const nameIn = (parsed: Parsed): unknown =>
    (messages(parsed)[0]?.NAD as readonly { '04'?: unknown }[] | undefined)?.[0]?.['04'];
  t.equal(nameIn(with1('UNOC', Uint8Array.of(0x4b, 0xf8, 0x62))), 'Køb');
  t.equal(nameIn(with1('UNOD', Uint8Array.of(0xb3, 0xf3, 0x64))), 'łód');
  t.equal(nameIn(with1('UNOE', Uint8Array.of(0xbc, 0xe1))), 'Мс');
  t.equal(nameIn(with1('UNOY', bytes('港'))), '港');
  t.equal(nameIn(with1('UNOA', bytes('Köln'))), 'Köln', 'ASCII was promised: UTF-8 where it is valid');
  t.equal(nameIn(with1('UNOB', Uint8Array.of(0x4b, 0xf6))), 'Kö', 'else Latin 1');
  t.match(unread(with1('UNOY', Uint8Array.of(0x4b, 0xff))), [
    /message 1 \(IFTSTA\).*segment 3 at byte 51.*character set/,
  ]);
});

t.test('edifact: a bad message costs itself', async (t) => {
  const good = unh('1', 'BGM+23+A+9');
  const cases: readonly [what: string, bad: string, why: RegExp][] = [
    [
      'no trailer',
      "UNH+2+IFTSTA:D:00B:UN'BGM+23+B+9'",
      /message 2 .*another message begins before its trailer/,
    ],
    [
      'an apostrophe that is not released',
      unh('2', "NAD+CN+O'NEIL+X"),
      /segment 7 at byte 11\d: "NEIL" is not the name/,
    ],
    ['no type', "UNH+2'BGM+23'UNT+3+2'", /does not say what message it is/],
    ['too many elements', unh('2', `FTX${'+'.repeat(300)}`), /301 elements/],
  ];
  for (const [what, bad, why] of cases) {
    const parsed = parseEdifact(bytes(`${UNB}${good}${bad}${unh('3', 'BGM+23+C+9')}UNZ+3+42'`));
    t.same(
      messages(parsed).map((m) => m.message.ref),
      ['1', '3'],
      what,
    );
    t.match(unread(parsed), [why], what);
    t.same(oddities(parsed), [], 'it is still counted');
  }
  const cut = parseEdifact(bytes(`${UNB}${good}UNH+2+IFTSTA:D:00B:UN'BGM+23+B`));
  t.same(messages(cut).length, 1);
  t.match(unread(cut), [/segment 6 .*cut off/]);
  t.same(oddities(cut), ['UNZ is missing']);
  const stray = parseEdifact(bytes(`${UNB}${good}RFF+BN:B1'RFF+BN:B2'${unh('2')}UNZ+2+42'`));
  t.same([messages(stray).length, unread(stray).length], [2, 1], 'what stands between messages is told once');
});

t.test('edifact: wrong counts and references are told, and stop nothing', async (t) => {
  const wrong = parseEdifact(bytes(`${UNB}UNH+1+IFTSTA:D:00B:UN'UNT+9+2'UNZ+5+43'`));
  t.equal(messages(wrong).length, 1);
  t.match(oddities(wrong), [
    /counts 9 segments, there are 2/,
    /not its header's \(1\)/,
    /counts 5 messages/,
    /\(42\)/,
  ]);
  const twice = parseEdifact(bytes(`${UNB}${unh('1', 'BGM+1')}${unh('1', 'BGM+2')}UNZ+2+42'`));
  t.same(
    messages(twice).map((m) => m.message.id),
    ['ME/42/2026-03-01T10:00/1', 'ME/42/2026-03-01T10:00/1#2'],
  );
  t.match(oddities(twice), [/two messages have this reference/]);
});

t.test('edifact: groups, several interchanges, none at all', async (t) => {
  const grouped = `${UNB}UNG+IFTSTA+ME+YOU+260301:1000+G1+UN+D:00B'${unh('1')}UNE+1+G1'UNG+IFTSTA+ME+YOU+260301:1000+G2+UN+D:00B'${unh('1')}UNE+1+G2'UNZ+2+42'`;
  const both = parseEdifact(bytes(`${grouped}\r\n${grouped.replaceAll('+42', '+43')}\u001a`));
  t.same(
    messages(both).map((m) => m.message.id),
    ['42', '43'].flatMap((i) => ['G1', 'G2'].map((g) => `ME/${i}/2026-03-01T10:00/${g}/1`)),
  );
  t.same([unread(both), oddities(both)], [[], []]);
  const [bare] = messages(parseEdifact(bytes(unh('1'))));
  const [other] = messages(parseEdifact(bytes(unh('1', 'BGM+1'))));
  t.not(bare?.message.id, other?.message.id, 'without an envelope the content names it');
  t.match(unread(parseEdifact(bytes('hello'))), [/does not begin with UNB/]);
  t.match(parseEdifact(bytes(`${UNB}UNZ+0+42'`)), { value: [], unread: undefined }, 'empty, and not broken');
  t.match(unread(parseEdifact(Uint8Array.of(0xff, 0xfe, 0x55, 0))), [/UTF-16/]);
});

t.test('edifact: dates by their format code', async (t) => {
  const said = (value: string): unknown => {
    const [message] = messages(parseEdifact(bytes(`${UNB}${unh('1', `DTM+178:${value}`)}UNZ+1+42'`)));
    return (message!.DTM as readonly { '#text'?: unknown }[])[0]?.['#text'];
  };
  t.same(
    [
      '20260301:102',
      '202603011005:203',
      '20260301100507:204',
      '260301:101',
      '2603011005:201',
      '202603011005?+01:303',
      '202603011005UTC:303',
      '202603011005CST:303',
      '202609:610',
      'soon:203',
    ].map(said),
    [
      '2026-03-01',
      '2026-03-01T10:05:00',
      '2026-03-01T10:05:07',
      '2026-03-01',
      '2026-03-01T10:05:00',
      '2026-03-01T10:05:00+01',
      '2026-03-01T10:05:00Z',
      '202603011005CST',
      '202609',
      'soon',
    ],
  );
});

const isa = (separators = '*>~', version = '00401', repetition = 'U'): string =>
  `ISA*00*          *00*          *ZZ*ME             *ZZ*YOU            *260301*1000*${repetition}*${version}*000000042*0*P*>~`.replaceAll(
    /[*>~]/g,
    (c) => separators['*>~'.indexOf(c)]!,
  );
const set = (ref: string, ...segments: string[]): string =>
  [`ST*315*${ref}`, ...segments, `SE*${segments.length + 2}*${ref}`].map((s) => `${s}~`).join('');
const group = (...sets: string[]): string =>
  `GS*QO*ME*YOU*20260301*1000*7*X*004010~${sets.join('')}GE*${sets.length}*7~`;

t.test('x12: any separators and terminators', async (t) => {
  const plain = group(set('0001', 'B4***VA*20260301', 'N9*BM*B1'));
  for (const separators of ['*>~', '|^!', '\u001d\u001f\u001c', '+:\n', '*\\\r']) {
    const body = plain.replaceAll(/[*~]/g, (c) => separators['*>~'.indexOf(c)]!);
    const iea = `IEA${separators[0]}1${separators[0]}000000042${separators[2]}`;
    const parsed = parseX12(bytes(`${isa(separators)}\r\n${body}\r\n${iea}\r\n`));
    t.match(
      messages(parsed)[0],
      {
        B4: [{ '03': 'VA' }],
        message: { id: 'ME/000000042/2026-03-01T10:00/7/0001', release: '004010', type: '315' },
      },
      JSON.stringify(separators),
    );
    t.same([unread(parsed), oddities(parsed)], [[], []]);
  }
  const short = `ISA*00**00**ZZ*ME*ZZ*YOU*260301*1000*U*00401*000000042*0*T*>~${plain}IEA*1*000000042~`;
  t.match(
    messages(parseX12(bytes(short)))[0],
    { interchange: { sender: 'ME', test: '1' } },
    'an ISA that is not padded',
  );
  const repeats = `${isa('*>~', '00501', '^')}${group(set('0001', 'N9*BM*A^B'))}IEA*1*000000042~`;
  t.match(messages(parseX12(bytes(repeats)))[0], { N9: [{ '02': ['A', 'B'] }] });
  t.match(messages(parseX12(bytes(repeats.replace('00501', '00401'))))[0], { N9: [{ '02': 'A^B' }] });
  t.match(unread(parseX12(bytes('GS*QO*A*B~'))), [/does not begin with ISA/]);
  t.match(unread(parseX12(bytes('ISA*00*1~'))), [/fewer than 16/]);
  t.match(unread(parseX12(bytes(isa('*A~')))), [/cannot be/]);
});

t.test('x12: an acknowledgement of an interchange is no message', async (t) => {
  const parsed = parseX12(bytes(`${isa()}TA1*000000007*260301*1000*A*000~IEA*0*000000042~`));
  t.same([messages(parsed), unread(parsed), oddities(parsed)], [[], [], []]);
});

t.test('x12: a bad set costs itself, wrong counts are told', async (t) => {
  const parsed = parseX12(
    bytes(
      `${isa()}GS*QO*ME*YOU*20260301*1000*7*X*004010~${set('0001')}ST*315*0002~n9*x~SE*3*0002~ST*315*0003~B4*1~${set('0004')}GE*4*8~\n${isa()}${group(set('0005'))}IEA*2*000000042~`,
    ),
  );
  t.same(
    messages(parsed).map((m) => m.message.ref),
    ['0001', '0004', '0005'],
  );
  t.match(unread(parsed), [/message 0002 \(315\) from segment 5 .*"n9" is not the name/, /message 0003/]);
  t.match(oddities(parsed), [/not its header's \(7\)/, /counts 2 messages or groups, there are 1/]);
});

t.test('loops', async (t) => {
  const loop = parseLoop('CNI{ RFF, STS{ DTM, TDT{LOC{DTM}} } }');
  if ('wrong' in loop) throw new Error(loop.wrong);
  const segments = [
    'RFF+A:0',
    'CNI+1',
    'RFF+A:1',
    'STS+1',
    'DTM+9:1',
    'TDT+2',
    'LOC+9',
    'DTM+9:2',
    'STS+2',
    'CNI+2',
    'STS+3',
    'QTY+1',
  ];
  const data = bytes(`${UNB}${unh('1', ...segments)}UNZ+1+42'`);
  const [message] = messages(parseEdifact(data, { loops: [loop], split: [] }));
  t.match(message, {
    RFF: [{ '#text': '0' }],
    CNI: [
      {
        '01': '1',
        RFF: [{ '#text': '1' }],
        STS: [{ DTM: [{ '#text': '1' }], TDT: [{ LOC: [{ DTM: [{ '#text': '2' }] }] }] }, { '01': '2' }],
      },
      { '01': '2', STS: [{ '01': '3' }] },
    ],
    QTY: [{ '01': '1' }],
  });
  const parts = messages(parseEdifact(data, { loops: [loop], split: ['CNI', 'STS'] }));
  t.same(
    parts.map((m) => m.message.part),
    ['1.1', '1.2', '2.1'],
  );
  t.match(parts[1], { RFF: [{ '#text': '0' }], CNI: [{ '01': '1', STS: [{ '01': '2' }] }] });
  t.same(
    messages(parseEdifact(data, { loops: [loop], split: ['ZZZ'] })).length,
    1,
    'a message without the loop is one part',
  );
  for (const wrong of ['R4', 'R4{', 'R4{DTM', 'r4{DTM}', 'R4{DTM}x', ''])
    t.match(parseLoop(wrong), { wrong: String }, wrong);
});
