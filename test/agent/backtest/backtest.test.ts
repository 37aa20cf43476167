import t from 'tap';
import { type Backtest, backtest, type History } from '../../../agent/backtest/backtest.ts';
import { proofsOf } from '../../../agent/backtest/hearings.ts';
import type { RuleReport } from '../../../agent/backtest/tally.ts';
import type { JudgeBatch } from '../../../agent/track/outcome.ts';
import type { ShipmentEvent } from '../../../rules/event.ts';
import { refText } from '../../../rules/refs.ts';
import { bytesIn, hubJudge, hubSettings, rulesOf, saidBy, takeAll } from '../../support/judge.ts';
import { traffic } from '../../support/traffic.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 5, 1);
const RULES = `
rules:
  release: { title: Release, from: arrived at destination, to: customs.released, within: 60h, warn: 6h before, notify: desk }
  duty: { title: Duty posted, from: duty.assessed, to: duty.posted, within: 40h, notify: desk }
`;

/** What the store would hold after a judge read these batches. */
function historyOf(batches: readonly JudgeBatch[], from: number, to: number): History {
  const events = new Map<string, ShipmentEvent>();
  for (const event of batches.flatMap((batch) => batch.events))
    if (!events.has(event.id)) events.set(event.id, event);
  const facts = batches
    .flatMap(({ links }) => links)
    .filter(({ at }) => at <= to)
    .map(({ shipmentId, eventId, ...link }) => ({ ...link, shipmentId, event: events.get(eventId)! }))
    .sort((a, b) => a.at - b.at || a.event.raw.sequence - b.event.raw.sequence);
  const lives = [...Map.groupBy(facts, ({ shipmentId }) => shipmentId)]
    .map(([shipmentId, of]) => ({ shipmentId, facts: of }))
    .sort((a, b) => (a.shipmentId < b.shipmentId ? -1 : 1));
  const names = new Map(
    facts.map(({ shipmentId, event }) => [
      shipmentId,
      event.refs.filter(({ type }) => type === 'delivery').map(refText)[0]!,
    ]),
  );
  const intervals = batches.flatMap(({ channels }) => channels);
  return {
    ...{ from, to, total: facts.length },
    lives: (async function* () {
      for (let at = 0; at < lives.length; at += 50) yield lives.slice(at, at + 50);
    })(),
    hearings: intervals.map(({ source, partner, status, from: since }, i) => {
      const next = intervals.slice(i + 1).find((other) => other.partner === partner);
      return { source, partner, status, since, ...(next && { until: next.from }) };
    }),
    waited: waitedOf([...events.values()], facts),
    firstTold: () => firstToldOf([...events.values()].filter(({ observedAt }) => observedAt <= to)),
    namesOf: async () => names,
  };
}

function waitedOf(
  events: readonly ShipmentEvent[],
  facts: readonly { readonly at: number; readonly event: ShipmentEvent }[],
): History['waited'] {
  const linkedAt = new Map(facts.toReversed().map(({ at, event }) => [event.key, at]));
  const first = new Map(events.toReversed().map((event) => [event.key, event]));
  return [...first.values()].flatMap(({ key, source, partner, milestone, observedAt, classifier }) => {
    const until = linkedAt.get(key);
    if (classifier !== 'actual' || until === observedAt) return [];
    return { ...{ key, source, partner, milestone, since: observedAt }, ...(until && { until }) };
  });
}

async function* firstToldOf(events: readonly ShipmentEvent[]): ReturnType<History['firstTold']> {
  const first = new Map(events.toReversed().map((event) => [event.key, event]));
  yield [...first.values()]
    .filter(({ classifier, retracted }) => classifier === 'actual' && !retracted)
    .map(({ id: eventId, source, partner, occurredAt, observedAt }) => ({
      ...{ eventId, source, partner, observedAt },
      happened: occurredAt.to,
    }))
    .sort((a, b) => a.observedAt - b.observedAt);
}

