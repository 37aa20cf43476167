import { readFileSync } from 'node:fs';
import t from 'tap';
import { compileMap } from '../../../collectors/maps/compile.ts';
import { dropFromCsv } from '../../../collectors/privacy/drop-csv.ts';
import { dropFromJson } from '../../../collectors/privacy/drop-json.ts';
import { below, type DropPaths, parseDropPath } from '../../../collectors/privacy/drop-path.ts';
import { parseSegmentDrop } from '../../../collectors/privacy/drop-segments.ts';
import { dropFromXml } from '../../../collectors/privacy/drop-xml.ts';
import { cleanBinary, cleanMessage, type PrivateFields } from '../../../collectors/privacy/privacy.ts';

const paths = (...texts: string[]): DropPaths => texts.flatMap((text) => parseDropPath(text, []) ?? []);
const json = (text: string, ...drop: string[]) => dropFromJson(text, paths(...drop));
const xml = (text: string, ...drop: string[]) => dropFromXml(text, paths(...drop));

t.test('paths are those of maps: from each record, from the whole message, anywhere', async (t) => {
  t.same(parseDropPath('a.b', []), [['a', 'b']]);
  t.same(parseDropPath('a[].b[type=X]', ['list[0].of', '.']), [
    ['list', 'of', 'a', 'b'],
    ['a', 'b'],
  ]);
  t.same(parseDropPath('$.a', ['list']), [['a']]);
  t.same(parseDropPath('"odd.name".@x', []), [['odd.name', '@x']]);
  for (const wrong of ['', '.', '$', 'a..b', 'a b', 'a.'])
    t.equal(parseDropPath(wrong, []), undefined, wrong);
  t.equal(below(paths('**.name'), 'name'), 'drop');
  t.same(below(paths('**.name'), 'x'), [['**', 'name']]);
  t.same(below(paths('a.*.c'), 'b'), []);
});

t.test('JSON: the value becomes null, every other byte stays', async (t) => {
  t.equal(
    json('{ "a" : {"n":"Jo \\" e","k":12345678901234567890}, "b":[1] }', 'a.n'),
    '{ "a" : {"n":null,"k":12345678901234567890}, "b":[1] }',
  );
  t.equal(json('[{"a":[{"n":{"x":[1,"]"]}},{"n":2}]}]', 'a.n'), '[{"a":[{"n":null},{"n":null}]}]');
  t.equal(
    json('{"n":1,"n":2,"\\u006e":3}', 'n'),
    '{"n":null,"n":null,"\\u006e":null}',
    'twice, and written otherwise',
  );
  t.equal(json('{"a":{"b":{"tax":"x"}},"tax":true}', '**.tax'), '{"a":{"b":{"tax":null}},"tax":null}');
  t.equal(json('{"a":{"x":1},"b":{"x":2}}', '*.x'), '{"a":{"x":null},"b":{"x":null}}');
  const untouched = '{"a":-1.50e3 ,"b":{},"c":[]}';
  t.equal(json(untouched, 'z.y'), untouched);
});

t.test('XML: the element is left empty, whatever is in it; comments and instructions go', async (t) => {
  t.equal(
    xml(
      '<?xml version="1.0"?><m:A xmlns:m="u"><!-- Jo --><m:P id="1"><m:N x="Jo">Jo<i>Jo</i><!-- Jo --></m:N><R>r</R></m:P></m:A>',
      'A.P.N',
    ),
    '<m:A xmlns:m="u"><m:P id="1"><m:N/><R>r</R></m:P></m:A>',
  );
  t.equal(
    xml('<A><N/><N a="Jo"/><N><N>Jo</N></N><M n=\'a>b\'>x</M></A>', 'A.N'),
    "<A><N/><N/><N/><M n='a>b'>x</M></A>",
  );
  t.equal(xml('<A><L w:tax="Jo" q="1">5</L></A>', '**.@tax'), '<A><L w:tax="" q="1">5</L></A>');
  t.equal(xml('<A><![CDATA[<N>]]><N><![CDATA[</N>Jo]]></N></A>', 'A.N'), '<A><![CDATA[<N>]]><N/></A>');
});

