import t from 'tap';
import { detectFormat } from '../../../collectors/formats/detect.ts';
import { parseEpcis } from '../../../collectors/formats/epcis.ts';

const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const EVENT = {
  type: 'ObjectEvent',
  eventID: 'e1',
  eventTime: '2026-03-01T10:00:00Z',
  eventTimeZoneOffset: '+01:00',
  action: 'OBSERVE',
};
type Event = Readonly<Record<string, unknown>>;
const events = (value: unknown): readonly Event[] => {
  const parsed = parseEpcis(bytes(value));
  return 'value' in parsed ? (parsed.value as unknown as readonly Event[]) : [];
};

t.test('an event alone, a list, a document, a query answer', async (t) => {
  const body = { epcisBody: { eventList: [EVENT] } };
  const answer = { epcisBody: { queryResults: { resultsBody: { eventList: [EVENT] } } } };
  for (const value of [EVENT, [EVENT], body, answer]) t.equal(events(value)[0]?.eventID, 'e1');
  t.match(parseEpcis(bytes({ epcisBody: {} })), { fault: { code: 'wrong-shape' } });
  t.match(parseEpcis(bytes('{')), { fault: { code: 'not-parseable' } });
});

t.test('each event must say what it is, when, and in which offset; others stand', async (t) => {
  const { eventTimeZoneOffset: _offset, ...noOffset } = EVENT;
  const bad = [
    noOffset,
    { ...EVENT, eventTimeZoneOffset: 'CET' },
    { ...EVENT, type: 'Sighting' },
    { ...EVENT, eventTime: 7 },
    'x',
  ];
  const parsed = parseEpcis(bytes([...bad, EVENT]));
  t.match(parsed, { value: [{ eventID: 'e1' }] });
  t.same('value' in parsed && parsed.unread?.map(({ path, sourceId }) => [path, sourceId]), [
    ['/eventList/0', 'e1'],
    ['/eventList/1', 'e1'],
    ['/eventList/2', 'e1'],
    ['/eventList/3', 'e1'],
    ['/eventList/4', undefined],
  ]);
});

t.test('what it is about, in the words of the trade', async (t) => {
  const epcs = [
    'urn:epc:id:sscc:0614141.1123456789',
    'https://id.gs1.org/00/106141411234567897?x=1',
    'urn:epc:id:bic:CSQU3054383',
    'urn:epc:id:sscc:0614141.1',
    7,
  ];
  const [event] = events({
    ...EVENT,
    parentID: 'urn:epc:id:sscc:0614141.0000000001',
    epcList: epcs,
    bizStep: 'cbv:BizStep-loading',
    disposition: 'https://ref.gs1.org/cbv/Disp-in_transit',
  });
  t.match(event, {
    bizStep: 'loading',
    disposition: 'in_transit',
    ssccs: ['006141410000000012', '106141411234567897', '106141411234567897'],
    containers: ['CSQU3054383'],
  });
});

t.test(
  'an event without id is named by its content, and so is the declaration that it was wrong',
  async (t) => {
    const { eventID: _id, ...plain } = EVENT;
    const [a, wrong, other] = events([
      plain,
      {
        ...plain,
        recordTime: '2026-03-02T10:00:00Z',
        errorDeclaration: { declarationTime: '2026-03-02T10:00:00Z' },
      },
      { ...plain, action: 'ADD' },
    ]);
    t.equal(a?.eventID, wrong?.eventID);
    t.not(a?.eventID, other?.eventID);
  },
);

t.test('formats are told by type, else by how they begin', async (t) => {
  const cases: readonly [type: string, text: string, format: string | undefined][] = [
    ['application/EDIFACT', 'x', 'edifact'],
    ['application/edi-x12; charset=utf-8', 'x', 'x12'],
    ['application/ld+json', 'x', 'json'],
    ['application/cloudevents+json', 'x', 'json'],
    ['text/xml', 'x', 'xml'],
    ['application/x-ndjson', 'x', 'json-lines'],
    ['text/csv; header=present', 'x', 'csv'],
    ['application/octet-stream', "\uFEFF\r\nUNA:+.? 'UNB", 'edifact'],
    ['application/octet-stream', 'UNB+UNOA:1', 'edifact'],
    ['application/octet-stream', 'UNH+1+IFTSTA', 'edifact'],
    ['application/octet-stream', 'ISA|00|', 'x12'],
    ['application/octet-stream', 'ISAAC', undefined],
    ['', ' <?xml?>', 'xml'],
    ['', '{"a":1}', 'json'],
    ['', '{"a":1}\n{"a":2}', 'json-lines'],
    ['', '[1]', 'json'],
    ['', 'a,b\n1,2', undefined],
  ];
  for (const [type, text, format] of cases)
    t.equal(detectFormat(type, bytes(text)), format, `${type} ${text}`);
});
