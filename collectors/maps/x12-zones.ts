/** Codes of X12 data element 623 that name a place's clock all year, or one offset. `LT`, local time, names neither. */
const NAMED: Readonly<Record<string, string>> = {
  UT: 'UTC',
  GM: 'UTC',
  ET: 'America/New_York',
  ES: '-05:00',
  ED: '-04:00',
  CT: 'America/Chicago',
  CS: '-06:00',
  CD: '-05:00',
  MT: 'America/Denver',
  MS: '-07:00',
  MD: '-06:00',
  PT: 'America/Los_Angeles',
  PS: '-08:00',
  PD: '-07:00',
  AT: 'America/Anchorage',
  AS: '-09:00',
  AD: '-08:00',
  HT: 'Pacific/Honolulu',
  HS: '-10:00',
  NT: 'America/St_Johns',
  NS: '-03:30',
  ND: '-02:30',
  TT: 'America/Halifax',
  TS: '-04:00',
  TD: '-03:00',
};

/** The zone that an X12 time code stands for: by name, or `01` to `12` for hours ahead of UTC and `13` to `24` for hours behind. */
export function x12Zone(code: string): string | undefined {
  if (Object.hasOwn(NAMED, code)) return NAMED[code];
  const hours = /^\d\d$/.test(code) ? Number(code) : 0;
  if (hours === 0 || hours > 24) return undefined;
  // 13 is twelve hours behind, 24 is one.
  const offset = hours <= 12 ? hours : hours - 25;
  return `${offset < 0 ? '-' : '+'}${String(Math.abs(offset)).padStart(2, '0')}:00`;
}
