import type { MapResult } from '../../collectors/maps/map.ts';
import { eventIdsOf } from '../../rules/trace.ts';
import type { GuardedStream, LogReader, LogRecord, Positions } from '../log/log.ts';
import { toRestatement } from '../log/restate.ts';
import { covers, type Moment } from '../store/floor.ts';
import type { CatchUpSource } from '../store/store.ts';
import { addSeen, emptyBatch, type GrowingBatch, noteUnmapped } from './batch.ts';
import { type DeadLetterCause, deadLetterOf, malformed } from './dead-letter.ts';
import type { Judge } from './judge.ts';
import { type Mapped, mapRecord } from './mapper.ts';
import { parseOperatorAction, replayFact } from './operator.ts';
import type { AlertRecord, JudgeBatch } from './outcome.ts';
import { readAgain } from './redrive.ts';

export interface RereadEdges {
  readonly judge: Judge;
  /** Opens a reader of all streams from given positions. */
  readonly openReader: (from: Positions) => Promise<LogReader>;
  readonly alerts: GuardedStream<AlertRecord>;
  /** Up to here the store certainly has everything. */
  readonly stored: () => Moment;
}

const RECORDS_A_BATCH = 1000;

/**
 * Brings the store level again after it let batches go: facts are mapped from the log anew, alert changes are read from the alert
 * log, and what only the judge saw (links taken back, channels lost and heard) was kept by it. Derived rows are the current ones.
 */
export class Reread implements CatchUpSource {
  readonly #edges: RereadEdges;
  #alertsFrom: number | undefined;
  /** Shipments of batches that were let go: links that moved among them are nowhere else. A batch that is judged meanwhile takes what is dirty, not these. */
  readonly #unlinked = new Set<number>();
  /** Where a start stood that is yet to be held against what the store has. */
  #startedAt: Positions | undefined;
  /** The store's floor was behind the start: any shipment may be among them. */
  #allUnlinked = false;
  /** Up to here every alert change is in the alert log: the floor must not pass records whose alerts nobody can read yet. */
  #published: Pick<JudgeBatch, 'positions' | 'logTime'>;

  constructor(edges: RereadEdges) {
    this.#edges = edges;
    const { positions, logTime } = edges.judge.parts;
    this.#published = { positions, logTime };
  }

  /** Notes a batch that the store did not take. `alertSequence`: where the alert log ended before its changes. */
  missed(batch: JudgeBatch, alertSequence: number): void {
    this.#alertsFrom = Math.min(this.#alertsFrom ?? Number.POSITIVE_INFINITY, alertSequence + 1);
    this.#published = { positions: batch.positions, logTime: batch.logTime };
    const { parts, dirty } = this.#edges.judge;
    parts.unstored.missed(batch);
    // Its shipments must be written later.
    for (const { trace } of batch.shipments) {
      const slot = parts.shipments.slotOf(trace.shipmentId);
      if (slot === undefined) continue;
      dirty.add(slot);
      this.#unlinked.add(slot);
    }
  }

  /** At a start from a snapshot that is ahead of the store: which shipments changed in between is not known. */
  missedEverything(): void {
    this.#alertsFrom = 1;
    this.#startedAt = this.#edges.judge.parts.positions;
    this.#edges.judge.dirtyAll();
  }

  hasMissed(): boolean {
    return this.#alertsFrom !== undefined || this.#edges.judge.parts.unstored.isOwed;
  }

  async *reread(from: Positions, signal: AbortSignal): AsyncGenerator<JudgeBatch> {
    const until = this.#published;
    if (this.#startedAt !== undefined && !covers(from, this.#startedAt)) this.#allUnlinked = true;
    this.#startedAt = undefined;
    yield* this.#alertBatches(from);
    if (!covers(from, until.positions)) yield* this.#factsUpTo(until.positions, from, signal);
    if (!signal.aborted) yield this.#current(until);
  }

  async *#factsUpTo(until: Positions, from: Positions, signal: AbortSignal): AsyncGenerator<JudgeBatch> {
    const reader = await this.#edges.openReader(from);
    try {
      let positions = from;
      while (!signal.aborted && !covers(positions, until)) {
        const { records } = await reader.next({ maxRecords: RECORDS_A_BATCH, maxWaitMs: 1000, signal });
        const known = records.filter((record) => record.sequence <= (until[record.stream] ?? 0));
        if (known.length === 0) continue;
        positions = { ...positions };
        for (const { stream, sequence } of known) positions = { ...positions, [stream]: sequence };
        yield this.#facts(known, positions);
      }
    } finally {
      await reader.close();
    }
  }

