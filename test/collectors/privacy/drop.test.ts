import t from 'tap';
import { compileMap } from '../../../collectors/maps/compile.ts';
import { dropFromCsv } from '../../../collectors/privacy/drop-csv.ts';
import { dropFromJson } from '../../../collectors/privacy/drop-json.ts';
import { below, type DropPaths, parseDropPath } from '../../../collectors/privacy/drop-path.ts';
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

t.test('a map says so with its place when it cannot be', async (t) => {
  const { problems } = compileMap(EPCIS_MAP.replace('epcis', 'x12'), 'x12.yaml');
  t.match(
    problems.map(({ code }) => code),
    ['no-privacy'],
  );
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
