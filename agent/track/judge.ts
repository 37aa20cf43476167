import type { ChannelUpdate } from '../../rules/channel.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import type { EpochMs } from '../../rules/time.ts';
import { toProof } from '../log/headers.ts';
import type { LogRecord } from '../log/log.ts';
import { toRestatement } from '../log/restate.ts';
import { addSeen, emptyBatch, type GrowingBatch, noteRepeat, noteUnmapped } from './batch.ts';
import { deadLetterOf, malformed } from './dead-letter.ts';
import { mapRecord } from './mapper.ts';
import { type MembershipEffects, noEffects } from './membership.ts';
import { intervalOf } from './notices.ts';
import { identityOverrideOf, mendedFact, parseOperatorAction, replayFact } from './operator.ts';
import type { AlertRecord, DeadLetter, JudgeBatch, OperatorAction, ShipmentState } from './outcome.ts';
import { type JudgeParts, waive } from './parts.ts';
import { readAgain } from './redrive.ts';
import type { SeenOnce } from './unstored.ts';

/**
 * Reads the log in order and judges. Never reads a clock, never waits: everything it does follows from the records and the
 * moments given to it, so that the same log gives the same verdicts live, after a crash, and in a test.
 *
 * ```text
 *   log time   ──●e1────────┆due A┆──●e2──┆due B┆──────●e3──►
 *   take(e2): first A fires at its own time, then e2 is applied; B fires before e3, in catch-up too
 * ```
 */
export class Judge {
  readonly parts: JudgeParts;
  readonly dirty = new Set<number>(); // shipments whose stored state is older than the one in memory
  readonly totals = { records: 0, events: 0, duplicates: 0, deadLetters: 0, ignored: 0, waiting: 0 };
  #batch: GrowingBatch = emptyBatch({}, 0);
  #assessed = new Set<number>(); // shipments judged in this batch

  constructor(parts: JudgeParts) {
    this.parts = parts;
  }

  /** Applies one record. Records of one stream must come in sequence. */
  take(record: LogRecord): void {
    this.advance(record.observedAt);
    this.#batch.records.push(record);
    this.totals.records += 1;
    if (record.kind === 'message') this.#message(record);
    else if (record.kind !== 'tick') this.#control(record);
    for (const alert of this.parts.feeds.heard(record.source, this.parts.logTime)) this.#tell(alert);
    this.parts.positions = { ...this.parts.positions, [record.stream]: record.sequence };
  }

  /** These two apply what is in the store, see rebuild.ts. How far channels are heard, and how late they tell, is known. */
  recall(event: ShipmentEvent): void {
    this.advance(event.observedAt);
    this.#conclude(this.#absorb([event]), []);
  }

  recallAction(action: OperatorAction): void {
    this.advance(action.at);
    this.#act(action);
  }

