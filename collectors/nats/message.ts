import type { EpochMs } from '../../rules/time.ts';
import type { RawMessage } from '../collector.ts';
import { STRUCTURED, structuredFromBinary } from '../formats/cloudevents.ts';
import type { NatsSourceConfig } from '../settings.ts';

/** Looks like a format that maps read, from the first byte that is not white space. */
function sniff(data: Uint8Array): string {
  for (let at = 0; at < data.length && at < 64; at += 1) {
    const byte = data[at]!;
    if (byte === 0x7b || byte === 0x5b) return 'application/json';
    if (byte === 0x3c) return 'application/xml';
    if (byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf) break;
  }
  return 'application/octet-stream';
}

/**
 * A NATS message as a raw message, the same whether it was subscribed to or read from a stream: a CloudEvent in binary
 * mode (`ce-` headers) becomes one in structured mode, which says the same; `traceparent`, `Content-Type` and the
 * configured correlation header keep their meaning; the publisher's own `Nats-Msg-Id` is its id of the record.
 */
export function fromNats(
  message: {
    readonly subject: string;
    readonly data: Uint8Array;
    readonly headers: Iterable<readonly [name: string, value: string]>;
  },
  settings: Pick<NatsSourceConfig, 'name' | 'correlationHeader'>,
  fetchedAt: EpochMs,
): RawMessage {
  const named = new Map<string, string>();
  for (const [name, value] of message.headers) named.set(name.toLowerCase(), value);
  const correlation = settings.correlationHeader?.toLowerCase();
  const declared = named.get('content-type') ?? named.get('ce-datacontenttype');
  const contentType = declared === undefined ? sniff(message.data) : mediaType(declared);
  const eventId = named.get('ce-id');
  const structured =
    eventId === undefined ? undefined : structuredFromBinary(named, message.data, contentType);
  // CloudEvents 1.0, 3.1: source and id together identify an event.
  const sourceId =
    eventId === undefined ? named.get('nats-msg-id') : `${named.get('ce-source') ?? ''}#${eventId}`;
  const correlationId =
    (correlation === undefined ? undefined : named.get(correlation)) ?? named.get('ce-correlationid');
  const traceparent = named.get('traceparent') ?? named.get('ce-traceparent');
  return {
    source: settings.name,
    contentType: structured === undefined ? contentType : STRUCTURED,
    fetchedAt,
    origin: message.subject,
    ...(sourceId !== undefined && { sourceId }),
    ...(correlationId !== undefined && { correlationId }),
    ...(traceparent !== undefined && { traceparent }),
    data: structured ?? message.data,
  };
}

/** Without parameters, in lower case. */
const mediaType = (declared: string): string => declared.split(';', 1).join('').trim().toLowerCase();
