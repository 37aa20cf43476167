import type { Demo } from './demo.ts';
import { naiveFalseAlerts } from './ledger.ts';

/** What a run of the demo came to; the last four are reckoned against the simulator's own truth. */
export interface DemoResult {
  readonly events: number;
  readonly duplicates: number;
  readonly shipments: number;
  readonly deadLetters: number;
  readonly clocks: Readonly<Record<string, number>>;
  readonly alerts: { readonly raised: number; readonly resolved: number; readonly withdrawn: number };
  /** Statements that the world published and ClickHouse does not have, compared one by one. */
  readonly lost: number;
  /** Breaches told as certain, of promises that were kept. */
  readonly falseAlerts: number;
  /** Broken promises that could be known and that nobody was told of. */
  readonly missedAlerts: number;
  /** What a checker that knows only deadlines and the wall clock would have got wrong. */
  readonly naiveFalseAlerts: number;
}

/** Counts and compares, once everything judged is in ClickHouse. */
export async function resultOf(demo: Demo): Promise<DemoResult> {
  const { app, clocks, hearsay, ledger, naive } = demo;
  await app.judging?.store.flush();
  const now = demo.now();
  const [events, states, [shipments], [deadLetters]] = await Promise.all([
    rows<[string, string, string, number, string[], boolean]>(
      demo,
      `SELECT source, milestone, toString(classifier), toUnixTimestamp64Milli(occurred_at), ref_texts, retracted
       FROM laytime.events`,
    ),
    rows<[string, number]>(
      demo,
      'SELECT state, count() FROM laytime.sla_clocks GROUP BY state ORDER BY state',
    ),
    rows<[number]>(demo, 'SELECT count() FROM laytime.shipments'),
    rows<[number]>(demo, 'SELECT count() FROM laytime.dead_letters'),
  ]);
  const stored = new Set<string>();
  for (const [source, milestone, classifier, at, refs, retracted] of events) {
    if (retracted) continue;
    for (const ref of refs) stored.add([source, milestone, classifier, Number(at), ref].join('|'));
  }
  const said = new Set(
    demo.stage
      .said()
      .map(({ source, milestone, classifier, at, ref }) =>
        [source, milestone, classifier, at, ref].join('|'),
      ),
  );
  return {
    events: events.length,
    duplicates: app.judging?.judge.totals.duplicates ?? 0,
    shipments: Number(shipments?.[0] ?? 0),
    deadLetters: Number(deadLetters?.[0] ?? 0),
    clocks: Object.fromEntries(states.map(([state, count]) => [state, Number(count)])),
    alerts: ledger.counts,
    lost: [...said].filter((statement) => !stored.has(statement)).length,
    falseAlerts: ledger.falseAlerts(clocks).length,
    missedAlerts: ledger.missedAlerts(clocks, hearsay, now).length,
    naiveFalseAlerts: naiveFalseAlerts(naive, now).length,
  };
}

async function rows<Row>(demo: Demo, query: string): Promise<Row[]> {
  const answer = await demo.app.engines.store!.client.query({ query, format: 'JSONCompactEachRow' });
  return answer.json<Row>();
}
