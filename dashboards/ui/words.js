/** What the server calls things, and who reads; filled once at the start. */
export const words = { milestones: {}, states: {}, reasons: {}, refs: {}, channelReasons: {} };
export const reader = { zone: 'UTC', role: 'viewer', now: Date.now() };

export const mayAct = () => reader.role !== 'viewer';
export const milestone = (code) => words.milestones[code] ?? code ?? '';
export const reason = (code) => words.reasons[code] ?? (code ?? '').replaceAll('-', ' ');

const formats = new Map();
function format(zone, options) {
  const key = `${zone} ${JSON.stringify(options)}`;
  if (!formats.has(key)) {
    let made;
    try {
      made = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone });
    } catch {
      made = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' });
    }
    formats.set(key, made);
  }
  return formats.get(key);
}

/** `Mon 2 Nov, 10:00`, in the reader's zone unless another is given; the year when it is not this one. */
export function when(iso, zone = reader.zone) {
  if (!iso) return '';
  const at = new Date(iso);
  const year = at.getUTCFullYear() === new Date(reader.now).getUTCFullYear() ? {} : { year: 'numeric' };
  const parts = { weekday: 'short', day: 'numeric', month: 'short', ...year };
  return `${format(zone, parts).format(at).replaceAll(',', '')}, ${time(iso, zone)}`;
}

export const day = (iso, zone = reader.zone) => format(zone, { day: 'numeric', month: 'short' }).format(new Date(iso));
export const time = (iso, zone = reader.zone) =>
  format(zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(iso));

/** With the name of the zone: for times of a place. */
export const whenThere = (iso, zone) => {
  const name = format(zone, { timeZoneName: 'shortOffset', hour: 'numeric' })
    .formatToParts(new Date(iso))
    .find(({ type }) => type === 'timeZoneName')?.value;
  return `${when(iso, zone)} ${name ?? ''}`.trim();
};

/** `3 d 4 h`, `5 h 10 min`, `12 min`. */
export function span(ms) {
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  if (minutes < 1) return 'under a minute';
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  const parts = days > 0 ? [`${days} d`, hours > 0 && `${hours} h`] : [hours > 0 && `${hours} h`, rest > 0 && `${rest} min`];
  return parts.filter(Boolean).join(' ');
}

/** `in 3 h`, `2 d late`. */
export function untilDue(iso) {
  if (!iso) return '';
  const left = Date.parse(iso) - reader.now;
  return left >= 0 ? `in ${span(left)}` : `${span(left)} over`;
}

export const since = (iso) => (iso ? `${span(reader.now - Date.parse(iso))} ago` : '');

export const STATE_KIND = {
  breached: 'bad',
  'met-late': 'bad',
  'at-risk': 'warn',
  paused: 'warn',
  unknown: 'blind',
  met: 'good',
  waived: '',
};
