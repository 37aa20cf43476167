import type { SavedChannels } from '../../rules/channels-saved.ts';
import type { EpochMs } from '../../rules/time.ts';
import { LogHeader } from '../log/headers.ts';
import type { LogRecord, Positions } from '../log/log.ts';
import { originalRecord, redriveOf } from '../log/redrive.ts';
import type { JudgeBatch, Link, ShipmentState } from '../track/outcome.ts';
import {
  encodeAlert,
  encodeChannel,
  encodeDeadLetter,
  encodeEvent,
  encodeLink,
  encodeOperatorAction,
  encodeRaw,
} from './fact-rows.ts';
import { covers } from './floor.ts';
import { type EncodedRows, RowWriter, selectRows } from './row-binary.ts';
import { encodeShipment } from './state-rows.ts';
import { FACT_TABLES, type FactTable, type RowVersion } from './tables.ts';
import { countUnmapped, type UnmappedCount } from './unmapped.ts';

/** Everything between two `commits` rows, encoded and ready to be sent again and again. */
export interface Commit {
  readonly facts: readonly { readonly table: FactTable; readonly rows: EncodedRows }[];
  /** One row per shipment: the last one. */
  readonly states: EncodedRows;
  readonly positions: Positions;
  readonly version: RowVersion;
  readonly logTime: EpochMs;
  readonly events: number;
  readonly unmapped: readonly UnmappedCount[];
  /** How far channels are heard at exactly these positions; undefined where nobody was there to tell. */
  readonly heard: SavedChannels | undefined;
  /** Number of the last batch in it. */
  readonly lastBatch: number;
  /** All rows as they were counted against the limits: those of superseded states too. */
  readonly rows: number;
  readonly bytes: number;
}

/** States kept as the judge's objects before they are encoded: a bound on what the queue may hold beside its bytes. */
const MOST_HELD = 4096;
/** What a state is taken to need until one was encoded. */
const FIRST_STATE_BYTES = 2048;

/**
 * Batches waiting for the next commit. Facts are encoded as they come: the judge's objects are still in cache then, and die
 * young. The state of a shipment is encoded when the commit is taken, for most change again before: encoding each of them
 * was half of all encoding. Only when there are many are they encoded early, and then what is superseded is not sent.
 */
export class Pending {
  readonly #facts = new Map<FactTable, RowWriter>(FACT_TABLES.map((table) => [table, new RowWriter()]));
  readonly #states = new RowWriter();
  /** Shipment id → its last state, not encoded yet. */
  readonly #held = new Map<string, ShipmentState>();
  #stateBytes = FIRST_STATE_BYTES;
  /** Shipment id → its last row in #states. */
  #lastRow = new Map<string, number>();
  #unmapped = new Map<string, UnmappedCount>();
  #last: (Pick<Commit, 'positions' | 'version' | 'logTime' | 'heard'> & { batch: number }) | undefined;
  #events = 0;

  get isEmpty(): boolean {
    return this.#last === undefined;
  }

  /** Of the states not encoded yet, an estimate. */
  get bytes(): number {
    let bytes = this.#states.bytes + this.#held.size * this.#stateBytes;
    for (const rows of this.#facts.values()) bytes += rows.bytes;
    return bytes;
  }

  get rows(): number {
    let rows = this.#states.rows + this.#held.size;
    for (const writer of this.#facts.values()) rows += writer.rows;
    return rows;
  }

  add(batch: JudgeBatch, positions: Positions, version: RowVersion, number: number): void {
    const to = (table: FactTable): RowWriter => this.#facts.get(table)!;
    const raw = to('raw_messages_log');
    for (const record of batch.records) {
      if (record.kind === 'message') encodeMessage(raw, record);
      else if (record.kind === 'redrive') encodeRedriven(raw, record);
    }
    const events = to('events_log');
    for (const event of batch.events) encodeEvent(events, event);
    const links = to('links_log');
    for (const link of lastWords(batch.links)) encodeLink(links, link, version);
    for (const letter of batch.deadLetters) encodeDeadLetter(to('dead_letters_log'), letter, version);
    for (const interval of batch.channels) encodeChannel(to('channel_intervals_log'), interval, version);
    for (const action of batch.operator) encodeOperatorAction(to('operator_actions_log'), action);
    for (const alert of batch.alerts) encodeAlert(to('alert_changes_log'), alert);
    for (const state of batch.shipments) this.#held.set(state.trace.shipmentId, state);
    if (this.#held.size > MOST_HELD) this.#encodeHeld(version);
    countUnmapped(this.#unmapped, batch.unmapped);
    this.#events += batch.events.length;
    // A judge that reads again what is stored is not where the store is.
    const heard = covers(batch.positions, positions) ? batch.heard : undefined;
    this.#last = { positions, version, logTime: batch.logTime, heard, batch: number };
  }

  /** Everything added so far, or undefined when there is nothing. */
  take(): Commit | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    this.#encodeHeld(last.version);
    const { rows, bytes } = this;
    const facts = [];
    for (const [table, writer] of this.#facts) {
      if (writer.rows > 0) facts.push({ table, rows: writer.take() });
    }
    const all = this.#states.take();
    const states =
      this.#lastRow.size === all.ends.length
        ? all
        : selectRows(all, [...this.#lastRow.values()].sort(byNumber));
    const commit: Commit = {
      facts,
      states,
      positions: last.positions,
      version: last.version,
      logTime: last.logTime,
      events: this.#events,
      unmapped: [...this.#unmapped.values()],
      heard: last.heard,
      lastBatch: last.batch,
      rows,
      bytes,
    };
    this.#lastRow = new Map();
    this.#unmapped = new Map();
    this.#last = undefined;
    this.#events = 0;
    return commit;
  }

  /** `version` may be later than the change: nothing newer was said of these shipments since. */
  #encodeHeld(version: RowVersion): void {
    for (const [shipmentId, state] of this.#held) {
      this.#lastRow.set(shipmentId, this.#states.rows);
      encodeShipment(this.#states, state, version);
    }
    this.#held.clear();
    if (this.#states.rows > 0) this.#stateBytes = Math.ceil(this.#states.bytes / this.#states.rows);
  }
}

/** Of two words on one link in the same millisecond the later one counts: the table cannot tell which that was. */
function lastWords(links: readonly Link[]): Iterable<Link> {
  if (links.every(({ linked }) => linked)) return links;
  return new Map(links.map((link) => [`${link.shipmentId} ${link.eventId} ${link.at}`, link])).values();
}

const byNumber = (a: number, b: number): number => a - b;

/** Its bytes are a raw message once more: the events that came of them point at this record. */
function encodeRedriven(to: RowWriter, record: LogRecord): void {
  // What is no redrive becomes a dead letter with its bytes.
  const redrive = redriveOf(record);
  if (redrive === undefined) return;
  const { stream, sequence, observedAt } = record;
  const original = originalRecord(redrive.original);
  const headers = new Map(original.headers());
  headers.set(LogHeader.firstObservedAt.toLowerCase(), String(original.observedAt));
  const header = (name: string): string | undefined => headers.get(name.toLowerCase());
  encodeMessage(to, { ...original, stream, sequence, observedAt, header, headers: () => headers });
}

function encodeMessage(to: RowWriter, record: LogRecord): void {
  const type = record.header(LogHeader.contentType) ?? record.header('Content-Type') ?? '';
  const id = record.header(LogHeader.id) ?? record.header('ce-id') ?? '';
  encodeRaw(to, record, record.header(LogHeader.partner) ?? '', type, id);
}
