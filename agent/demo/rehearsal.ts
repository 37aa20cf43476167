import type { SourceConfig } from '../../collectors/settings.ts';
import type { RuleKind } from '../../rules/sla-kind.ts';
import type { EpochMs } from '../../rules/time.ts';
import { judgeSettingsOf } from '../app-judge.ts';
import { LogHeader } from '../log/headers.ts';
import type { LogRecord } from '../log/log.ts';
import { buildJudge } from '../track/build.ts';
import { demoCalendars, loadDemoProject } from './demo.ts';
import { AlertLedger, naiveFalseAlerts } from './ledger.ts';
import { Hearsay, naiveAlarms } from './naive.ts';
import type { RecordState } from './said.ts';
import { DAY, HOUR, MINUTE } from './shipment.ts';
import { HEARD_BY_HEARTBEAT } from './stage.ts';
import { isBreached, type TrueClock, trueClocks } from './truth.ts';
import { makeWorld, type World } from './world.ts';

/** What a world came to that was judged without its systems. */
export interface Rehearsed {
  readonly events: number;
  /** Clocks in the truth, those that are broken, and those of them of which somebody was told; by kind of rule. */
  readonly kinds: Readonly<Partial<Record<RuleKind, KindCounts>>>;
  readonly alerts: AlertLedger['counts'];
  readonly falseAlerts: ReturnType<AlertLedger['falseAlerts']>;
  readonly missedAlerts: ReturnType<AlertLedger['missedAlerts']>;
  readonly naiveFalseAlerts: number;
}

export interface KindCounts {
  readonly clocks: number;
  readonly broken: number;
  readonly told: number;
}

/** The systems show that they live so often, as the demo's driver lets them. */
const HEARTBEAT_EVERY_MS = 3 * HOUR;
const LAST_DAY_HEARTBEAT_MS = 10 * MINUTE;
const RECORDS_AT_ONCE = 500;

/**
 * The world of a seed, judged as in the demo and in no time: what its systems would say goes to the judge as their collectors would have
 * logged it. No engine, no network: those are for the demo itself.
 */
export function rehearse(options: {
  readonly seed: number;
  readonly shipments: number;
  readonly endAt: EpochMs;
}): Rehearsed {
  const { endAt } = options;
  const year = new Date(endAt).getUTCFullYear();
  const calendars = demoCalendars(year);
  const { ruleSet } = calendars.rules;
  const world = makeWorld({ ...options, calendars });
  const project = loadDemoProject(year);
  const config = project.config!;
  const nothingBefore = {
    bestEffort: new Set<string>(),
    told: () => undefined,
    tellSince: Number.NEGATIVE_INFINITY,
  };
  const judge = buildJudge(judgeSettingsOf(project, config, nothingBefore));
  const ledger = new AlertLedger();
  for (const [i, record] of recordsOf(world, config.sources).entries()) {
    judge.take(record);
    if (i % RECORDS_AT_ONCE !== 0) continue;
    ledger.take(judge.drain(false).alerts);
    judge.dirty.clear();
  }
  judge.advance(endAt + 1);
  ledger.take(judge.drain(false).alerts);
  const clocks = trueClocks(world.shipments, ruleSet, config.tenant, world.times.startAt);
  const hearsay = new Hearsay(world);
  return {
    events: judge.totals.events,
    kinds: kindsOf(clocks, ledger, endAt),
    alerts: ledger.counts,
    falseAlerts: ledger.falseAlerts(clocks),
    missedAlerts: ledger.missedAlerts(clocks, hearsay, endAt),
    naiveFalseAlerts: naiveFalseAlerts(naiveAlarms(clocks, hearsay, ruleSet), endAt).length,
  };
}

function kindsOf(clocks: readonly TrueClock[], ledger: AlertLedger, now: EpochMs): Rehearsed['kinds'] {
  const kinds: Partial<Record<RuleKind, KindCounts>> = {};
  for (const clock of clocks) {
    const { kind } = clock.rule;
    const { clocks: known, broken, told } = kinds[kind] ?? { clocks: 0, broken: 0, told: 0 };
    const isBroken = isBreached(clock, now);
    kinds[kind] = {
      clocks: known + 1,
      broken: broken + Number(isBroken),
      told: told + Number(isBroken && ledger.toldOf(clock)),
    };
  }
  return kinds;
}

type Unnumbered = Omit<LogRecord, 'sequence'>;