t.test('CSV: the column is empty', async (t) => {
  t.equal(
    dropFromCsv(
      [
        ['id', 'name'],
        ['1', 'Jo "J" Doe'],
      ],
      ';',
      paths('name'),
    ),
    '"id";"name"\n"1";""',
  );
});

const fields = (format: PrivateFields['format'], ...drop: string[]): PrivateFields => ({
  format,
  paths: paths(...drop),
  headers: new Set(),
});
const clean = (own: PrivateFields, text: string, contentType = '') => {
  const cleaned = cleanMessage(own, Buffer.from(text), contentType);
  return 'data' in cleaned ? Buffer.from(cleaned.data).toString() : cleaned;
};
const EPCIS_MAP = `map: m
format: epcis
privacy: { drop: [who] }
id: eventID
refs: { delivery: d }
events: [{ name: e, milestone: loaded, time: eventTime }]
`;
const edi = (format: 'edifact' | 'x12', ...drop: string[]): PrivateFields => ({
  ...fields(format),
  segments: drop.map((text) => parseSegmentDrop(text)!),
});
const STRUCTURED = 'application/cloudevents+json';
const base64 = (text: string) => Buffer.from(text).toString('base64');

t.test('an envelope is opened, and closed again', async (t) => {
  const own = fields('json', 'n');
  t.equal(
    clean(own, '{"id":"1","n":"kept","data":{"n":"Jo"}}', STRUCTURED),
    '{"id":"1","n":"kept","data":{"n":null}}',
  );
  t.equal(
    clean(own, `{"data_base64":"${base64('{"n":"Jo"}')}"}`, STRUCTURED),
    `{"data_base64":"${base64('{"n":null}')}"}`,
  );
  t.equal(clean(fields('xml', 'A.N'), '{"data":"<A><N>Jo</N></A>"}', STRUCTURED), '{"data":"<A><N/></A>"}');
  const events = fields('cloudevents', 'data.n', 'subject');
  const event = '{"specversion":"1.0","id":"1","source":"/","type":"t","subject":"Jo",';
  const kept = event.replace('"Jo"', 'null');
  t.equal(clean(events, `[${event}"data":{"n":"Jo","m":1}}]`), `[${kept}"data":{"n":null,"m":1}}]`);
  t.equal(
    clean(events, `${event}"data_base64":"${base64('{"n":"Jo"}')}"}`),
    `${kept}"data_base64":"${base64('{"n":null}')}"}`,
  );
  t.equal(clean(events, `${event}"data":"Jo"}`), `${kept}"data":null}`);
  const binary = cleanBinary(events, Buffer.from('{"n":"Jo"}'));
  t.equal('data' in binary && Buffer.from(binary.data).toString(), '{"n":null}');
});

t.test('lines are cleaned one by one, and events of EPCIS wherever they are', async (t) => {
  t.equal(
    clean(fields('ndjson', 'n'), '{"n":"Jo"}\n\n{"n":"Jo\n{"m":1}\n'),
    '{"n":null}\n\n"withheld"\n{"m":1}\n',
  );
  const { map } = compileMap(EPCIS_MAP, 'epcis.yaml');
  const event = '{"type":"ObjectEvent","who":"Jo"}';
  for (const text of [event, `{"epcisBody":{"eventList":[${event}]}}`, `[${event}]`])
    t.equal(clean(map!.privacy!, text), text.replace('"Jo"', 'null'));
});

const compileBuiltin = (name: string, privacy: string) =>
  compileMap(`map: mine\nextends: builtin:${name}\nprivacy: ${privacy}\n`, 'mine.yaml');
const UNB = "UNB+UNOC:3+ACME+ME+260301:1000+1'";
const message = (segments: string) => `${UNB}\r\nUNH+1+IFTSTA:D:96A:UN'${segments}UNT+9+1'\r\nUNZ+1+1'\r\n`;

