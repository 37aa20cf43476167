import type { Calendar, Window } from './calendar.ts';
import type { DurationMs, EpochMs } from './time.ts';

/** A local date on which a calendar opens. */
export interface OpenDay {
  /** First moment of the date, and of the next. */
  readonly dateFrom: EpochMs;
  readonly dateTo: EpochMs;
  /**
   * First opening and last closing of the shifts that begin on the date; a night shift closes on the next.
   */
  readonly open: EpochMs;
  readonly close: EpochMs;
}

/** A moment or an answer lies outside the compiled years. */
export class OutsideCalendar extends RangeError {
  readonly side: 'before' | 'after';
  /** The moment asked for; absent when only the answer lies outside. */
  readonly at: EpochMs | undefined;

  constructor(calendar: Calendar, side: 'before' | 'after', at?: EpochMs) {
    const { from, to } = calendar.covers;
    const span = `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
    super(`calendar ${calendar.name} covers ${span}; the moment asked for lies ${side} that`);
    this.side = side;
    this.at = at;
  }
}

const NO_PAUSES: readonly Window[] = [];

/**
 * Business time as sorted open intervals with prefix sums; every answer is a few binary searches.
 *
 * ```text
 *   open      ├────┤      ├────┤      ├────┤
 *   prefix    0          4h          8h          12h
 * ```
 */
export class IntervalCalendar implements Calendar {
  readonly name: string;
  readonly zone: string;
  readonly covers: Window;
  readonly #from: Float64Array;
  readonly #to: Float64Array;
  /** Open time before interval i; one more element than there are intervals. */
  readonly #prefix: Float64Array;
  readonly #days: readonly OpenDay[];
  readonly #dateFrom: Float64Array;

  constructor(name: string, zone: string, covers: Window, open: readonly Window[], days: readonly OpenDay[]) {
    this.name = name;
    this.zone = zone;
    this.covers = covers;
    this.#from = Float64Array.from(open, (w) => w.from);
    this.#to = Float64Array.from(open, (w) => w.to);
    this.#prefix = new Float64Array(open.length + 1);
    for (const [i, w] of open.entries()) this.#prefix[i + 1] = this.#prefix[i]! + (w.to - w.from);
    this.#days = days;
    this.#dateFrom = Float64Array.from(days, (d) => d.dateFrom);
  }

  addOpen(from: EpochMs, openMs: DurationMs, pauses: readonly Window[] = NO_PAUSES): EpochMs {
    if (openMs <= 0) return this.#checked(from);
    let position = this.#openBefore(from) + openMs;
    let due = this.#firstAt(position);
    for (const pause of normalPauses(pauses)) {
      if (pause.to <= from) continue;
      if (pause.from >= due) break;
      const since = Math.max(pause.from, from);
      position += this.#openBefore(pause.to) - this.#openBefore(since);
      due = this.#firstAt(position);
    }
    return due;
  }

  subtractOpen(to: EpochMs, openMs: DurationMs): EpochMs {
    if (openMs <= 0) return this.#checked(to);
    return this.#lastAt(this.#openBefore(to) - openMs);
  }

  /**
   * Closing time of the `days`-th open day after the day of `from`. The day of `from` is its local date, or
   * the date on which the shift began that is open at `from`; it never counts, whatever the hour. Days on
   * which the calendar does not open are not counted. Zero days: the closing time of the day of `from` while
   * that is still ahead, else of the next open day.
   *
   * ```text
   *   Fri 15:00 or Fri 20:00 + 1bd → Mon 17:00     Sat or Sun + 1bd → Mon 17:00     Mon 06:00 + 1bd → Tue 17:00
   * ```
   */
  addOpenDays(from: EpochMs, days: number, pauses: readonly Window[] = NO_PAUSES): EpochMs {
    const own = this.#dayOf(this.#checked(from));
    const stillOpen = own >= 0 && days <= 0 && this.#days[own]!.close >= from;
    const first = stillOpen ? own : own + 1;
    let index = first + Math.max(days - 1, 0);
    for (const pause of pauses.length === 0 ? pauses : this.#joined(pauses, from)) {
      const [a, b] = this.#coveredDays(pause);
      if (a > index) break;
      if (b >= first) index += Math.max(0, b - Math.max(a, first) + 1);
    }
    const day = this.#days[index];
    if (day === undefined || day.close > this.covers.to) throw new OutsideCalendar(this, 'after');
    return day.close;
  }

  /**
   * Closing time of the `days`-th open day before the day of `to`, so that as many open days end after it, up
   * to the day of
   * `to` itself. A closing time belongs to the day that it ends. Zero days: `to`.
   *
   * ```text
   *   Fri 15:00 − 1bd → Thu 17:00     Fri 17:00 − 1bd → Thu 17:00     Sat, Sun or Mon 06:00 − 1bd → Fri 17:00
   * ```
   */
  subtractOpenDays(to: EpochMs, days: number): EpochMs {
    if (days <= 0) return this.#checked(to);
    const own = this.#dayOf(this.#checked(to) - 1);
    const day = this.#days[own];
    const onIt = day !== undefined && (to <= day.dateTo || to <= day.close);
    const index = onIt ? own - days : own - days + 1;
    // Where shifts of neighbouring dates overlap, the day before may close only after `to`.
    const close = this.#days[(this.#days[index]?.close ?? to) > to ? index - 1 : index]?.close;
    if (close === undefined || close < this.covers.from) throw new OutsideCalendar(this, 'before');
    return close;
  }

  openMsBetween(from: EpochMs, to: EpochMs): DurationMs {
    return to <= from ? 0 : this.#openBefore(to) - this.#openBefore(from);
  }

  windows(from: EpochMs, to: EpochMs, pauses: readonly Window[] = NO_PAUSES): readonly Window[] {
    this.#checked(from);
    this.#checked(to);
    const open: Window[] = [];
    const end = this.#from.length;
    for (let i = this.#firstEndingAfter(from); i < end && this.#from[i]! < to; i++) {
      open.push({ from: Math.max(this.#from[i]!, from), to: Math.min(this.#to[i]!, to) });
    }
    return cutOut(open, pauses);
  }

  #checked(at: EpochMs): EpochMs {
    if (!(at >= this.covers.from)) throw new OutsideCalendar(this, 'before', at);
    if (at > this.covers.to) throw new OutsideCalendar(this, 'after', at);
    return at;
  }

  /** Open time from the first compiled moment to `at`. */
  #openBefore(at: EpochMs): DurationMs {
    const i = this.#firstEndingAfter(this.#checked(at));
    if (i === this.#from.length) return this.#prefix[i]!;
    return this.#prefix[i]! + Math.max(0, at - this.#from[i]!);
  }

  /** Index of the first interval that ends after `at`. */
  #firstEndingAfter(at: EpochMs): number {
    return firstIndex(this.#to, (to) => to > at);
  }

  /** The earliest moment with `position` of open time before it. */
  #firstAt(position: DurationMs): EpochMs {
    const i = firstIndex(this.#prefix, (before) => before >= position) - 1;
    if (i >= this.#from.length) throw new OutsideCalendar(this, 'after');
    return this.#from[i]! + (position - this.#prefix[i]!);
  }

  /** The latest moment with `position` of open time before it. */
  #lastAt(position: DurationMs): EpochMs {
    if (position < 0) throw new OutsideCalendar(this, 'before');
    const i = firstIndex(this.#prefix, (before) => before > position) - 1;
    return this.#from[i]! + (position - this.#prefix[i]!);
  }

  /** Index of the last open day that is not after the day of `at`; -1 before the first. */
  #dayOf(at: EpochMs): number {
    const i = firstIndex(this.#dateFrom, (from) => from > at) - 1;
    if (i < 1) return i;
    const inNightShift = at < this.#days[i - 1]!.close && at < this.#days[i]!.open;
    return inNightShift ? i - 1 : i;
  }

  /** Pauses from `from` on, those joined between which the calendar does not open. */
  #joined(pauses: readonly Window[], from: EpochMs): readonly Window[] {
    const out: { from: EpochMs; to: EpochMs }[] = [];
    for (const pause of normalPauses(pauses)) {
      const last = out.at(-1);
      if (pause.to <= from) continue;
      if (last !== undefined && this.openMsBetween(last.to, pause.from) === 0) last.to = pause.to;
      else out.push({ from: pause.from, to: pause.to });
    }
    return out;
  }

  /**
   * First and last index of the open days whose hours a pause covers; the last is before the first when there
   * are none.
   */
  #coveredDays(pause: Window): readonly [number, number] {
    const days = this.#days;
    const a = firstIndexOf(days, (day) => day.open >= pause.from);
    return [a, firstIndexOf(days, (day) => day.close > pause.to) - 1];
  }
}

/** Index of the first value that passes; the values before it must fail and all after it pass. */
function firstIndex(values: Float64Array, passes: (value: number) => boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(values[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function firstIndexOf(days: readonly OpenDay[], passes: (day: OpenDay) => boolean): number {
  let low = 0;
  let high = days.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(days[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Sorted, merged, without empty ones; the input itself when it is so already. */
export function normalPauses(pauses: readonly Window[]): readonly Window[] {
  if (isNormal(pauses)) return pauses;
  const out: { from: EpochMs; to: EpochMs }[] = [];
  for (const { from, to } of [...pauses].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (from >= to) continue;
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else out.push({ from, to });
  }
  return out;
}

function isNormal(pauses: readonly Window[]): boolean {
  for (let i = 0; i < pauses.length; i++) {
    const { from, to } = pauses[i]!;
    if (from >= to || (i > 0 && from <= pauses[i - 1]!.to)) return false;
  }
  return true;
}

/** The windows without the parts that pauses cover. `windows` must be sorted. */
export function cutOut(windows: readonly Window[], pauses: readonly Window[]): readonly Window[] {
  if (pauses.length === 0) return windows;
  const normal = normalPauses(pauses);
  const out: Window[] = [];
  for (const window of windows) {
    let { from } = window;
    for (const pause of normal) {
      if (pause.to <= from || pause.from >= window.to) continue;
      if (pause.from > from) out.push({ from, to: pause.from });
      from = pause.to;
    }
    if (from < window.to) out.push({ from, to: window.to });
  }
  return out;
}