const run = (rules: string, tried: string, history: History): Promise<Backtest> => {
  const ruleSet = rulesOf(tried);
  return backtest({
    judge: hubSettings({ rules, channel: { expectEveryMs: HOUR } }),
    tried: ruleSet,
    names: new Set(ruleSet.rules.map(({ name }) => name)),
    history,
  });
};

const ruleIn = ({ rules }: Backtest, name: string): RuleReport => rules.find(({ rule }) => rule === name)!;
const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, n) => sum + n, 0);

/** A month of traffic, judged live. */
function live(): { batches: JudgeBatch[]; to: number } {
  const judge = hubJudge({ rules: RULES, channel: { expectEveryMs: HOUR } });
  const messages = traffic({
    ...{ seed: 7, messages: 3_000, duplicates: 0.2, outOfOrder: 0.2, revisions: 0.05 },
    ...{ startAt: START, everyMs: 10 * 60_000 },
  });
  const batches = [];
  const records = messages.map(({ body, observedAt }, i) => bytesIn(body, observedAt, i + 1));
  for (let at = 0; at < records.length; at += 100) batches.push(takeAll(judge, records.slice(at, at + 100)));
  return { batches, to: judge.parts.logTime };
}

t.test('the rules in force, tried, would tell what they told', async (t) => {
  const { batches, to } = live();
  const told: Record<string, Record<string, number>> = {};
  for (const { rule, change } of batches.flatMap(({ alerts }) => alerts)) {
    told[rule] = { ...told[rule], [change.kind]: (told[rule]?.[change.kind] ?? 0) + 1 };
  }
  const result = await run(RULES, RULES, historyOf(batches, START, to));
  for (const name of ['release', 'duty']) {
    const report = ruleIn(result, name);
    t.equal(report.change, 'same');
    t.ok(total(report.tried.told) > 50, `${name} alerted often enough to say something`);
    t.strictSame(raised(report.tried.told), raised(told[name] ?? {}), name);
    t.strictSame(report.tried, report.inForce);
    t.equal(report.differing, 0);
  }
});

/** Alerts by what became of them. Whether one was confirmed at once hangs on when exactly a channel proved itself, which is not stored. */
const raised = (told: Readonly<Record<string, number>>): object => ({
  warned: told['at-risk'],
  raised: (told.fired ?? 0) + (told['fired-unconfirmed'] ?? 0) + (told.reopened ?? 0),
  resolved: told.resolved,
  withdrawn: told.withdrawn,
});

t.test('a stricter budget shows whom it would have caught, and only in the period', async (t) => {
  const { batches, to } = live();
  const tried = RULES.replace('within: 60h', 'within: 30h');
  const result = await run(RULES, tried, historyOf(batches, START, to));
  const release = ruleIn(result, 'release');
  t.equal(release.change, 'changed');
  t.ok((release.tried.clocks['met-late'] ?? 0) > (release.inForce.clocks['met-late'] ?? 0));
  t.equal(total(release.tried.clocks), total(release.inForce.clocks), 'the same clocks');
  t.ok(release.differing > 0);
  t.match(release.examples[0], { shipment: /^delivery:80/, partner: 'hub', inForce: { state: 'met' } });
  t.match(release.examples[0]?.tried?.state, /^(met-late|breached)$/);
  t.strictSame(
    release.byPartner.map(({ partner }) => partner),
    ['hub'],
  );
  t.equal(ruleIn(result, 'duty').differing, 0);

  const later = await run(RULES, tried, historyOf(batches, START + 12 * DAY, to));
  t.ok(total(ruleIn(later, 'release').tried.told) < total(release.tried.told));
  t.ok(total(ruleIn(later, 'release').tried.clocks) < total(release.tried.clocks));
});

