import { jetstreamManager } from '@nats-io/jetstream';
import type { ShipmentEvent } from '../rules/event.ts';
import type { AppOptions } from './app.ts';
import type { Intake } from './app-collect.ts';
import type { Engines } from './app-engines.ts';
import type { Notifier } from './notify/notifier.ts';
import type { StoreWriter } from './store/store.ts';
import type { Judge } from './track/judge.ts';
import type { JudgeBatch } from './track/outcome.ts';

/** What is looked at to tell how the agent does. */
export interface Observed {
  readonly options: AppOptions & { readonly engines: Engines };
  readonly intake: Intake;
  readonly judge: Judge;
  readonly notifier: Notifier;
  readonly stopping: AbortController;
}

/** What is said to have happened later than this after it was heard of is no difference between clocks; as in the view `drift`. */
const FUTURE_MS = 300_000;

/** Counts and tells what a batch brought about. */
export function observe(batch: JudgeBatch, caughtUp: boolean, { options, judge, notifier }: Observed): void {
  const { telemetry, clock } = options;
  const { assessor, shipments } = judge.parts;
  for (const action of batch.operator) notifier.operator(action);
  telemetry.judged(batch.events.length, shipments.size);
  telemetry.clocks(assessor.counts);
  for (const [source, own] of Map.groupBy(batch.events, (event) => event.source))
    telemetry.mapped(source, 'events', own.length);
  for (const letter of batch.deadLetters) {
    telemetry.deadLetter(letter.source, letter.code, letter.reason, letter.stream, letter.sequence);
  }
  for (const { source, partner, item } of batch.unmapped) telemetry.unmapped(source, partner, item.kind);
  const last = new Map<string, ShipmentEvent>();
  for (const event of batch.events) {
    const { source, partner, observedAt, occurredAt, classifier, retracted } = event;
    if (classifier !== 'actual' || retracted) continue;
    if (occurredAt.from > observedAt + FUTURE_MS) telemetry.futureTime(source, partner);
    last.set(`${source}/${partner}`, event);
  }
  for (const { source, partner, observedAt, occurredAt } of last.values())
    telemetry.sourceLag(source, partner, (observedAt - occurredAt.to) / 1000);
  const now = clock.now();
  for (const alert of batch.alerts) telemetry.alertChange(alert.change.kind, (now - alert.change.at) / 1000);
  options.onBatch?.(batch, caughtUp);
}

const GAUGES_EVERY_MS = 5_000;

/** What only a look from time to time can tell: how old each channel's proof is, how far judge and store are behind. */
export async function watchGauges({
  options,
  intake,
  judge,
  stopping,
  store,
}: Observed & { readonly store: StoreWriter }): Promise<void> {
  const { telemetry, clock, engines, injected } = options;
  const manager = await jetstreamManager(engines.nats);
  while (!stopping.signal.aborted) {
    const now = injected ? judge.parts.logTime : clock.now();
    for (const { id, watermark } of judge.parts.channels.list()) {
      if (Number.isFinite(watermark)) telemetry.watermarkAge(id, (now - watermark) / 1000);
    }
    for (const { stream, connection } of intake.bindings) {
      // A stream on another account is not ours to ask about.
      const info =
        connection === undefined ? await manager.streams.info(stream).catch(() => undefined) : undefined;
      if (info === undefined) continue;
      const judged = judge.parts.positions[stream] ?? 0;
      const behind = Math.max(0, info.state.last_seq - judged);
      telemetry.logLag(stream, behind === 0 ? 0 : (now - judge.parts.logTime) / 1000, behind);
      telemetry.storeLag(stream, Math.max(0, judged - (store.floor()[stream] ?? 0)));
    }
    await clock.sleep(GAUGES_EVERY_MS, stopping.signal);
  }
}
