import { h } from './dom.js';
import { day, milestone, reader, span, STATE_KIND, untilDue, when, whenThere } from './words.js';

const ms = (iso) => (iso ? Date.parse(iso) : undefined);
const OPEN = new Set(['running', 'paused', 'at-risk', 'unknown', 'breached']);

/**
 * A shipment over time: what happened, with the leg before it; holds; clocks with what is left and what is over. What has not
 * ended reaches now.
 */
export function waterfall(shipment) {
  const rows = [...milestoneRows(shipment.milestones), ...shipment.holds.map(holdRow), ...shipment.clocks.filter(({ start_at }) => start_at).map(clockRow)];
  const times = rows.flatMap(({ marks }) => marks.flatMap(({ from, to }) => [from, to ?? from]));
  if (times.length === 0) return h('p', { class: 'quiet' }, 'Nothing has been reported yet.');
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const pad = Math.max((last - first) * 0.015, 60_000);
  const scale = { from: first - pad, length: last - first + 2 * pad };
  const place = (at) => `${(((at - scale.from) / scale.length) * 100).toFixed(3)}%`;
  const now = reader.now >= first && reader.now <= scale.from + scale.length ? reader.now : undefined;
  return [
    h(
      'div',
      { class: 'fall' },
      h('span', { class: 'gap' }),
      h('div', { class: 'track axis' }, ticks(scale, place)),
      h('span', { class: 'gap' }),
      rows.flatMap(({ name, marks, said, kind }) => [
        h('div', { class: 'name' }, name),
        h('div', { class: `said ${kind ?? ''}` }, said),
        h('div', { class: 'track' }, now === undefined ? '' : h('span', { class: 'now', style: { left: place(now) } }), marks.map((mark) => draw(mark, place))),
      ].sort((a, b) => order(a) - order(b))),
    ),
    legend(),
  ];
}

/** Beside each other on a wide screen; on a phone the style sheet puts the track under its words. */
const narrow = () => matchMedia('(max-width: 720px)').matches;
const order = (element) => {
  if (element.className === 'name') return 0;
  return element.className.startsWith('track') === narrow() ? 2 : 1;
};

function draw({ sign, from, to, title }, place) {
  if (to === undefined) return h('span', { class: sign, style: { left: place(from) }, title });
  const left = place(from);
  return h('span', { class: `mark ${sign}`, style: { left, width: `calc(${place(to)} - ${left})` }, title });
}

/** About five dates, at whole days. */
function ticks({ from, length }, place) {
  const days = length / 86_400_000;
  const step = [1, 2, 5, 7, 14, 30, 60, 120].find((each) => days / each <= 6) ?? 365;
  const out = [];
  const first = Math.ceil(from / 86_400_000) * 86_400_000;
  for (let at = first; at < from + length * 0.95; at += step * 86_400_000) out.push(h('span', { style: { left: place(at) } }, day(at)));
  return out.length > 0 ? out : [h('span', { style: { left: '0%' } }, day(from + length / 2))];
}

function milestoneRows(milestones) {
  let before;
  return milestones
    .filter(({ milestone: code }) => !code.startsWith('customs.hold.'))
    .map((row) => ({ row, at: ms(row.actual_at) ?? ms(row.estimated_at) ?? ms(row.planned_at) ?? 0 }))
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => {
      const [planned, estimated, actual] = [ms(row.planned_at), ms(row.estimated_at), ms(row.actual_at)];
      const zone = row.place_zone || reader.zone;
      const marks = [];
      if (actual !== undefined && before !== undefined) marks.push({ sign: 'leg', from: before, to: actual, title: span(actual - before) });
      const first = ms(row.first_planned_at);
      if (first !== undefined && first !== planned) marks.push({ sign: 'dot planned first', from: first, title: `first planned ${whenThere(row.first_planned_at, zone)}` });
      if (planned !== undefined) marks.push({ sign: 'dot planned', from: planned, title: `planned ${whenThere(row.planned_at, zone)}` });
      if (estimated !== undefined) marks.push({ sign: 'dot estimated', from: estimated, title: `expected ${whenThere(row.estimated_at, zone)}` });
      if (actual !== undefined) marks.push({ sign: 'dot', from: actual, title: `happened ${whenThere(row.actual_at, zone)}` });
      before = actual ?? before;
      const where = row.subject || row.role || '';
      return { name: `${milestone(row.milestone)}${where ? `, ${where}` : ''}`, marks, said: said(row, zone) };
    });
}

function said(row, zone) {
  if (row.actual_at) return row.actual_until && row.actual_until !== row.actual_at ? when(row.actual_at, row.zone || zone).replace(/, \d\d:\d\d$/, '') : whenThere(row.actual_at, zone);
  return row.estimated_at ? `expected ${when(row.estimated_at, zone)}` : row.planned_at ? `planned ${when(row.planned_at, zone)}` : '';
}

function holdRow({ agency, reason, placed_at, removed_at }) {
  const from = ms(placed_at);
  const to = ms(removed_at) ?? Math.max(reader.now, from);
  return {
    name: ['Hold', agency, reason && `(${reason})`].filter(Boolean).join(' '),
    marks: [{ sign: removed_at ? 'hold' : 'hold open', from, to, title: reason }],
    said: removed_at ? `held ${span(to - from)}` : `held for ${span(to - from)}`,
    kind: removed_at ? '' : 'warn',
  };
}

function clockRow(clock) {
  const start = ms(clock.start_at);
  const due = ms(clock.due_at);
  const running = OPEN.has(clock.state) && !clock.end_at;
  const end = ms(clock.end_at) ?? (running ? Math.max(reader.now, start) : start);
  const marks = [];
  const low = Math.min(start, due ?? start);
  marks.push({ sign: running && (due === undefined || end < due) ? 'left open' : 'left', from: low, to: due === undefined ? end : Math.max(low, Math.min(end, due)) });
  if (due !== undefined && end > due && clock.state !== 'met') marks.push({ sign: running ? 'late open' : 'late', from: due, to: end });
  if (due !== undefined) marks.push({ sign: 'due', from: due, title: `due ${when(clock.due_at)}` });
  return { name: clock.subject ? `${clock.rule}, ${clock.subject}` : clock.rule, marks, said: clockSaid(clock, due, end), kind: STATE_KIND[clock.state] };
}

function clockSaid({ state, due_at }, due, end) {
  const text = state.replaceAll('-', ' ');
  if (due === undefined || state === 'met' || state === 'waived') return text;
  if (state === 'breached') return `breached, ${span(end - due)} over`;
  if (state === 'met-late') return `met ${span(end - due)} late`;
  return `${text}, ${untilDue(due_at)}`;
}

function legend() {
  const key = (sign, text) => h('span', {}, h('i', {}, h('b', { class: sign })), text);
  return h('p', { class: 'legend' }, key('dot', 'happened'), key('dot planned first', 'first planned'), key('dot planned', 'planned'), key('dot estimated', 'expected'), key('mark leg', 'leg'), key('mark hold', 'hold'), key('mark left', 'clock'), key('due', 'due'), key('mark late', 'over'));
}
