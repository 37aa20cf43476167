import type { DurationMs, EpochMs } from './time.ts';

/** That a channel's lag is taken from what it was seen to be. */
export interface ObservedLag {
  /** Of a hundred reports so many are known within it: 0.95. */
  readonly share: number;
  /** Never more than this: one bad week must not keep every deadline open. */
  readonly atMostMs: DurationMs;
}

/** An event that tells, for the first time, of what happened; of a date, by its last instant. */
export interface Report {
  readonly eventId: string;
  readonly happened: EpochMs;
}

/** What was measured of a channel. */
export interface MeasuredLag {
  /** Within this the asked share of reports was known, to a tenth. */
  readonly ms: DurationMs;
  /** Of so many reports. */
  readonly of: number;
}

/** JSON. Counts are pairs of bucket and number, `b,n,b,n`. */
export interface SavedLag {
  readonly since: EpochMs;
  readonly week: number;
  readonly counts: readonly [thisWeek: string, lastWeek: string];
  readonly slowest: readonly [thisWeek: SlowReport, lastWeek: SlowReport];
  /** Event id of the last report; '' before the first. */
  readonly last: string;
  /** What is taken off a watermark, where it is observed. */
  readonly allowedMs: DurationMs;
}

/** The report of a week that took longest. */
export interface SlowReport {
  readonly eventId: string;
  readonly ms: DurationMs;
}

const MINUTE_MS: DurationMs = 60_000;
const WEEK_MS: DurationMs = 7 * 86_400_000;
/** Fewer reports say nothing of a partner. */
const ENOUGH = 20;
const RECKON_EVERY = 10;
const NOBODY: SlowReport = { eventId: '', ms: 0 };

/** Upper bounds of the buckets, each a tenth more than the one before, from a minute to more than ninety days. */
const BOUNDS: readonly DurationMs[] = Array.from({ length: 125 }, (_, i) => Math.round(MINUTE_MS * 1.1 ** i));

