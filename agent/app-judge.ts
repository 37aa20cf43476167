import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceConfig } from '../collectors/settings.ts';
import { viaOf } from '../collectors/via.ts';
import type { AlertMemory } from '../rules/alert.ts';
import type { ChannelSource } from '../rules/channels-channel.ts';
import type { EpochMs } from '../rules/time.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Project } from './config-load.ts';
import type { Positions } from './log/log.ts';
import { alertRenderer } from './notify/render.ts';
import { identityHashOf, type JudgeSettings, snapshotOf } from './track/build.ts';
import type { Judge } from './track/judge.ts';
import { writeSnapshot } from './track/snapshot.ts';

export interface JudgeFacts {
  /** Sources whose messages nobody keeps while we are away. */
  readonly bestEffort: ReadonlySet<string>;
  readonly told: (alertId: string) => AlertMemory | undefined;
  readonly tellSince: EpochMs;
}

/** What the configuration says to the judge. The project must be free of errors. */
export function judgeSettingsOf(project: Project, config: Config, facts: JudgeFacts): JudgeSettings {
  const mapOf = (source: SourceConfig) => project.maps.get(source.map)!;
  return {
    tenant: config.tenant,
    shipmentIs: config.shipmentIs,
    ruleSet: project.rules.ruleSet,
    sources: config.sources.map((source) => ({
      identity: {
        name: source.name,
        tenant: source.tenant,
        partner: source.partner,
        fallbackZone: config.timezone,
        ...(source.zone !== undefined && { zone: source.zone }),
      },
      map: mapOf(source),
      ...(source.kind === 'nats' &&
        source.correlationHeader !== undefined && { correlationHeader: source.correlationHeader }),
    })),
    channels: config.sources.map(
      (source): ChannelSource => ({
        name: source.name,
        partners: [source.partner],
        proves: mapOf(source).proves,
        reportingLagMs: source.reportingLagMs,
        ...(source.observedLag !== undefined && { observedLag: source.observedLag }),
        via: viaOf(source, mapOf(source)),
        bestEffort: facts.bestEffort.has(source.name),
        provenBy: provenBy(source),
        ...(source.expectEveryMs !== undefined && { expectEveryMs: source.expectEveryMs }),
        ...('quietHours' in source && source.quietHours !== undefined && { quietHours: source.quietHours }),
        ...(source.serves !== undefined && { serves: source.serves }),
      }),
    ),
    renderAlert: alertRenderer({ readerZone: config.timezone, baseUrl: config.publicUrl }),
    noticeRoutes: config.notify.map((route) => route.name),
    tellSince: facts.tellSince,
    told: facts.told,
  };
}

function provenBy(source: SourceConfig): ChannelSource['provenBy'] {
  if ('pollMs' in source && source.kind !== 'files' && source.kind !== 'sftp') return 'polls';
  return source.heartbeatSubject === undefined ? 'messages' : 'heartbeats';
}

/** A snapshot after this much was judged, or this long after the last one when anything was. */
const RECORDS_BETWEEN = 500_000;
const TIME_BETWEEN_MS = 5 * 60_000;

/** Saves the judge's memory when it is time. One write at a time, beside the judging; `now` forces one. */
export class Snapshots {
  readonly directory: string;
  readonly #hashes: { readonly identityHash: string };
  readonly #clock: Clock;
  readonly #onFault: (error: unknown) => void;
  #saved: { readonly at: number; readonly records: number };
  #durable: Positions | undefined;
  #writing: Promise<void> | undefined;

  constructor(directory: string, settings: JudgeSettings, clock: Clock, onFault: (error: unknown) => void) {
    this.directory = directory;
    this.#hashes = { identityHash: identityHashOf(settings) };
    this.#clock = clock;
    this.#onFault = onFault;
    this.#saved = { at: clock.elapsed(), records: 0 };
  }

  /** Positions of a snapshot that became durable since the last call. */
  tick(judge: Judge): Positions | undefined {
    const records = judge.totals.records - this.#saved.records;
    const due =
      records >= RECORDS_BETWEEN ||
      (records > 0 && this.#clock.elapsed() - this.#saved.at >= TIME_BETWEEN_MS);
    if (due && this.#writing === undefined) void this.now(judge);
    const durable = this.#durable;
    this.#durable = undefined;
    return durable;
  }

  /** Writes one at once; resolves when it is durable, or could not be written (the next one tries again). */
  async now(judge: Judge): Promise<Positions | undefined> {
    await this.#writing;
    this.#saved = { at: this.#clock.elapsed(), records: judge.totals.records };
    const snapshot = snapshotOf(judge, this.#hashes);
    let written: Positions | undefined;
    this.#writing = writeSnapshot(this.directory, snapshot)
      .then(() => {
        written = snapshot.head.positions;
        this.#durable = written;
      })
      .catch(this.#onFault)
      .finally(() => {
        this.#writing = undefined;
      });
    await this.#writing;
    return written;
  }
}

/** Who we are, the same after every restart on this data directory. */
export async function holderId(dataDir: string): Promise<string> {
  const path = join(dataDir, 'holder-id');
  const known = await readFile(path, 'utf8').catch(() => '');
  if (known.trim() !== '') return known.trim();
  const id = randomUUID();
  await mkdir(dataDir, { recursive: true });
  await writeFile(path, `${id}\n`);
  return id;
}
