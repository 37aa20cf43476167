import { isMilestone, MILESTONES } from '../../rules/milestone.ts';
import { REF_TYPES, type RefType } from '../../rules/refs.ts';
import { localText, spanText, zonedText } from '../../rules/testing-time.ts';
import type { EpochMs } from '../../rules/time.ts';
import { REASON_TEXTS } from '../../rules/verdict-text.ts';
import type { PlacedMilestone, ShipmentAnswer } from '../http/shipment-view.ts';
import type { HoldRow, ShipmentClockRow } from '../store/query-rows.ts';
import { clean, fit } from './table.ts';

export interface DrawSettings {
  readonly now: EpochMs;
  /** IANA zone of the reader, where a place's is not known. */
  readonly zone: string;
  /** Columns of the terminal. */
  readonly width: number;
}

/** A line of the picture: what, its bar, and when in words. */
interface Row {
  readonly label: string;
  /** Painted in order: later ones cover earlier ones. */
  readonly marks: readonly { readonly from: EpochMs; readonly to: EpochMs; readonly sign: string }[];
  readonly said: string;
}

const TIME_WIDTH = 25;
const LEAST_BAR = 12;

/**
 * A shipment as a waterfall; lines without line breaks, none wider than `width` while that is 60 or more.
 *
 * ```text
 *                           13 Oct                     4 Nov
 *   Departed, origin        ●                                  2026-10-13 17:00 +08:00
 *   Arrived, destination    ━━━━━━━━━━━━━━━━━━━━◇●             2026-11-02 10:00 +01:00
 *   hold NVWA                                    ▒▒            2026-11-02 12:00 +01:00
 *   eu-import-release                            ──│██▸        breached 2d 21h late
 * ```
 */
export function drawTrace(shipment: ShipmentAnswer, settings: DrawSettings): readonly string[] {
  const zone = placeZone(shipment) ?? settings.zone;
  const rows = [
    ...milestoneRows(shipment.milestones, settings),
    ...shipment.holds.map((hold) => holdRow(hold, settings.now, zone)),
    ...shipment.clocks
      .filter(({ start_at }) => start_at !== null)
      .map((clock) => clockRow(clock, settings.now, zone)),
  ];
  const head = headOf(shipment, settings.width);
  const times = rows.flatMap(({ marks }) => marks.flatMap(({ from, to }) => [from, to]));
  if (times.length === 0) return [...head, '', 'nothing has happened yet'];
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const labelWidth = Math.min(
    Math.max(...rows.map(({ label }) => label.length)),
    Math.floor(settings.width * 0.34),
  );
  const barWidth = Math.max(LEAST_BAR, settings.width - labelWidth - TIME_WIDTH - 4);
  const saidWidth = Math.max(TIME_WIDTH, settings.width - labelWidth - barWidth - 4);
  const [first, last] = [from, to].map((at) => localText(at, zone).slice(0, 10));
  const axis = `${first!.padEnd(Math.max(0, barWidth - last!.length))}${last}`;
  return [
    ...head,
    '',
    `${' '.repeat(labelWidth)}  ${barWidth >= 22 ? axis : ''}`.trimEnd(),
    ...rows.map(({ label, marks, said }) =>
      `${fit(label, labelWidth).padEnd(labelWidth)}  ${bar(marks, from, to, barWidth)}  ${fit(said, saidWidth)}`.trimEnd(),
    ),
    ...reasons(shipment.clocks),
  ];
}

function headOf(shipment: ShipmentAnswer, width: number): string[] {
  const { lane, mode, customer, refs, delivery, shipment_id, open_holds } = shipment;
  const title = delivery === '' ? `Shipment ${shipment_id}` : `Delivery ${delivery}`;
  const held = open_holds > 0 ? `${open_holds} open hold${open_holds === 1 ? '' : 's'}` : '';
  const facts = [title, lane, mode, customer, held].filter((text) => text !== '');
  const names = refs
    .filter(({ type }) => type !== 'delivery')
    .map(
      ({ type, value }) =>
        `${Object.hasOwn(REF_TYPES, type) ? REF_TYPES[type as RefType].title : type} ${value}`,
    );
  return [fit(clean(facts.join(' · ')), width), ...wrapped(names.map(clean), width)];
}

/** Names with commas between them, on as many lines as they need. */
function wrapped(names: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const [at, name] of names.entries()) {
    const word = at < names.length - 1 ? `${name},` : name;
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(fit(word, width));
  }
  return lines;
}

const ms = (text: string | null): EpochMs | undefined => (text === null ? undefined : Date.parse(text));

/** Zone of the last place that is known: where the shipment is going. */
const placeZone = ({ milestones }: ShipmentAnswer): string | undefined =>
  milestones.filter(({ place_zone }) => place_zone !== '').at(-1)?.place_zone;

const firstOf = (row: PlacedMilestone): EpochMs =>
  ms(row.actual_at) ?? ms(row.estimated_at) ?? ms(row.planned_at) ?? Number.POSITIVE_INFINITY;