t.test('segments are named as in maps; loops before them are not looked at', async (t) => {
  t.match(parseSegmentDrop('CNI.STS[1].NAD+CN|DP.04.2'), {
    tag: 'NAD',
    looksAt: [{ element: 1, component: 1 }],
    element: 4,
    component: 2,
  });
  t.match(parseSegmentDrop('$.N1*ST.2'), { tag: 'N1', element: 2, component: undefined });
  for (const wrong of ['', 'who', '.', '04', 'NAD.00', 'NAD.', 'nad+CN', 'NAD.04.2.1', '**.NAD', 'x.NAD'])
    t.equal(parseSegmentDrop(wrong), undefined, wrong);
});

t.test('EDIFACT: elements are empty, every separator and every other byte stays', async (t) => {
  const text = message(
    "NAD+CN+GB1:160+Jo?'s:x+Jo Doe'\r\nNAD+CA+LINE:172'COM+jo?@x.org:EM'RFF+ABO:Jo'RFF+BN:B1'",
  );
  t.equal(
    clean(edi('edifact', 'NAD+CN', 'CTA.COM', 'RFF+ABO|AAA'), text),
    message("NAD+CN+:+:+'\r\nNAD+CA+LINE:172'COM+:'RFF+ABO:'RFF+BN:B1'"),
  );
  t.equal(
    clean(edi('edifact', 'NAD.03', 'NAD+CN+GB1:160.04', 'COM.01.1'), text),
    message("NAD+CN+GB1:160++'\r\nNAD+CA+LINE:172'COM+:EM'RFF+ABO:Jo'RFF+BN:B1'"),
  );
  t.equal(clean(edi('edifact', 'FTX', 'NAD+DP'), text), text);
  t.equal(clean(edi('edifact'), text), text);
});

t.test('EDIFACT: what is broken, wrapped, or in a character set and separators of its own', async (t) => {
  const own = edi('edifact', 'NAD+CN', 'COM');
  t.equal(clean(own, message("NAD+C\r\nN+Jo'")), message("NAD+CN+'"), 'wrapped in the middle of a qualifier');
  t.equal(
    clean(own, message("LOC+9+NLRTM\r\nCOM+Jo'")),
    message("LOC+9+NLRTM\r\nCOM+'"),
    'a terminator was forgotten',
  );
  t.equal(clean(own, message("Kind regards, Jo'")), message("'"), 'what is no segment is emptied');
  t.equal(clean(own, `${message('')}NAD+CN+Jo`), `${message('')}NAD+CN+`, 'cut off');
  const una =
    'UNA:|.\\*~UNB|UNOY:4|A|B|20260301:1000|1~UNH|1|IFTSTA:D:96A:UN~NAD|CN|Jo\\~\\|*Zoë:2*x~UNT|3|1~UNZ|1|1~';
  t.equal(clean(own, una), una.replace('Jo\\~\\|*Zoë:2*x', '*:*'));
  const latin = Buffer.from(message("FTX+AAI+++Zoë'NAD+CN+Zoë'"), 'latin1');
  const cleaned = cleanMessage(own, latin, '');
  const bytes = 'data' in cleaned ? Buffer.from(cleaned.data) : undefined;
  t.equal(bytes?.toString('latin1'), message("FTX+AAI+++Zoë'NAD+CN+'"));
  const untouched = cleanMessage(edi('edifact', 'NAD+DP'), latin, '');
  t.equal('data' in untouched && untouched.data, latin, 'the very bytes');
  t.same(clean(own, 'Dear Jo'), { withheld: 'not-parseable' });
  t.same(clean(own, `${message('')}UNA:::::'NAD+CN+Jo'`), { withheld: 'not-parseable' });
});

t.test('a ready map reads what is left as before', async (t) => {
  const { map, problems } = compileBuiltin(
    'edifact-iftsta',
    '{ drop: [NAD+CA.04, NAD+CA.05, CNI.STS.LOC.02.4] }',
  );
  t.same(problems, []);
  const data = readFileSync(new URL('../../fixtures/samples/edifact/d00b_iftsta.edi', import.meta.url));
  const cleaned = cleanMessage(map!.privacy!, data, '');
  const kept = 'data' in cleaned ? Buffer.from(cleaned.data) : Buffer.alloc(0);
  for (const text of ['STREET 1', 'SYRACUSE', 'TERMINALS ELIZABETH', 'CSX TRANSPORTATION'])
    t.same([data.includes(text), kept.includes(text)], [true, text.startsWith('CSX')], text);
  const read = (bytes: Uint8Array) => {
    const message = { stream: 'S', sequence: 1, subject: 's', observedAt: 1, contentType: '', data: bytes };
    const result = map!.map(message, { name: 'c', tenant: 't', partner: 'p', fallbackZone: 'UTC' });
    return result.kind === 'events'
      ? result.events.map(({ milestone, refs }) => ({ milestone, refs }))
      : result;
  };
  t.same(read(kept), read(data));
});

