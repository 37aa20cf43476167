import type { DurationMs, EpochMs } from './time.ts';

/** Every day from `fromMinute` to `toMinute` (minutes after midnight, local time in `zone`), over midnight when it ends before it begins. */
export interface QuietHours {
  readonly fromMinute: number;
  readonly toMinute: number;
  /** IANA name. */
  readonly zone: string;
}

/** When the quiet hours around `at` end; undefined outside them. The last minute before `to` is quiet, `to` itself is not. */
export function quietUntil(quiet: QuietHours, at: EpochMs): EpochMs | undefined {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(quiet.zone);
  // From the evening before: quiet hours over midnight begin on one day and end on the next.
  for (const days of [-1, 0]) {
    const { from, to } = hoursOf(quiet, local.toPlainDate().add({ days }));
    if (from <= at && at < to) return to;
  }
  return undefined;
}

/**
 * When `expectedMs` have passed since `at`, quiet hours left out: nobody is waited for while nobody is asked.
 *
 *     at ──20 m──┤ quiet 22:00 … 06:00 ├──10 m──┤ 30 m have passed
 */
export function afterWithoutQuiet(quiet: QuietHours, at: EpochMs, expectedMs: DurationMs): EpochMs {
  let now = at;
  let leftMs = expectedMs;
  for (;;) {
    now = quietUntil(quiet, now) ?? now;
    const next = nextQuiet(quiet, now);
    if (now + leftMs <= next) return now + leftMs;
    leftMs -= next - now;
    now = next;
  }
}

/** When the next quiet hours begin after `at`, which is outside them. */
function nextQuiet(quiet: QuietHours, at: EpochMs): EpochMs {
  const today = Temporal.Instant.fromEpochMilliseconds(Math.floor(at))
    .toZonedDateTimeISO(quiet.zone)
    .toPlainDate();
  const { from } = hoursOf(quiet, today);
  return from > at ? from : hoursOf(quiet, today.add({ days: 1 })).from;
}

/** A time that a change of clocks leaves out is read as Temporal does: the gap is skipped. */
function hoursOf({ fromMinute, toMinute, zone }: QuietHours, day: Temporal.PlainDate) {
  const at = (date: Temporal.PlainDate, minute: number): EpochMs =>
    date
      .toPlainDateTime(Temporal.PlainTime.from({ hour: Math.floor(minute / 60), minute: minute % 60 }))
      .toZonedDateTime(zone).epochMilliseconds;
  const over = toMinute <= fromMinute;
  return { from: at(day, fromMinute), to: at(over ? day.add({ days: 1 }) : day, toMinute) };
}
