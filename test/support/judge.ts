import type { LogRecord } from '../../agent/log/log.ts';
import { alertRenderer } from '../../agent/notify/render.ts';
import { buildJudge, type JudgeSettings } from '../../agent/track/build.ts';
import type { Judge } from '../../agent/track/judge.ts';
import type { AlertRecord, JudgeBatch } from '../../agent/track/outcome.ts';
import type { StoredFacts } from '../../agent/track/rebuild.ts';
import type { Snapshot } from '../../agent/track/snapshot.ts';
import { builtinMapText } from '../../collectors/maps/builtin.ts';
import { compileMap } from '../../collectors/maps/compile.ts';
import type { ChannelSource } from '../../rules/channels-channel.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import { formatProblem } from '../../rules/problem.ts';
import { parseRules } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';

/** A rule file that parses, or the test ends with what is wrong in it. */
export function rulesOf(text: string): JudgeSettings['ruleSet'] {
  const parsed = parseRules([{ file: 'rules.yaml', text }], 2026);
  const wrong = parsed.problems.filter((problem) => problem.severity === 'error');
  if (wrong.length > 0) throw new Error(wrong.map((problem) => formatProblem(problem, text)).join('\n'));
  return parsed.ruleSet;
}

export interface HubOptions {
  readonly rules: string;
  readonly channel?: Partial<ChannelSource>;
  readonly snapshot?: Snapshot;
  readonly told?: JudgeSettings['told'];
  /** Text of the hub's map; absent: CloudEvents. */
  readonly map?: string;
}

/** What {@link hubJudge} is built from, for snapshots. */
export function hubSettings({ rules, channel, told, map: text }: HubOptions): JudgeSettings {
  const { map, problems } = compileMap(text ?? builtinMapText('builtin:cloudevents') ?? '', 'hub.yaml');
  if (map === undefined) throw new Error(problems.map((problem) => problem.message).join('\n'));
  return {
    tenant: 'default',
    shipmentIs: 'delivery',
    ruleSet: rulesOf(rules),
    sources: [{ identity: { name: 'hub', tenant: 'default', partner: 'hub', fallbackZone: 'UTC' }, map }],
    channels: [
      {
        name: 'hub',
        partners: ['hub'],
        proves: map.proves,
        reportingLagMs: 0,
        bestEffort: false,
        provenBy: 'messages',
        ...channel,
      },
    ],
    renderAlert: alertRenderer({ readerZone: 'Europe/Berlin', baseUrl: '' }),
    noticeRoutes: ['ops'],
    tellSince: Number.NEGATIVE_INFINITY,
    told: told ?? (() => undefined),
  };
}

/** A judge that hears one hub, which speaks CloudEvents. */
export const hubJudge = (options: HubOptions): Judge => buildJudge(hubSettings(options), options.snapshot);

export interface Said {
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly refs: Readonly<Record<string, string>>;
  readonly recordedAt?: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** The hub's message, as it stands in the log. */
export function saidBy(said: Said, observedAt: EpochMs, sequence: number): LogRecord {
  const { id, type, at, refs, recordedAt = at, more } = said;
  const event = {
    specversion: '1.0',
    id,
    source: '/hub',
    type,
    time: recordedAt,
    recordedtime: recordedAt,
    data: { refs, occurredAt: at, ...more },
  };
  return bytesIn(JSON.stringify(event), observedAt, sequence);
}

export const bytesIn = (
  text: string,
  observedAt: EpochMs,
  sequence: number,
  kind: LogRecord['kind'] = 'message',
): LogRecord => ({
  kind,
  stream: 'HUB',
  sequence,
  subject: 'hub.events',
  observedAt,
  source: 'hub',
  header: () => undefined,
  headers: () => [],
  data: Buffer.from(text),
});

/** `14:00 fired release` for each alert change: what a person at the desk would see. */
export const toldAt = (alerts: readonly AlertRecord[]): string[] =>
  alerts.map(
    ({ change, rule }) => `${new Date(change.at).toISOString().slice(5, 16)} ${change.kind} ${rule}`,
  );

/** Drains everything judged so far into one list of batches. */
export function takeAll(judge: Judge, records: readonly LogRecord[]): JudgeBatch {
  for (const record of records) judge.take(record);
  return judge.drain();
}

/** What ClickHouse would hold after these batches, oldest first. */
export function storedFacts(batches: readonly JudgeBatch[]): StoredFacts {
  const { positions, logTime, heard } = batches.at(-1)!;
  if (heard === undefined) throw new Error('the last batch is not the judge’s own');
  const operator = batches.flatMap((batch) => batch.operator);
  const dismissed = new Set(
    operator.filter(({ action }) => action === 'dismiss-dead-letter').map(({ subject }) => subject),
  );
  // The first sighting of an event is the one that stays.
  const events = new Map<string, ShipmentEvent>();
  for (const event of batches.flatMap((batch) => batch.events))
    if (!events.has(event.id)) events.set(event.id, event);
  return {
    positions,
    logTime,
    heard,
    deadLetters: batches.flatMap((batch) => batch.deadLetters).filter(({ id }) => !dismissed.has(id)),
    actions: operator.filter(({ action }) => action !== 'dismiss-dead-letter'),
    events: (async function* () {
      yield [...events.values()];
    })(),
  };
}
