import { gs1CheckDigit } from '../../rules/check-digits.ts';
import { hashId } from '../../rules/hash.ts';
import { DEFAULT_LIMITS, fault, type Limits, type Parsed, type UnreadPart, type Value } from './format.ts';
import { parseJson } from './json.ts';

type Fields = { readonly [name: string]: Value };

const EVENT_TYPES: readonly string[] = [
  'ObjectEvent',
  'AggregationEvent',
  'TransactionEvent',
  'TransformationEvent',
  'AssociationEvent',
];

/**
 * EPCIS 2.0 in JSON or JSON-LD (GS1): an EPCISDocument, an EPCISQueryDocument, or one event alone, as a list of events. Each event must
 * carry its type, `eventTime`, and `eventTimeZoneOffset` (both mandatory in the standard); one that does not is an unread part. Web
 * vocabulary addresses (`https://ref.gs1.org/cbv/BizStep-shipping`, `urn:epcglobal:cbv:bizstep:shipping`, `cbv:BizStep-shipping`) of steps
 * and dispositions become the bare word. Added are `epcs` (all that an event is about, parent included), and of these `ssccs` and
 * `containers`; an event without an id gets one from its content, less what an error declaration of it would add.
 */
export function parseEpcis(data: Uint8Array, limits: Limits = DEFAULT_LIMITS): Parsed {
  const parsed = parseJson(data, limits);
  if ('fault' in parsed) return parsed;
  const events = eventsOf(parsed.value);
  if (events === undefined) return fault('wrong-shape', 'not EPCIS: there is no epcisBody.eventList');
  const values: Value[] = [];
  const unread: UnreadPart[] = [];
  events.forEach((event, i) => {
    const wrong = wrongWith(event);
    if (wrong === undefined) values.push(withBareWords(event as Fields));
    else {
      const id = isFields(event) && typeof event.eventID === 'string' ? { sourceId: event.eventID } : {};
      unread.push({
        code: 'wrong-shape',
        reason: `event ${i + 1}: ${wrong}`,
        path: `/eventList/${i}`,
        ...id,
      });
    }
  });
  return unread.length === 0 ? { value: values } : { value: values, unread };
}

const isFields = (value: Value | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function eventsOf(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value;
  if (!isFields(value)) return undefined;
  if (typeof value.type === 'string' && EVENT_TYPES.includes(value.type)) return [value];
  const { epcisBody: body } = value;
  if (!isFields(body)) return undefined;
  const results = isFields(body.queryResults) ? body.queryResults.resultsBody : undefined;
  const list = body.eventList ?? (isFields(results) ? results.eventList : undefined) ?? body.event;
  if (list === undefined || list === null) return undefined;
  return Array.isArray(list) ? list : [list];
}

const OFFSET = /^[+-]\d\d:\d\d$/;

function wrongWith(event: Value): string | undefined {
  if (!isFields(event)) return 'it is no object';
  if (typeof event.type !== 'string' || !EVENT_TYPES.includes(event.type)) return 'its type is none of EPCIS';
  if (typeof event.eventTime !== 'string') return 'eventTime is missing';
  if (typeof event.eventTimeZoneOffset !== 'string' || !OFFSET.test(event.eventTimeZoneOffset)) {
    return 'eventTimeZoneOffset is missing or no offset such as +02:00';
  }
  return undefined;
}

const bare = (value: Value | undefined): Value | undefined =>
  typeof value === 'string' ? value.replace(/^.*[:/]/, '').replace(/^(?:BizStep|Disp)-/, '') : value;

function withBareWords(event: Fields): Fields {
  const { bizStep, disposition, epcList, childEPCs, outputEPCList, parentID } = event;
  const epcs = [parentID, epcList, childEPCs, outputEPCList].flatMap((list) =>
    (Array.isArray(list) ? list : [list]).filter((epc) => typeof epc === 'string'),
  );
  const words: Record<string, Value> = {
    epcs,
    ssccs: epcs.map(ssccOf).filter((sscc) => sscc !== undefined),
    containers: epcs.map(containerOf).filter((container) => container !== undefined),
    eventID: typeof event.eventID === 'string' ? event.eventID : idOf(event),
  };
  for (const [name, value] of Object.entries({ bizStep: bare(bizStep), disposition: bare(disposition) })) {
    if (value !== undefined) words[name] = value;
  }
  return { ...event, ...words };
}

/** What is the same in an event and in the declaration that it was wrong. */
function idOf(event: Fields): string {
  const { errorDeclaration: _error, recordTime: _recorded, ...content } = event;
  return hashId('epcis', JSON.stringify(content));
}

/**
 * The SSCC of a pure identity URN (`urn:epc:id:sscc:0614141.1234567890`: company prefix, then extension digit and serial) or of a GS1
 * Digital Link (`https://id.gs1.org/00/106141412345678908`).
 */
function ssccOf(epc: string): string | undefined {
  const link = /\/00\/(\d{18})(?:$|[/?#])/.exec(epc)?.[1];
  if (link !== undefined) return link;
  const [, prefix = '', extension, serial = ''] = /^urn:epc:id:sscc:(\d{6,12})\.(\d)(\d+)$/.exec(epc) ?? [];
  if (extension === undefined || prefix.length + serial.length !== 16) return undefined;
  const digits = extension + prefix + serial;
  return digits + (gs1CheckDigit(digits) ?? '');
}

const containerOf = (epc: string): string | undefined =>
  /^urn:epc:id:bic:([A-Z]{3}[UJZ]\d{6,7})$/.exec(epc)?.[1];
