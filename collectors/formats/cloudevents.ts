import {
  DEFAULT_LIMITS,
  decodeText,
  type Fault,
  fault,
  type Limits,
  type Parsed,
  type Value,
} from './format.ts';
import { parseJson } from './json.ts';

/** Content type of a CloudEvent whose attributes and data are one JSON object (CloudEvents 1.0, JSON format, section 3). */
export const STRUCTURED = 'application/cloudevents+json';

/**
 * CloudEvents 1.0 in structured or batch mode: the attributes as they are, `data` as parsed JSON. `data_base64` is
 * decoded (and parsed when it is JSON). An object without `specversion`, `id`, `source` or `type` is a fault.
 */
export function parseCloudEvents(data: Uint8Array, limits: Limits = DEFAULT_LIMITS): Parsed {
  const parsed = parseJson(data, limits);
  if ('fault' in parsed) return parsed;
  if (!Array.isArray(parsed.value)) return envelope(parsed.value, limits);
  const events: Value[] = [];
  for (const item of parsed.value) {
    const event = envelope(item, limits);
    if ('fault' in event) return event;
    events.push(event.value);
  }
  return { value: events };
}

function envelope(value: Value, limits: Limits): Parsed {
  if (!isRecord(value)) return fault('wrong-shape', 'a CloudEvent is a JSON object');
  for (const name of ['specversion', 'id', 'source', 'type']) {
    const attribute = value[name];
    if (typeof attribute !== 'string' || attribute === '') {
      return fault('wrong-shape', `not a CloudEvent: "${name}" is missing`);
    }
  }
  if (typeof value.data_base64 !== 'string') return { value };
  const { data_base64: encoded, ...attributes } = value;
  const bytes = Buffer.from(String(encoded), 'base64');
  const inner = parseJson(bytes, limits);
  const data = 'value' in inner ? inner.value : decodeText(bytes);
  return data === undefined
    ? fault('not-parseable', 'data_base64 is neither JSON nor text')
    : { value: { ...attributes, data } };
}

/** What a structured CloudEvent carries, to be read like a message without an envelope. */
export interface Envelope {
  /** `data` as JSON, or the bytes of a body that was not JSON. */
  readonly content: { readonly value: Value } | { readonly bytes: Uint8Array };
  /** The `correlationid` extension. */
  readonly correlationId?: string;
}

/** Opens a structured CloudEvent (not a batch) without reading what is inside. */
export function openEnvelope(
  data: Uint8Array,
  limits: Limits = DEFAULT_LIMITS,
): Envelope | { readonly fault: Fault } {
  const parsed = parseJson(data, limits);
  if ('fault' in parsed) return parsed;
  const { value } = parsed;
  if (!isRecord(value)) return fault('wrong-shape', 'a CloudEvent is a JSON object');
  const { data_base64: encoded, data: inner, correlationid } = value;
  const content =
    typeof encoded === 'string'
      ? { bytes: Buffer.from(encoded, 'base64') }
      : typeof inner === 'string'
        ? { bytes: new TextEncoder().encode(inner) }
        : { value: inner ?? null };
  return typeof correlationid === 'string' ? { content, correlationId: correlationid } : { content };
}

const isRecord = (value: Value): value is { readonly [name: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Turns binary mode (attributes in `ce-` headers, data as the body) into structured mode, so that one map reads both.
 * For transports: NATS protocol binding 1.0.2, HTTP protocol binding 1.0.2. Header values are percent-decoded. Undefined when the headers
 * are not those of a CloudEvent (`ce-specversion` and `ce-id` missing). The body is kept byte for byte: as `data` when it is
 * JSON in UTF-8, else as `data_base64`.
 */
export function structuredFromBinary(
  headers: Iterable<readonly [name: string, value: string]>,
  body: Uint8Array,
  contentType = 'application/json',
): Uint8Array | undefined {
  const attributes: Record<string, string> = {};
  for (const [name, value] of headers) {
    const attribute = /^ce-([a-z0-9]+)$/.exec(name.toLowerCase())?.[1];
    if (attribute !== undefined && attribute !== 'data') attributes[attribute] = percentDecoded(value);
  }
  if (attributes.specversion === undefined || attributes.id === undefined) return undefined;
  const head = JSON.stringify({ ...attributes, datacontenttype: contentType }).slice(0, -1);
  const text = /\bjson\b/i.test(contentType) && 'value' in parseJson(body) ? decodeText(body) : undefined;
  // The body's own text is spliced in, not parsed and written again: its numbers keep all their digits.
  const tail = text ?? JSON.stringify(Buffer.from(body).toString('base64'));
  return new TextEncoder().encode(`${head},"${text === undefined ? 'data_base64' : 'data'}":${tail}}`);
}

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
