import type { DurationMs, EpochMs } from '../../rules/time.ts';
import type { ShipmentState } from '../track/outcome.ts';
import { type ShipmentSpan, spansOf } from './shipment-spans.ts';

/** What is kept over a restart: the log time up to which final spans were given out, and those that waited to settle. */
export interface FinishedState {
  readonly version: 1;
  readonly cursor: EpochMs;
  readonly waiting: readonly (readonly ShipmentSpan[])[];
}

export interface FinishedSettings {
  readonly settleMs: DurationMs;
  /** Shipments whose spans wait to settle; beyond, spans are given out without waiting. */
  readonly mostWaiting: number;
  /** Shipments whose spans given out are remembered, twice this at most. */
  readonly mostRemembered: number;
}

const BUCKET_MS = 60_000;

/**
 * Gives out each span of each shipment once, when it is final. Log time alone decides: the same log gives the same spans.
 *
 * Which spans were given out is remembered as 4 bytes of each id. What is not remembered (after a restart, or of shipments that were
 * long silent) is told by the cursor: a span that was final before it was given out then. After a crash the spans since the
 * last saved cursor are given out again, with the ids they had.
 */
export class FinishedSpans {
  readonly #settings: FinishedSettings;
  readonly #waiting = new Map<string, readonly ShipmentSpan[]>();
  /** Ids of shipments to look at, by the minute in which a span of theirs is final. */
  readonly #due = new Map<number, string[]>();
  #sent = new Map<string, string>();
  #sentBefore = new Map<string, string>();
  readonly #from: EpochMs;
  #logTime: EpochMs;

  constructor(settings: FinishedSettings, state?: FinishedState) {
    this.#settings = settings;
    this.#from = state?.cursor ?? Number.NEGATIVE_INFINITY;
    this.#logTime = this.#from;
    for (const spans of state?.waiting ?? [])
      this.#wait(spans[0]!.attributes['laytime.shipment'] as string, spans);
  }

  /** Takes shipments as they stand at `logTime` and gives the spans that became final, in no particular order. */
  take(shipments: readonly ShipmentState[], logTime: EpochMs): ShipmentSpan[] {
    this.#logTime = Math.max(this.#logTime, logTime);
    const out: ShipmentSpan[] = [];
    for (const state of shipments) {
      const id = state.trace.shipmentId;
      const spans = spansOf(state, this.#settings.settleMs).filter((span) => this.#isNew(id, span));
      this.#waiting.delete(id);
      this.#sort(id, spans, out);
    }
    for (const [minute, ids] of this.#due) {
      if (minute * BUCKET_MS > this.#logTime) continue;
      this.#due.delete(minute);
      for (const id of ids) {
        const spans = this.#waiting.get(id);
        if (spans === undefined) continue;
        this.#waiting.delete(id);
        this.#sort(id, spans, out);
      }
    }
    return out;
  }

  state(): FinishedState {
    return { version: 1, cursor: this.#logTime, waiting: [...this.#waiting.values()] };
  }

  /** Final ones are given out, the others wait. */
  #sort(id: string, spans: readonly ShipmentSpan[], out: ShipmentSpan[]): void {
    const hasRoom = this.#waiting.size < this.#settings.mostWaiting;
    const later: ShipmentSpan[] = [];
    for (const span of spans) {
      if (hasRoom && span.finalAt > this.#logTime) later.push(span);
      else {
        this.#remember(id, span);
        out.push(span);
      }
    }
    if (later.length > 0) this.#wait(id, later);
  }

  #wait(id: string, spans: readonly ShipmentSpan[]): void {
    this.#waiting.set(id, spans);
    const minute = Math.floor(Math.min(...spans.map(({ finalAt }) => finalAt)) / BUCKET_MS) + 1;
    const ids = this.#due.get(minute);
    if (ids === undefined) this.#due.set(minute, [id]);
    else ids.push(id);
  }

  #isNew(id: string, span: ShipmentSpan): boolean {
    const sent = this.#sent.get(id) ?? this.#sentBefore.get(id);
    if (sent === undefined) return span.finalAt > this.#from;
    const mark = markOf(span);
    for (let at = 0; at < sent.length; at += mark.length) if (sent.startsWith(mark, at)) return false;
    return span.finalAt > this.#from;
  }

  #remember(id: string, span: ShipmentSpan): void {
    this.#sent.set(id, (this.#sent.get(id) ?? this.#sentBefore.get(id) ?? '') + markOf(span));
    if (this.#sent.size < this.#settings.mostRemembered) return;
    this.#sentBefore = this.#sent;
    this.#sent = new Map();
  }
}

/** The first 4 bytes of a span id, as 4 characters that V8 keeps in one byte each. */
const markOf = ({ spanId }: ShipmentSpan): string =>
  String.fromCharCode(
    Number.parseInt(spanId.slice(0, 2), 16),
    Number.parseInt(spanId.slice(2, 4), 16),
    Number.parseInt(spanId.slice(4, 6), 16),
    Number.parseInt(spanId.slice(6, 8), 16),
  );
