import type { ShipmentEvent } from '../../rules/event.ts';
import type { RuleSet } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import { buildJudge, type JudgeSettings } from '../track/build.ts';
import type { Judge } from '../track/judge.ts';
import type { RenderAlert } from '../track/outcome.ts';
import { type Hearing, proofRecord, proofsOf } from './hearings.ts';
import { sidesOf } from './sides.ts';
import { partnerOf, type RuleReport, Tally } from './tally.ts';

/** What is stored of a period. */
export interface History {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** How many events there are to come. */
  readonly total: number;
  /** Events of every shipment of which anything became known in the period, up to its end, in the order in which they became known. */
  readonly events: AsyncIterable<readonly ShipmentEvent[]>;
  readonly hearings: readonly Hearing[];
}

export interface BacktestOptions {
  /** How live traffic is judged; its rules are the rules in force. */
  readonly judge: Omit<JudgeSettings, 'renderAlert' | 'tellSince' | 'told' | 'noticeRoutes'>;
  readonly tried: RuleSet;
  /** Names of the rules to judge: those that the tried files define or change. */
  readonly names: ReadonlySet<string>;
  readonly history: History;
  /** Hears how many events were judged. */
  readonly onProgress?: (events: number) => void;
}

export interface Backtest {
  readonly events: number;
  readonly shipments: number;
  readonly rules: readonly RuleReport[];
}

/** Judges stored facts under the rules in force and under others, in one pass; equal facts give equal reports. */
export async function backtest(options: BacktestOptions): Promise<Backtest> {
  const { history, names, tried } = options;
  const sides = sidesOf(options.judge.ruleSet, tried, names);
  const tally = new Tally(sides, history, options.judge.shipmentIs);
  const renderAlert: RenderAlert = (input) => ({
    labels:
      input.about === 'shipment'
        ? { partner: partnerOf(input.rule, input.trace, { provers: () => input.channels }) }
        : input.about === 'feed'
          ? { partner: input.feed.partner }
          : {},
    text: { headline: '', lines: [], link: '' },
  });
  const judge = buildJudge({
    ...options.judge,
    ruleSet: sides.ruleSet,
    renderAlert,
    noticeRoutes: [],
    tellSince: Number.NEGATIVE_INFINITY,
    told: () => undefined,
  });
  await recallAll(judge, options, tally);
  for (let slot = 0; slot < judge.parts.shipments.size; slot += 1) {
    const { assessor, shipments } = judge.parts;
    const shipment = shipments.at(slot);
    assessor.assess(shipment, judge.parts.logTime);
    const { trace, clocks } = assessor.stateOf(shipment);
    tally.shipment(trace, clocks, judge.parts.channels);
    if (slot % SETTLE_EVERY === 0) judge.parts.shipments.settle();
  }
  return { events: judge.totals.events, shipments: judge.parts.shipments.size, rules: tally.report() };
}

const SETTLE_EVERY = 1000;

/** Events and proofs of life, merged in the order of time; clocks that fall due in between fire in between. */
async function recallAll(judge: Judge, options: BacktestOptions, tally: Tally): Promise<void> {
  const { history, onProgress } = options;
  const proofs = proofsOf(history.hearings, options.judge.channels, history.to);
  let next = 0;
  const proveUntil = (at: EpochMs): void => {
    for (let proof = proofs[next]; proof !== undefined && proof.at <= at; proof = proofs[next]) {
      next += 1;
      judge.take(proofRecord(proof, next));
    }
  };
  const settle = (): void => {
    tally.alerts(judge.drain(false).alerts);
    judge.dirty.clear();
  };
  let done = 0;
  for await (const events of history.events) {
    for (const event of events) {
      proveUntil(event.observedAt);
      judge.recall(event, { measured: false });
    }
    done += events.length;
    settle();
    onProgress?.(done);
  }
  proveUntil(history.to);
  // Clocks that are due at the very end are judged too.
  judge.advance(history.to + 1);
  settle();
}