/** The first bucket whose bound is not below `ms`; what is longer than all of them is in the last. */
function bucketOf(ms: DurationMs): number {
  let [low, high] = [0, BOUNDS.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (BOUNDS[middle]! < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * How long a channel takes to tell what happened. Reports are counted by how long they took, this week and the week before, so that the
 * order in which they came in a week does not matter, and a partner that has mended is soon taken at its word.
 *
 * ```text
 *   happened ●──────────● known to us        one report, a lag
 *            ╎ first heard, or heard again after a silence: what happened before is history, or was held up, and says nothing of the partner
 * ```
 */
export class ReportingLag {
  readonly #observed: ObservedLag | undefined;
  #allowedMs: DurationMs;
  #since: EpochMs = Number.POSITIVE_INFINITY;
  #week = 0;
  #counts: readonly [Uint32Array, Uint32Array] = [counters(), counters()];
  #totals: readonly [number, number] = [0, 0];
  #slowest: readonly [SlowReport, SlowReport] = [NOBODY, NOBODY];
  #last = '';
  #saved: SavedLag | undefined;

  /** `configuredMs`: taken off a watermark; where it is observed, until enough is known. */
  constructor(configuredMs: DurationMs, observed?: ObservedLag) {
    this.#allowedMs = configuredMs;
    this.#observed = observed;
  }

  /** What is taken off a watermark. */
  get allowedMs(): DurationMs {
    return this.#allowedMs;
  }

  /** The report of this week and the last that took longest; undefined before the first. */
  get slowest(): SlowReport | undefined {
    const [now, before] = this.#slowest;
    const slowest = now.ms >= before.ms ? now : before;
    return slowest.eventId === '' ? undefined : slowest;
  }

  /** Event id of the last thing that was told for the first time, measured or not; undefined before the first. */
  get last(): string | undefined {
    return this.#last === '' ? undefined : this.#last;
  }

  /** From here on the channel is heard: only what happens from now on can be told late. */
  heardFrom(at: EpochMs): void {
    this.#since = at;
    this.#saved = undefined;
  }

  /** Something that happened was told for the first time. Returns how long it took; undefined when that says nothing of the partner. */
  report({ eventId, happened }: Report, at: EpochMs): DurationMs | undefined {
    this.#last = eventId;
    this.#saved = undefined;
    if (happened < this.#since) return undefined;
    const ms = Math.max(0, at - happened);
    this.#turn(Math.floor(at / WEEK_MS));
    this.#counts[0][bucketOf(ms)]! += 1;
    this.#totals = [this.#totals[0] + 1, this.#totals[1]];
    const [slow, before] = this.#slowest;
    if (slow.eventId === '' || ms > slow.ms) this.#slowest = [{ eventId, ms }, before];
    return ms;
  }

  /** After every tenth report what follows from them is reckoned again: the moments hang on the reports alone. */
  get isTimeToReckon(): boolean {
    return this.#total() % RECKON_EVERY === 0;
  }

  /** What is to be allowed from now on; undefined when nothing changes. */
  reckon(): DurationMs | undefined {
    if (this.#observed === undefined) return undefined;
    const measured = this.measured(this.#observed.share);
    if (measured === undefined) return undefined;
    const allowed = Math.min(measured.ms, this.#observed.atMostMs);
    return allowed === this.#allowedMs ? undefined : allowed;
  }

  allow(ms: DurationMs): void {
    this.#allowedMs = ms;
    this.#saved = undefined;
  }

  /** Within how long a share of the reports of this week and the last was known; undefined while there are too few. */
  measured(share: number): MeasuredLag | undefined {
    const of = this.#total();
    if (of < ENOUGH) return undefined;
    const rank = Math.ceil(of * share);
    let seen = 0;
    for (const [bucket, bound] of BOUNDS.entries()) {
      seen += this.#of(bucket);
      if (seen >= rank) return { ms: bound, of };
    }
    return undefined;
  }

  /** The share of reports that took longer than `limitMs`; undefined while there are too few. */
  shareLater(limitMs: DurationMs): number | undefined {
    const of = this.#total();
    if (of < ENOUGH) return undefined;
    let late = 0;
    for (let bucket = bucketOf(limitMs) + 1; bucket < BOUNDS.length; bucket += 1) late += this.#of(bucket);
    return late / of;
  }

  dump(): SavedLag | undefined {
    if (!Number.isFinite(this.#since)) return undefined;
    this.#saved ??= {
      since: this.#since,
      week: this.#week,
      counts: [pairsOf(this.#counts[0]), pairsOf(this.#counts[1])],
      slowest: this.#slowest,
      last: this.#last,
      allowedMs: this.#allowedMs,
    };
    return this.#saved;
  }

  load({ since, week, counts, slowest, last, allowedMs }: SavedLag): void {
    this.#since = since;
    this.#week = week;
    this.#counts = [countersOf(counts[0]), countersOf(counts[1])];
    this.#totals = [totalOf(this.#counts[0]), totalOf(this.#counts[1])];
    this.#slowest = slowest;
    this.#last = last;
    // What the configuration says goes before what was allowed under another one.
    if (this.#observed !== undefined) this.#allowedMs = Math.min(allowedMs, this.#observed.atMostMs);
  }

  #turn(week: number): void {
    if (week <= this.#week) return;
    const next = week === this.#week + 1;
    this.#counts = [counters(), next ? this.#counts[0] : counters()];
    this.#totals = [0, next ? this.#totals[0] : 0];
    this.#slowest = [NOBODY, next ? this.#slowest[0] : NOBODY];
    this.#week = week;
  }

  #of(bucket: number): number {
    return this.#counts[0][bucket]! + this.#counts[1][bucket]!;
  }

  #total(): number {
    return this.#totals[0] + this.#totals[1];
  }
}

const counters = (): Uint32Array => new Uint32Array(BOUNDS.length);
const totalOf = (counts: Uint32Array): number => counts.reduce((sum, count) => sum + count, 0);

function pairsOf(counts: Uint32Array): string {
  const pairs: number[] = [];
  for (const [bucket, count] of counts.entries()) if (count > 0) pairs.push(bucket, count);
  return pairs.join(',');
}

function countersOf(pairs: string): Uint32Array {
  const counts = counters();
  const numbers = pairs === '' ? [] : pairs.split(',').map(Number);
  for (let i = 0; i + 1 < numbers.length; i += 2) counts[numbers[i]!] = numbers[i + 1]!;
  return counts;
}
