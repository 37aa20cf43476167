import { backtest } from '../../agent/backtest/backtest.ts';
import { rulesOf } from '../support/judge.ts';
import { perCpuSecond } from './project.ts';
import { eventsOf, hundredRules, hundredRulesSettings } from './rules.ts';

export interface Backtested {
  readonly events: number;
  readonly shipments: number;
  /** A file that tries one rule for every country, beside those in force. */
  readonly oneRuleTriedEventsPerCpuSecond: number;
  /** A file that changes all hundred: both sides are judged. */
  readonly hundredRulesChangedEventsPerCpuSecond: number;
}

const PAGE = 5000;

/** History in memory, judged under rules in force and rules tried; reading it from ClickHouse is not counted. */
export async function measureBacktest(messages: number): Promise<Backtested> {
  const judge = hundredRulesSettings();
  const events = eventsOf(messages, judge);
  const to = events.at(-1)!.observedAt;
  const run = async (rules: string): Promise<{ speed: number; shipments: number }> => {
    const tried = rulesOf(rules);
    const cpu = process.cpuUsage();
    const { shipments } = await backtest({
      ...{ judge, tried, names: new Set(tried.rules.map(({ name }) => name)) },
      history: {
        ...{ from: events[0]!.observedAt, to, total: events.length, hearings: [] },
        events: (async function* () {
          for (let at = 0; at < events.length; at += PAGE) yield events.slice(at, at + PAGE);
        })(),
      },
    });
    return { speed: perCpuSecond(events.length, cpu), shipments };
  };
  const one = await run(
    'rules:\n  tried: { from: arrived at destination, to: customs.released, within: 40h, notify: desk }\n',
  );
  const all = await run(
    hundredRules().replaceAll('54bh', '45bh').replaceAll('9bd', '8bd').replaceAll('24bh', '16bh'),
  );
  return {
    events: events.length,
    shipments: one.shipments,
    oneRuleTriedEventsPerCpuSecond: one.speed,
    hundredRulesChangedEventsPerCpuSecond: all.speed,
  };
}