/** Everything that is in the log at the end of the world's history, in order. */
function recordsOf(world: World, sources: readonly SourceConfig[]): readonly LogRecord[] {
  const { startAt, endAt, silence } = world.times;
  const named = new Map(sources.map((source) => [source.name, source]));
  const polled = (
    name: string,
    states: readonly RecordState[],
    away?: World['times']['silence'],
  ): Unnumbered[] => polls(named.get(name)!, states, { startAt, endAt, ...(away && { away }) });
  const records = [
    ...world.messages.filter(({ at }) => at <= endAt).map(streamed),
    ...heartbeats(startAt, endAt),
    ...polled('sap-deliveries', world.deliveries),
    ...polled('sap-invoices', world.invoices),
    ...polled('ocean-a', world.ocean['ocean-a']),
    ...polled('ocean-b', world.ocean['ocean-b'], silence),
    ...world.files.filter(({ at }) => at <= endAt).flatMap((file) => dropped(file.text, file.at)),
  ].sort((a, b) => a.observedAt - b.observedAt);
  const last = new Map<string, number>();
  return records.map((record) => {
    const sequence = (last.get(record.stream) ?? 0) + 1;
    last.set(record.stream, sequence);
    return { ...record, sequence };
  });
}

const SUBJECTS = [
  ['tms.shipments.', 'TMS', 'tms'],
  ['customs.uk.import.', 'CUSTOMS', 'customs-import'],
  ['customs.uk.export.', 'CUSTOMS', 'customs-export'],
] as const;

/** A message in a stream of others, read where it is. */
function streamed({ at, subject, body }: World['messages'][number]): Unnumbered {
  const [, stream, source] = SUBJECTS.find(([prefix]) => subject.startsWith(prefix))!;
  const data = Buffer.from(body);
  return {
    ...{ kind: 'message', stream, subject, source, observedAt: at, data },
    header: () => undefined,
    headers: () => [],
  };
}

function heartbeats(startAt: EpochMs, endAt: EpochMs): readonly Unnumbered[] {
  const proofs: Unnumbered[] = [];
  for (let at = startAt; at <= endAt; at += at < endAt - DAY ? HEARTBEAT_EVERY_MS : LAST_DAY_HEARTBEAT_MS) {
    for (const source of HEARD_BY_HEARTBEAT) proofs.push(proof(source, at, at));
  }
  return proofs;
}

/**
 * The polls of a source: what changed since the last one, and then the proof. A state that the next one replaces before the poll is never
 * seen.
 */
function polls(
  source: SourceConfig,
  states: readonly RecordState[],
  times: { readonly startAt: EpochMs; readonly endAt: EpochMs; readonly away?: World['times']['silence'] },
): Unnumbered[] {
  const { startAt, endAt, away } = times;
  if (!('overlapMs' in source)) throw new Error(`${source.name} is not polled`);
  const isAway = (at: EpochMs): boolean => away !== undefined && at >= away.from && at < away.to;
  const moments: EpochMs[] = [];
  for (let at = startAt; at <= endAt; at += source.pollMs) if (!isAway(at)) moments.push(at);
  const current = new Map<string, RecordState>();
  const given = new Set<RecordState>();
  const records: Unnumbered[] = [];
  let next = 0;
  for (const at of moments) {
    const changed = new Set<string>();
    for (let state = states[next]; state !== undefined && state.at <= at; state = states[next]) {
      current.set(state.key, state);
      changed.add(state.key);
      next += 1;
    }
    for (const key of changed) {
      const state = current.get(key)!;
      if (given.has(state)) continue;
      given.add(state);
      records.push(fetched(source.name, 'application/json', key, JSON.stringify(state.record), at));
    }
    records.push(proof(source.name, at - source.overlapMs, at));
  }
  return records;
}

/** The rows of the broker's file, each with the header before it, and that the file is complete. */
function dropped(text: string, at: EpochMs): readonly Unnumbered[] {
  const [header = '', ...rows] = text.trimEnd().split('\n');
  return [
    ...rows.map((row) => fetched('broker-us', 'text/csv', row, `${header}\n${row}`, at)),
    proof('broker-us', at, at),
  ];
}

function fetched(source: string, contentType: string, origin: string, text: string, at: EpochMs): Unnumbered {
  const headers = new Map<string, string>([
    [LogHeader.source, source],
    [LogHeader.contentType, contentType],
    [LogHeader.origin, origin],
    [LogHeader.fetchedAt, String(at)],
  ]);
  return logged('message', source, Buffer.from(text), at, headers);
}

function proof(source: string, provedUntil: EpochMs, at: EpochMs): Unnumbered {
  return logged('proof', source, Buffer.from(JSON.stringify({ source, provedUntil })), at, new Map());
}

/** A record in the agent's own stream. */
const logged = (
  kind: LogRecord['kind'],
  source: string,
  data: Uint8Array,
  observedAt: EpochMs,
  headers: ReadonlyMap<string, string>,
): Unnumbered => ({
  ...{ kind, stream: 'LAYTIME_LOG', subject: `${kind}.${source}`, source, observedAt, data },
  header: (name) => headers.get(name),
  headers: () => headers,
});
