/** Milliseconds since 1970-01-01T00:00:00Z. All judging works in these numbers. */
export type EpochMs = number;
/** A length of elapsed time in milliseconds. */
export type DurationMs = number;

/**
 * When something happened. An instant has `from === to`. A fact known only by its date is the closed interval of
 * every millisecond of that date in `zone`; a clock may call it late only if every instant in it is late.
 */
export interface TimeSpan {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** IANA zone or fixed offset (`+02:00`) in which the source's text was read. */
  readonly zone: string;
  /** Where the zone came from: the text itself, the place, the partner's setting, or a guess that must be shown as one. */
  readonly zoneFrom: 'text' | 'place' | 'partner' | 'assumed';
}

/** An exact moment, read from a text that carried its offset (or from a machine clock in UTC). */
export const instant = (at: EpochMs, zone = 'UTC', zoneFrom: TimeSpan['zoneFrom'] = 'text'): TimeSpan => ({
  from: at,
  to: at,
  zone,
  zoneFrom,
});