function milestoneRows(milestones: readonly PlacedMilestone[], settings: DrawSettings): Row[] {
  let before: EpochMs | undefined;
  return [...milestones]
    .filter(({ milestone }) => !milestone.startsWith('customs.hold.'))
    .sort((a, b) => firstOf(a) - firstOf(b))
    .map((row) => {
      const [planned, estimated, actual] = [ms(row.planned_at), ms(row.estimated_at), ms(row.actual_at)];
      const first = ms(row.first_planned_at);
      const marks: Row['marks'][number][] = [];
      if (actual !== undefined && before !== undefined) marks.push({ from: before, to: actual, sign: '━' });
      if (first !== undefined && first !== planned) marks.push({ from: first, to: first, sign: '◆' });
      if (planned !== undefined) marks.push({ from: planned, to: planned, sign: '◇' });
      if (estimated !== undefined) marks.push({ from: estimated, to: estimated, sign: '○' });
      if (actual !== undefined) marks.push({ from: actual, to: actual, sign: '●' });
      before = actual ?? before;
      return { label: milestoneLabel(row), marks, said: milestoneTime(row, settings.zone) };
    });
}

function milestoneLabel({ milestone, role, subject }: PlacedMilestone): string {
  const title = isMilestone(milestone) ? MILESTONES[milestone].title : milestone;
  return clean([title, role, subject].filter((text) => text !== '').join(', '));
}

function milestoneTime(row: PlacedMilestone, fallback: string): string {
  // A date is one of the zone that it was read in.
  const dateOnly = row.actual_at !== row.actual_until;
  const zone = (dateOnly ? row.zone : row.place_zone) || row.zone || fallback;
  const [word, at, until] =
    row.actual_at !== null
      ? ['', row.actual_at, row.actual_until]
      : row.estimated_at !== null
        ? ['expected ', row.estimated_at, row.estimated_until]
        : ['planned ', row.planned_at, row.planned_until];
  if (at === null) return '';
  return (
    word +
    (at === until || until === null
      ? shortTime(Date.parse(at), zone, word !== '')
      : localText(Date.parse(at), zone).slice(0, 10))
  );
}

/** To the minute; without the offset where a word before it takes its room. */
const shortTime = (at: EpochMs, zone: string, without: boolean): string => {
  const minute = Math.floor(at / 60_000) * 60_000;
  return without ? localText(minute, zone) : zonedText(minute, zone);
};

function holdRow({ agency, reason, placed_at, removed_at }: HoldRow, now: EpochMs, zone: string): Row {
  const from = Date.parse(placed_at);
  const to = ms(removed_at) ?? Math.max(now, from);
  const said = removed_at === null ? `since ${shortTime(from, zone, true)}` : `held ${spanText(to - from)}`;
  const label = clean(
    ['hold', agency, reason === '' ? '' : `(${reason})`].filter((text) => text !== '').join(' '),
  );
  return { label, marks: [{ from, to, sign: '▒' }], said };
}

const RUNNING: ReadonlySet<string> = new Set(['running', 'paused', 'at-risk', 'unknown', 'breached']);

function clockRow(clock: ShipmentClockRow, now: EpochMs, zone: string): Row {
  const start = Date.parse(clock.start_at!);
  const due = ms(clock.due_at);
  const end = ms(clock.end_at) ?? (RUNNING.has(clock.state) ? Math.max(now, start) : start);
  const marks: Row['marks'][number][] = [
    {
      from: Math.min(start, due ?? start),
      to: due === undefined ? end : Math.max(Math.min(end, due), Math.min(start, due)),
      sign: '─',
    },
  ];
  if (due !== undefined && end > due) marks.push({ from: due, to: end, sign: '█' });
  if (due !== undefined) marks.push({ from: due, to: due, sign: '│' });
  return {
    label: clean(clock.subject === '' ? clock.rule : `${clock.rule}, ${clock.subject}`),
    marks,
    said: clockSaid(clock, due, end, zone),
  };
}

function clockSaid(clock: ShipmentClockRow, due: EpochMs | undefined, end: EpochMs, zone: string): string {
  const word = clock.confidence === 'unconfirmed' ? `${clock.state}?` : clock.state;
  if (due === undefined) return word;
  if (clock.state === 'breached' || clock.state === 'met-late') return `${word}, ${spanText(end - due)} late`;
  return clock.state === 'met' ? word : `${word} ${shortTime(due, zone, true)}`;
}

function bar(marks: Row['marks'], from: EpochMs, to: EpochMs, width: number): string {
  const cells = Array.from({ length: width }, () => ' ');
  const at = (time: EpochMs): number => Math.round(((time - from) / Math.max(1, to - from)) * (width - 1));
  for (const mark of marks) cells.fill(mark.sign, at(mark.from), at(mark.to) + 1);
  return cells.join('');
}

/** Why, for every clock that is not simply running or done in time. */
function reasons(clocks: readonly ShipmentClockRow[]): string[] {
  const texts: Readonly<Record<string, string>> = REASON_TEXTS;
  const odd = clocks.filter(({ state }) => !['running', 'met', 'waiting', 'not-applicable'].includes(state));
  return odd.length === 0
    ? []
    : ['', ...odd.map(({ rule, state, reason }) => `${rule}: ${state}, ${texts[reason] ?? reason}`)];
}
