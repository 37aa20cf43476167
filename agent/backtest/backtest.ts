import type { RuleSet } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import { Assessor } from '../track/assessor.ts';
import { type JudgeSettings, rankOf } from '../track/build.ts';
import type { RenderAlert } from '../track/outcome.ts';
import { RulesInForce } from '../track/rules-in-force.ts';
import { type Life, Lives } from './life.ts';
import { type Hearsay, listen } from './listen.ts';
import { sidesOf } from './sides.ts';
import { partnerOf, type RuleReport, Tally } from './tally.ts';

/** What is stored of a period. */
export interface History extends Hearsay {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** How many facts there are to come, an event counting once for each shipment that it speaks of. */
  readonly total: number;
  /** Every shipment that the period concerns, each once, with what was known of it by the end of the period. */
  readonly lives: AsyncIterable<readonly Life[]>;
  /** What people call shipments; those that nobody names are left out. */
  namesOf(shipmentIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

export interface BacktestOptions {
  /** How live traffic is judged; its rules are the rules in force. */
  readonly judge: Pick<JudgeSettings, 'tenant' | 'ruleSet' | 'sources' | 'channels'>;
  readonly tried: RuleSet;
  /** Names of the rules to judge: those that the tried files define or change. */
  readonly names: ReadonlySet<string>;
  readonly history: History;
  /** Hears how many facts were judged. */
  readonly onProgress?: (facts: number) => void;
}

export interface Backtest {
  readonly events: number;
  readonly shipments: number;
  readonly rules: readonly RuleReport[];
}

/** Judges stored facts under the rules in force and under others, in one pass; equal facts give equal reports. */
export async function backtest(options: BacktestOptions): Promise<Backtest> {
  const { history, names, tried, onProgress } = options;
  const { tenant, ruleSet: inForce, sources, channels } = options.judge;
  const sides = sidesOf(inForce, tried, names);
  const { ruleSet } = sides;
  const tally = new Tally(sides, history);
  const tellSince = Number.NEGATIVE_INFINITY;
  const rules = new RulesInForce(ruleSet);
  const { heard, alerts } = await listen(history, { tenant, channels, rules, renderAlert }, history.to);
  tally.alerts(alerts);
  const assessor = new Assessor({
    ...{ tenant, ruleSet, tellSince, renderAlert },
    channels: heard,
    refsOf: () => [],
    sourceRank: rankOf(sources),
    told: () => undefined,
  });
  const lives = new Lives(assessor, heard, tally, history.to);
  let [events, shipments] = [0, 0];
  for await (const batch of history.lives) {
    for (const life of batch) {
      lives.judge(life);
      events += life.facts.length;
    }
    shipments += batch.length;
    onProgress?.(events);
  }
  return { events, shipments, rules: tally.report(await history.namesOf(tally.exampleIds())) };
}

/** Nobody reads what is only counted: by whom it is said is enough. */
const renderAlert: RenderAlert = (input) => ({
  labels:
    input.about === 'shipment'
      ? { partner: partnerOf(input.rule, input.trace, { provers: () => input.channels }) }
      : input.about === 'feed'
        ? { partner: input.feed.partner }
        : {},
  text: { headline: '', lines: [], link: '' },
});