t.test('X12: with separators of its own', async (t) => {
  const isa =
    'ISA*00*          *00*          *02*ABCD           *ZZ*SHIPPER        *260305*1700*^*00501*000000031*0*P*>~';
  const text = (party: string) =>
    `${isa}GS*QM*A*B*20260305*1700*31*X*005010~ST*214*0001~${party}~SE*3*0001~GE*1*31~IEA*1*000000031~`;
  const own = edi('x12', 'N1*ST|BT.02', 'PER');
  t.equal(
    clean(own, text('N1*ST*Jo Doe*93*X~N1*SF*Us~PER*IC*Jo^Doe>x*TE*1')),
    text('N1*ST**93*X~N1*SF*Us~PER**^>**'),
  );
  t.equal(clean(own, text('N1*BT*Jo').replaceAll('*', '|')), text('N1*BT*').replaceAll('*', '|'));
  const data = clean(own, JSON.stringify({ data: text('N1*ST*Jo') }), STRUCTURED);
  t.equal(data, JSON.stringify({ data: text('N1*ST*') }), 'in an envelope');
});

t.test('fixed width: blanks; a line that does not fit says nothing', async (t) => {
  const own: PrivateFields = {
    ...fields('fixed-width', 'name'),
    columns: [
      { name: 'id', from: 1, to: 3 },
      { name: 'name', from: 4, to: 8 },
      { name: 'end', from: 9, to: 10 },
    ],
  };
  t.equal(clean(own, 'A01Jo   XY\r\n\nA02Zoë\nA03Jo DoeXYZ\n'), 'A01     XY\n\nA02   \nwithheld...\n');
});

t.test('a map says so with its place when it cannot be', async (t) => {
  const { problems } = compileMap(EPCIS_MAP.replace('epcis', 'x12'), 'x12.yaml');
  t.match(problems, [{ code: 'bad-path', line: 3, message: '"who" names no segment' }]);
  const envelope = compileMap(
    EPCIS_MAP.replace('epcis', 'edifact').replace('who', 'UNB.02'),
    'x.yaml',
  ).problems;
  t.match(envelope, [{ code: 'bad-path', message: 'a message cannot be read without its UNB' }]);
  const fixed = EPCIS_MAP.replace('epcis', 'fixed-width\ncolumns: { eventID: 1-4, d: 5-8 }');
  const column = compileMap(fixed, 'x.yaml').problems;
  t.match(column, [
    { code: 'bad-path', message: '"who" is no column', fix: 'name one of columns: eventID, d' },
  ]);
  const odd = compileMap(EPCIS_MAP.replace('[who]', '[a..b]'), 'odd.yaml').problems;
  t.match(odd, [{ code: 'bad-path', line: 3, message: /names no field/ }]);
});

t.test('what cannot be read is withheld, with a word that says nothing of it', async (t) => {
  t.same(clean(fields('json', 'n'), '{"n":"Jo"'), { withheld: 'not-parseable' });
  t.same(clean(fields('json', 'n'), `${'['.repeat(80)}"Jo"${']'.repeat(80)}`), { withheld: 'too-deep' });
  t.same(clean(fields('xml', 'A.N'), '<!DOCTYPE x><A><N>Jo</N></A>'), { withheld: 'unsafe-xml' });
  t.same(clean(fields('csv', 'n'), 'n,m\nJo'), { withheld: 'not-parseable' });
  t.same(clean(fields('cloudevents', 'data.n'), '{"data":{"n":"Jo"}'), { withheld: 'not-parseable' });
  t.same(clean(fields('json', 'n'), `{"data_base64":"${base64('Jo')}"}`, STRUCTURED), {
    withheld: 'not-parseable',
  });
});
