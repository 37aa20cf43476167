import type { Msg } from '@nats-io/transport-node';
import type { EpochMs } from '../../rules/time.ts';
import { decodeToken, decodeValue, LogHeader } from './headers.ts';
import type { LogRecord, RecordKind, StreamBinding } from './log.ts';

/** What the reply subject of a delivered message tells: `$JS.ACK.<stream>.<consumer>.<tries>.<sequence>.<n>.<time>.<pending>`. */
export interface Delivery {
  readonly sequence: number;
  /** The server's append time. */
  readonly appendedAt: EpochMs;
  /** How many more the consumer has for us after this one. */
  readonly pending: number;
}

/**
 * Reads a reply subject; from nats-server 2.10 on it may carry a domain and an account before the stream, and a token at the end.
 * Every message passes here: the subject is looked through once, and not split.
 */
export function readDelivery(reply: string): Delivery {
  const dots: number[] = [];
  for (let at = reply.indexOf('.'); at >= 0; at = reply.indexOf('.', at + 1)) dots.push(at);
  const tries = dots.length === 8 ? 4 : 6;
  const token = (n: number): string => reply.slice(dots[n - 1]! + 1, dots[n] ?? reply.length);
  return {
    sequence: Number(token(tries + 1)),
    // A double does not hold nanoseconds since 1970 exactly: the last six digits are cut off as text.
    appendedAt: Number(token(tries + 3).slice(0, -6)),
    pending: Number(token(tries + 4)),
  };
}

/** A record as the server delivered it. Headers are decoded when somebody asks for one. */
export class StreamRecord implements LogRecord {
  readonly kind: RecordKind;
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
  readonly observedAt: EpochMs;
  readonly source: string;
  readonly #message: Msg;
  #headers: ReadonlyMap<string, string> | undefined;

  constructor(
    message: Msg,
    what: {
      readonly kind: RecordKind;
      readonly stream: string;
      readonly source: string;
      readonly delivery: Delivery;
      readonly injectedClock: boolean;
    },
  ) {
    this.#message = message;
    this.kind = what.kind;
    this.stream = what.stream;
    this.source = what.source;
    this.sequence = what.delivery.sequence;
    this.subject = message.subject;
    const carried = what.injectedClock ? Number(this.header(LogHeader.observedAt) ?? Number.NaN) : Number.NaN;
    this.observedAt = Number.isFinite(carried) ? carried : what.delivery.appendedAt;
  }

  get data(): Uint8Array {
    return this.#message.data;
  }

  /** The first value of a header, whatever the case of its name. */
  header(name: string): string | undefined {
    this.#headers ??= this.#readHeaders();
    return this.#headers.get(name.toLowerCase());
  }

  headers(): Iterable<readonly [name: string, value: string]> {
    this.#headers ??= this.#readHeaders();
    return this.#headers;
  }

  #readHeaders(): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const [name, [value]] of this.#message.headers ?? []) {
      if (value === undefined) continue;
      const key = name.toLowerCase();
      found.set(key, key.startsWith('laytime-') ? decodeValue(value) : value);
    }
    return found;
  }
}

/** Says whose a subject is and of which kind; undefined when no binding asks for it. */
export type Recognise = (
  subject: string,
) => { readonly kind: RecordKind; readonly source: string } | undefined;

/** Our own stream says it in the subject; a stream of others by the filters that were configured, the first that matches. */
export function recogniser(binding: StreamBinding, ownPrefix: string): Recognise {
  if (binding.subjects.length > 0) {
    const filters = binding.subjects.map(({ filter, source }) => ({
      matches: subjectMatcher(filter),
      source,
    }));
    return (subject) => {
      const found = filters.find(({ matches }) => matches(subject));
      return found === undefined ? undefined : { kind: 'message', source: found.source };
    };
  }
  const known = new Map<string, { readonly kind: RecordKind; readonly source: string }>();
  return (subject) => {
    let found = known.get(subject);
    if (found === undefined && subject.startsWith(`${ownPrefix}.`)) {
      const [kind = '', token = ''] = subject.slice(ownPrefix.length + 1).split('.');
      if (isKind(kind)) {
        found = { kind, source: decodeToken(token) };
        known.set(subject, found);
      }
    }
    return found;
  };
}

const KINDS: readonly string[] = [
  'message',
  'proof',
  'operator',
  'redrive',
  'restate',
  'tick',
] satisfies RecordKind[];
const isKind = (text: string): text is RecordKind => KINDS.includes(text);

/** NATS subject filters: `*` is one token, `>` the rest. */
export function subjectMatcher(filter: string): (subject: string) => boolean {
  if (!/[*>]/.test(filter)) return (subject) => subject === filter;
  const wanted = filter.split('.');
  return (subject) => {
    const tokens = subject.split('.');
    for (const [i, want] of wanted.entries()) {
      if (want === '>') return tokens.length > i;
      if (i >= tokens.length || (want !== '*' && want !== tokens[i])) return false;
    }
    return tokens.length === wanted.length;
  };
}
