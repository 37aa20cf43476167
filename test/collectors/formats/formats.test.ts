import fc from 'fast-check';
import t from 'tap';
import { parseCloudEvents, structuredFromBinary } from '../../../collectors/formats/cloudevents.ts';
import { parseCsv } from '../../../collectors/formats/csv.ts';
import type { Parsed } from '../../../collectors/formats/format.ts';
import { parseJson } from '../../../collectors/formats/json.ts';
import { parseXml } from '../../../collectors/formats/xml.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const contentOf = (parsed: Parsed): unknown => ('value' in parsed ? parsed.value : parsed);
const codeOf = (parsed: Parsed): string => ('fault' in parsed ? parsed.fault.code : 'read');

t.test('json', async (t) => {
  t.same(
    contentOf(parseJson(bytes('\uFEFF{"a":1.50,"b":"x"}'))),
    { a: 1.5, b: 'x' },
    'a byte order mark is dropped',
  );
  t.same(
    contentOf(
      parseJson(bytes('{"id":12345678901234567890,"n":9007199254740993,"ok":1234567890123456,"m":0.1}')),
    ),
    { id: '12345678901234567890', n: '9007199254740993', ok: 1234567890123456, m: 0.1 },
    'a number that a double would change stays text',
  );
  t.same(
    contentOf(parseJson(bytes('{"amount":1234567890123.4567,"in text":"12345678901234567890"}'))),
    { amount: '1234567890123.4567', 'in text': '12345678901234567890' },
    'decimals too',
  );
  t.equal(codeOf(parseJson(Uint8Array.of(0x22, 0xff, 0x22))), 'not-parseable', 'bad UTF-8');
  t.equal(codeOf(parseJson(bytes('{"a":'))), 'not-parseable');
  t.equal(codeOf(parseJson(bytes(''))), 'not-parseable');
  t.equal(codeOf(parseJson(bytes('['.repeat(65) + ']'.repeat(65)))), 'too-deep');
  t.equal(codeOf(parseJson(bytes('['.repeat(64) + ']'.repeat(64)))), 'read', 'at the limit');
  t.equal(
    codeOf(parseJson(bytes(`"${'['.repeat(100)}\\"["`))),
    'read',
    'brackets inside a text do not count',
  );
  t.equal(codeOf(parseJson(bytes('[1,2,3]'), { maxBytes: 6, maxDepth: 9 })), 'too-large');
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      const value = JSON.parse(text);
      const same = JSON.stringify(contentOf(parseJson(bytes(text)))) === JSON.stringify(value);
      return same || /\d{16}|\d\.\d{10}/.test(text);
    }),
  );
});

t.test('xml', async (t) => {
  const note = `<?xml version="1.0"?><!-- a <comment> --><ns:Note xmlns:ns="urn:x"><ns:ID code="304">0012</ns:ID>
    <Empty/><Name>A &amp; B &#x3c;&#67;&#62; &amp;lt;</Name><Item>1</Item><Item>2</Item><![CDATA[]]></ns:Note>`;
  const value = contentOf(parseXml(bytes(note))) as { Note: Record<string, unknown> };
  t.match(value, {
    Note: { ID: { '#text': '0012', '@code': '304' }, Name: 'A & B <C> &lt;', Empty: '', Item: ['1', '2'] },
  });
  t.equal(codeOf(parseXml(bytes('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'))), 'unsafe-xml');
  t.equal(codeOf(parseXml(bytes('<!doctype a><a/>'))), 'unsafe-xml');
  t.equal(
    codeOf(parseXml(bytes('<a><!-- <!DOCTYPE a> --></a>'))),
    'read',
    'in a comment it is only a comment',
  );
  t.equal(codeOf(parseXml(bytes('<a><b></a>'))), 'not-parseable');
  t.equal(codeOf(parseXml(bytes('<a'))), 'not-parseable');
  t.equal(codeOf(parseXml(bytes('hello'))), 'not-parseable');
  t.equal(codeOf(parseXml(bytes('<a>'.repeat(65) + '</a>'.repeat(65)))), 'too-deep');
  t.equal(codeOf(parseXml(bytes('<a/>'.repeat(3)))), 'not-parseable', 'one root');
  const latin = Uint8Array.of(
    ...bytes('<?xml version="1.0" encoding="ISO-8859-1"?><a>K'),
    0xf8,
    ...bytes('b</a>'),
  );
  t.same(contentOf(parseXml(latin)), { a: 'Køb' });
  t.equal(codeOf(parseXml(bytes('<?xml version="1.0" encoding="EBCDIC"?><a/>'))), 'not-parseable');
});

t.test('csv', async (t) => {
  t.same(contentOf(parseCsv(bytes('\uFEFFid;name\r\n001; "a;b" \r\n\r\n2;\r\n'))), [
    { id: '001', name: 'a;b' },
    { id: '2', name: '' },
  ]);
  t.equal(codeOf(parseCsv(bytes('a,b\n1,2,3\n'))), 'not-parseable', 'a row that does not fit the header');
  t.equal(codeOf(parseCsv(bytes('a,a\n1,2\n'))), 'not-parseable', 'a column named twice');
  t.same(contentOf(parseCsv(bytes('a,b\n'))), [], 'a header alone has no records');
});

t.test('cloudevents', async (t) => {
  const event = { specversion: '1.0', id: '1', source: '/x', type: 'arrived', data: { n: 1 } };
  t.same(contentOf(parseCloudEvents(bytes(JSON.stringify(event)))), event);
  t.same(contentOf(parseCloudEvents(bytes(JSON.stringify([event, event])))), [event, event]);
  t.equal(codeOf(parseCloudEvents(bytes('{"id":"1"}'))), 'wrong-shape');
  const headers: [string, string][] = [
    ['Ce-SpecVersion', '1.0'],
    ['ce-id', '1'],
    ['ce-source', '/x%20y'],
    ['ce-type', 'arrived'],
    ['Nats-Msg-Id', 'no'],
  ];
  const structured = structuredFromBinary(headers, bytes('{"id":12345678901234567890}'));
  t.same(contentOf(parseCloudEvents(structured!)), {
    specversion: '1.0',
    id: '1',
    source: '/x y',
    type: 'arrived',
    datacontenttype: 'application/json',
    data: { id: '12345678901234567890' },
  });
  const text = structuredFromBinary(headers, bytes('plain'), 'text/plain');
  t.match(contentOf(parseCloudEvents(text!)), { data: 'plain' });
  t.equal(structuredFromBinary([['ce-id', '1']], bytes('{}')), undefined, 'no CloudEvent');
});