  /** Gives the store, with the next batch, what a judge before this one saw and could not store any more. */
  owe(seen: SeenOnce): void {
    addSeen(this.#batch, seen);
  }

  /** The process starts again from a snapshot: what was assumed of channels is assumed no more. */
  restarted(): void {
    this.#channelsMoved(this.parts.channels.restarted(this.parts.logTime));
  }

  /** Lets log time pass up to (not including) `until`: what falls due fires in order, at most so many; false when more is due. */
  advance(until: EpochMs, most = Number.POSITIVE_INFINITY): boolean {
    const { timers, channels, feeds } = this.parts;
    for (let fired = 0; ; fired += 1) {
      const at = Math.min(timers.nextAt(), channels.nextAt(), feeds.nextAt());
      if (at >= until) break;
      if (fired >= most) return false;
      this.parts.logTime = Math.max(this.parts.logTime, at);
      if (feeds.nextAt() <= at) for (const alert of feeds.advance(this.parts.logTime)) this.#tell(alert);
      else if (channels.nextAt() <= timers.nextAt()) this.#channelsMoved(channels.advance(at));
      else this.assess(timers.pop());
    }
    this.parts.logTime = Math.max(this.parts.logTime, until);
    return true;
  }

  /** Hands over what happened since the last call. `withState`: also the state of every dirty shipment. */
  drain(withState = true): JudgeBatch {
    const shipments = withState ? this.dirtyStates() : [];
    const { positions, logTime, channels } = this.parts;
    const batch = { ...this.#batch, positions, logTime, shipments, heard: channels.dumpHeard() };
    this.parts.unstored.note(batch);
    this.#batch = emptyBatch({}, 0);
    this.#assessed = new Set();
    this.parts.shipments.settle();
    return batch;
  }

  /** The state of every shipment that changed since it was last given out. */
  dirtyStates(): ShipmentState[] {
    const states: ShipmentState[] = [];
    for (const slot of this.dirty) {
      if (!this.#assessed.has(slot)) this.assess(slot);
      states.push(this.parts.assessor.stateOf(this.parts.shipments.at(slot)));
    }
    this.dirty.clear();
    return states;
  }

  /** Every shipment must be written again. */
  dirtyAll(): void {
    for (let slot = 0; slot < this.parts.shipments.size; slot += 1) this.dirty.add(slot);
  }

  #message(record: LogRecord): void {
    const mapped = mapRecord(record, this.parts.sources);
    const { result, message, partner } = mapped;
    const seen = this.parts.notices.message(record.source, mapped, this.parts.logTime);
    if (seen?.alert !== undefined) this.#tell(seen.alert);
    if (result.kind !== 'dead-letter') noteUnmapped(this.#batch, record.source, partner, result.unmapped);
    if (seen !== undefined) noteUnmapped(this.#batch, record.source, partner, seen.shape);
    if (result.kind === 'dead-letter') {
      this.#deadLetter(deadLetterOf(record, partner, message, result));
      return;
    }
    if (result.kind === 'ignored') this.totals.ignored += 1;
    const events = result.kind === 'events' ? result.events : [];
    const effects = this.#absorb(events);
    if (result.kind === 'events') {
      for (const each of result.rejected ?? [])
        this.#deadLetter(deadLetterOf(record, partner, message, each));
    }
    const partners = new Set(result.kind === 'events' ? events.map((event) => event.partner) : [partner]);
    this.#conclude(effects, [
      ...this.#resolveDeadLetters(record, result.sourceIds ?? [message.sourceId ?? '']),
      ...[...partners].map((each) => this.parts.channels.heard(record.source, each, record.observedAt)),
    ]);
    this.#measure(effects);
  }

  /** What is read again or restated says nothing of how long its partner takes. */
  #measure({ first }: MembershipEffects): void {
    for (const { id: eventId, source, partner, occurredAt, observedAt } of first) {
      const report = { eventId, happened: occurredAt.to };
      this.#channelsMoved(this.parts.channels.reported(source, partner, report, observedAt));
    }
  }

  /** Takes events into traces; nothing is judged yet. */
  #absorb(events: readonly ShipmentEvent[]): MembershipEffects {
    const effects = noEffects();
    const { channels, membership } = this.parts;
    for (const event of events) {
      this.totals.events += 1;
      this.#batch.events.push(event);
      const absorbed = membership.apply(event, effects);
      if (absorbed === 'duplicate') {
        this.totals.duplicates += 1;
        noteRepeat(this.#batch, event);
      }
      if (absorbed === 'waiting' && event.classifier === 'actual' && !event.retracted) {
        this.totals.waiting += 1;
        channels.unmatched(event.key, event.source, event.partner, event.milestone, event.observedAt);
      }
    }
    return effects;
  }

  /**
   * Judges what a record changed: only now that everything it says is in the traces (it may be the very milestone that was waited
   * for), and that its channels count as heard (it may be the proof).
   */
  #conclude(effects: MembershipEffects, updates: readonly ChannelUpdate[]): void {
    const moved = [...updates, ...effects.matched.map((key) => this.parts.channels.matched(key))];
    for (const link of effects.links) this.#batch.links.push(link);
    for (const slot of effects.repeated) this.dirty.add(slot);
    for (const slot of effects.touched) this.assess(slot);
    for (const update of moved) this.#channelsMoved(update);
    for (const conflict of effects.conflicts) {
      const alert = this.parts.notices.conflict(conflict, this.parts.logTime);
      if (alert !== undefined) this.#tell(alert);
    }
  }