t.test('a rule that is new, and one that is switched off', async (t) => {
  const { batches, to } = live();
  const tried = `
rules:
  duty: { title: Duty posted, mode: off, from: duty.assessed, to: duty.posted, within: 40h }
  sailing: { title: Sailed, from: loaded at origin, to: departed at origin, within: 3h }
`;
  const result = await run(RULES, tried, historyOf(batches, START, to));
  t.equal(ruleIn(result, 'duty').change, 'gone');
  t.strictSame(ruleIn(result, 'duty').tried, { clocks: {}, told: {} });
  t.ok(total(ruleIn(result, 'duty').inForce.clocks) > 0);
  t.equal(ruleIn(result, 'sailing').change, 'new');
  t.ok(total(ruleIn(result, 'sailing').tried.clocks) > 0);
  t.strictSame(ruleIn(result, 'sailing').inForce, { clocks: {}, told: {} });
});

t.test('a channel that was blind then does not confirm a breach now', async (t) => {
  const rules =
    'rules: { release: { from: arrived at destination, to: customs.released, within: 6h, wait_for_feeds: 1d } }';
  const judge = hubJudge({ rules, channel: { expectEveryMs: HOUR } });
  const said = (id: string, type: string, at: number, sequence: number) =>
    saidBy(
      {
        ...{ id, type, at: new Date(at).toISOString(), refs: { delivery: '80000001' } },
        ...(type === 'arrived' && { more: { role: 'destination' } }),
      },
      at,
      sequence,
    );
  const batches = [
    takeAll(judge, [said('a', 'arrived', START, 1), bytesIn('{}', START + 10 * HOUR, 2, 'tick')]),
    takeAll(judge, [said('b', 'customs.released', START + 10 * HOUR, 3)]),
  ];
  const tried = rules.replace('6h', '3h');
  const until = async (to: number) =>
    ruleIn(await run(rules, tried, historyOf(batches, START, to)), 'release');
  t.strictSame((await until(START + 8 * HOUR)).tried, { clocks: { unknown: 1 }, told: {} });
  const after = await until(START + 11 * HOUR);
  t.strictSame(after.tried.clocks, { 'met-late': 1 });
  t.notOk(after.tried.told.fired, 'nobody would have been told before the end was known');
});

t.test('a channel that is heard proves itself again and again, at its last moment too', async (t) => {
  const all = proofsOf(
    [
      { source: 'hub', partner: 'a', status: 'hearing', since: START, until: START + 40 * 60_000 },
      { source: 'hub', partner: 'a', status: 'blind', since: START + 40 * 60_000 },
      { source: 'gone', partner: 'a', status: 'hearing', since: START },
    ],
    hubSettings({ rules: RULES, channel: { expectEveryMs: HOUR } }).channels,
    START + DAY,
  );
  t.strictSame(
    [...all].map(({ at }) => (at - START) / 60_000),
    [0, 15, 30, 40],
  );
});

t.test('feed rules are tried, too: who would have been silent for too long, or told too late', async (t) => {
  const judge = hubJudge({ rules: RULES, channel: { expectEveryMs: 6 * HOUR } });
  const told = (hours: number, lag: number, n: number) => {
    const at = new Date(START + (hours - lag) * HOUR).toISOString();
    return saidBy({ id: `f${n}`, type: 'arrived', at, refs: { delivery: `8${n}` } }, START + hours * HOUR, n);
  };
  const early = Array.from({ length: 30 }, (_, i) => told(1 + i, 0, i + 1));
  const late = Array.from({ length: 30 }, (_, i) => told(50 + i, 5, i + 31));
  const batch = takeAll(judge, [...early, ...late]);
  const feed = (more: string) => `rules: { hub: { title: Hub, kind: feed, ${more}, notify: desk } }`;
  const result = await run(RULES, feed('silent_for: 12h'), historyOf([batch], START, START + 90 * HOUR));
  t.match(ruleIn(result, 'hub'), {
    change: 'new',
    byPartner: [{ partner: 'hub', tried: { told: { fired: 1, resolved: 1 } } }],
  });
  const slow = await run(
    feed('lag: 99% within 6h'),
    feed('lag: 90% within 2h'),
    historyOf([batch], START, START + 90 * HOUR),
  );
  t.match(ruleIn(slow, 'hub'), { change: 'changed', tried: { told: { fired: 1 } }, inForce: { told: {} } });
});