  #facts(records: JudgeBatch['records'], positions: Positions): JudgeBatch {
    const { parts } = this.#edges.judge;
    // Not the judge's own time, which is far ahead: whoever is rebuilt from here goes on at this moment.
    const batch = emptyBatch(positions, Math.max(...records.map(({ observedAt }) => observedAt)));
    for (const record of records) {
      batch.records.push(record);
      if (record.kind === 'operator') {
        const action = parseOperatorAction(record);
        if (action !== undefined) batch.operator.push(action);
      }
      const read = readableOf(record, parts.sources, batch);
      if (read === undefined) continue;
      noteUnmapped(batch, record.source, read.partner, read.unmapped);
      for (const event of read.events) {
        batch.events.push(event);
        for (const shipmentId of parts.membership.identity.linksOf(event.key)) {
          batch.links.push({ eventId: event.id, shipmentId, linked: true, at: event.observedAt });
        }
      }
    }
    return batch;
  }

  /** The state of every shipment that changed, and all links of those that were missed: some were learned long after their events. */
  #current({ positions, logTime }: Pick<JudgeBatch, 'positions' | 'logTime'>): JudgeBatch {
    const { judge } = this.#edges;
    const { parts } = judge;
    const shipments = judge.dirtyStates();
    const batch = emptyBatch(positions, logTime);
    const unlinked = this.#allUnlinked ? Array(parts.shipments.size).keys() : this.#unlinked;
    for (const slot of unlinked) {
      const { id, entries } = parts.shipments.at(slot);
      for (const entry of entries.values()) {
        for (const eventId of eventIdsOf(entry))
          batch.links.push({ eventId, shipmentId: id, linked: true, at: parts.logTime });
      }
    }
    this.#unlinked.clear();
    this.#allUnlinked = false;
    addSeen(batch, parts.unstored.take());
    parts.shipments.settle();
    return { ...batch, shipments };
  }

  async *#alertBatches(from: Positions): AsyncGenerator<JudgeBatch> {
    const { alerts } = this.#edges;
    const first = this.#alertsFrom;
    if (first === undefined) return;
    this.#alertsFrom = undefined;
    let given = false;
    try {
      let batch = emptyBatch(from, Number.NEGATIVE_INFINITY);
      const stored = this.#edges.stored();
      for await (const { value } of alerts.read(first)) {
        if (isBefore(value, stored)) continue;
        batch.alerts.push(value);
        if (batch.alerts.length < RECORDS_A_BATCH) continue;
        yield batch;
        batch = emptyBatch(from, Number.NEGATIVE_INFINITY);
      }
      if (batch.alerts.length > 0) yield batch;
      given = true;
    } finally {
      if (!given) this.#alertsFrom = first;
    }
  }
}

/** Clocks also run out while nothing is read: what changed at the very moment of a commit may be of the batch after it. */
const isBefore = ({ change, after = {} }: AlertRecord, { positions, logTime }: Moment): boolean =>
  change.at < logTime && covers(positions, after);

/** What a record says through the map of its source; its dead letters, and letters that it settles, go to the batch. */
function readableOf(
  record: LogRecord,
  sources: Judge['parts']['sources'],
  batch: GrowingBatch,
): Readable | undefined {
  const letter = (of: LogRecord, { partner, message }: Mapped, cause: DeadLetterCause) =>
    batch.deadLetters.push(deadLetterOf(of, partner, message, cause));
  try {
    if (record.kind === 'redrive') {
      const { mapped, original, settled, rejected } = readAgain(record, sources);
      for (const each of rejected) letter(original, mapped, each);
      batch.operator.push(...settled);
      return readableIn(mapped);
    }
    if (record.kind === 'restate') {
      const restatement = toRestatement(record);
      batch.operator.push(replayFact(restatement, record));
      return { partner: '', events: restatement.events, unmapped: [] };
    }
  } catch (error) {
    batch.deadLetters.push(malformed(record, error));
  }
  if (record.kind !== 'message') return undefined;
  const mapped = mapRecord(record, sources);
  const { result } = mapped;
  if (result.kind === 'dead-letter') letter(record, mapped, result);
  else if (result.kind === 'events') for (const each of result.rejected ?? []) letter(record, mapped, each);
  return readableIn(mapped);
}

type Readable = Pick<Extract<MapResult, { kind: 'events' }>, 'events' | 'unmapped'> & Pick<Mapped, 'partner'>;

const readableIn = ({ result, partner }: Mapped): Readable => ({
  partner,
  events: result.kind === 'events' ? result.events : [],
  unmapped: result.kind === 'dead-letter' ? [] : result.unmapped,
});