  #deadLetter(letter: DeadLetter): void {
    this.totals.deadLetters += 1;
    this.#batch.deadLetters.push(letter);
    const { id, source, partner, sourceId, observedAt } = letter;
    this.parts.openLetters.add(source, sourceId, id);
    this.#channelsMoved(this.parts.channels.deadLetter(id, source, partner, observedAt));
  }

  /** A later readable message with the same source id is the same record mended. */
  #resolveDeadLetters(record: LogRecord, sourceIds: readonly string[]): ChannelUpdate[] {
    const { openLetters, channels } = this.parts;
    return openLetters.mend(record.source, sourceIds).map((id) => {
      this.#batch.operator.push(mendedFact(id, record));
      return channels.resolveDeadLetter(id);
    });
  }

  /** A record that is not what its kind says (somebody else wrote it) is kept as a dead letter; it must not stop the log. */
  #control(record: LogRecord): void {
    try {
      if (record.kind === 'operator') this.#operator(record);
      else if (record.kind === 'redrive') this.#redriven(record);
      else if (record.kind === 'restate') this.#restated(record);
      else {
        const { source, partner, provedUntil } = toProof(record);
        const proof = { source, provedUntil, ...(partner !== undefined && { partner }) };
        this.#channelsMoved(this.parts.channels.proof(proof, record.observedAt));
      }
    } catch (error) {
      this.#deadLetter(malformed(record, error));
    }
  }

  #operator(record: LogRecord): void {
    const action = parseOperatorAction(record);
    if (action === undefined) return;
    this.#batch.operator.push(action);
    this.#act(action);
  }

  #act(action: OperatorAction): void {
    const { membership, standing } = this.parts;
    standing.take(action);
    if (action.action === 'dismiss-dead-letter') {
      for (const update of this.#settle([action.subject])) this.#channelsMoved(update);
    }
    const waived = action.action === 'waive' ? waive(this.parts, action) : undefined;
    if (waived !== undefined) this.assess(waived);
    const override = identityOverrideOf(action);
    if (override === undefined) return;
    const effects = noEffects();
    membership.applyChange(membership.identity.override(override), action.at, effects);
    this.#conclude(effects, []);
  }

  /** Read again at an operator's wish: no sign of life of its partner, and no word on other revisions of the same record. */
  #redriven(record: LogRecord): void {
    const { mapped, original, settled, rejected } = readAgain(record, this.parts.sources);
    const { result, message, partner } = mapped;
    if (result.kind === 'dead-letter') return;
    noteUnmapped(this.#batch, record.source, partner, result.unmapped);
    for (const each of rejected) this.#deadLetter(deadLetterOf(original, partner, message, each));
    const effects = this.#absorb(result.kind === 'events' ? result.events : []);
    this.#batch.operator.push(...settled);
    this.#conclude(effects, this.#settle(settled.map(({ subject }) => subject)));
  }

  #restated(record: LogRecord): void {
    const restatement = toRestatement(record);
    this.#batch.operator.push(replayFact(restatement, record));
    this.#conclude(this.#absorb(restatement.events), []);
  }

  #settle(letters: readonly string[]): ChannelUpdate[] {
    this.parts.openLetters.settle(new Set(letters));
    return letters.map((id) => this.parts.channels.resolveDeadLetter(id));
  }

  #channelsMoved(update: ChannelUpdate): void {
    const { notices, awaiting, feeds, channels } = this.parts;
    if (update.reckoned !== undefined) feeds.reckoned(update.reckoned);
    for (const transition of update.transitions) {
      this.#batch.channels.push(intervalOf(transition));
      const alert = notices.channel(transition, this.parts.logTime, awaiting.size);
      if (alert !== undefined) this.#tell(alert);
    }
    for (const { channelId } of update.moved) {
      const ready = awaiting.ready(
        channelId,
        (of) => channels.stateOf(channelId, of)?.watermark ?? -Infinity,
      );
      for (const slot of ready) this.assess(slot);
    }
  }

  #tell(alert: AlertRecord): void {
    this.#batch.alerts.push({ ...alert, after: { ...this.parts.positions } });
  }

  /** Judges a shipment as log time stands. */
  assess(slot: number): void {
    const { shipments, assessor, timers, awaiting } = this.parts;
    const assessment = assessor.assess(shipments.at(slot), this.parts.logTime);
    for (const alert of assessment.alerts) this.#tell(alert);
    timers.set(slot, assessment.nextAt);
    awaiting.set(slot, assessment.waits);
    this.#assessed.add(slot);
    this.dirty.add(slot);
  }
}
