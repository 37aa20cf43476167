import { get } from './api.js';
import { h, pill, small, table } from './dom.js';
import { alertColumns } from './views.js';
import { waterfall } from './waterfall.js';
import { milestone, reader, reason, span, STATE_KIND, untilDue, when, whenThere, words } from './words.js';

export async function readShipment(id, asOf, signal) {
  const path = `/shipments/${encodeURIComponent(id)}`;
  const [shipment, alerts] = await Promise.all([
    get(path, { asOf }, signal),
    asOf ? { rows: [] } : get('/alerts', { shipmentId: id }, signal),
  ]);
  return { shipment, alerts: alerts.rows };
}

/** One shipment: who, where, its waterfall, its clocks and why, its alerts, every milestone. */
export function shipmentView({ shipment, alerts }, asOf, onAsOf) {
  const { delivery, shipment_id, lane, mode, customer, open_holds } = shipment;
  const facts = [lane, mode, customer].filter(Boolean).join(' · ');
  return [
    h(
      'div',
      { class: 'head' },
      h('h1', {}, delivery ? `Delivery ${delivery}` : `Shipment ${shipment_id}`),
      h('p', { class: 'quiet' }, facts),
      open_holds ? pill(`${open_holds} open hold${open_holds === 1 ? '' : 's'}`, 'warn') : '',
      asOfForm(asOf, onAsOf),
    ),
    asOf ? h('p', { class: 'notice' }, `As it was known ${when(asOf)} (${reader.zone}), judged by the rules of today.`) : '',
    h('ul', { class: 'refs' }, shipment.refs.filter(({ type, value }) => type !== 'delivery' || value !== delivery).map(({ type, value }) => h('li', {}, h('span', {}, `${words.refs[type] ?? type} `), value))),
    h('section', { class: 'card padded', 'aria-label': 'Waterfall' }, waterfall(shipment)),
    alerts.length > 0 ? h('section', { class: 'card' }, table(alertColumns, alerts, '')) : '',
    h('h2', {}, 'Clocks'),
    h('section', { class: 'card' }, table(clockColumns(shipment_id, asOf), shipment.clocks.filter(({ state }) => state !== 'waiting' && state !== 'not-applicable'), 'No clock has started.')),
    h('h2', {}, 'Milestones'),
    h('section', { class: 'card' }, table(milestoneColumns, inOrder(shipment.milestones), 'Nothing has been reported.')),
  ];
}

const inOrder = (milestones) => {
  const at = (row) => row.actual_at ?? row.estimated_at ?? row.planned_at ?? '';
  return [...milestones].sort((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0));
};

function asOfForm(asOf, onAsOf) {
  const value = asOf ? localInput(asOf) : '';
  const input = h('input', { type: 'datetime-local', id: 'as-of', value, step: '60' });
  input.addEventListener('change', () => onAsOf(input.value === '' ? undefined : new Date(input.value).toISOString()));
  const now = h('button', { type: 'button', onclick: () => onAsOf(undefined) }, 'Now');
  return h('div', { class: 'asof' }, h('label', { for: 'as-of' }, 'As known at (your time)'), input, asOf ? now : '');
}

const localInput = (iso) => {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

const clockColumns = (id, asOf) => [
  { head: 'State', cell: ({ state, confidence }) => [pill(state.replaceAll('-', ' '), STATE_KIND[state] ?? ''), confidence === 'unconfirmed' ? small('unconfirmed') : ''] },
  { head: 'Rule', cell: ({ rule, subject }) => [rule, subject ? small(subject) : ''] },
  { head: 'Started', cell: ({ start_at }) => when(start_at), fixed: true },
  {
    head: 'Due',
    cell: ({ due_at, state, end_at }) => [when(due_at), due_at && !end_at && state !== 'met' ? small(untilDue(due_at)) : ''],
    fixed: true,
  },
  { head: 'Done', cell: ({ end_at, late_ms }) => (end_at ? [when(end_at), late_ms ? small(`${span(late_ms)} late`) : ''] : ''), fixed: true },
  {
    head: 'Why',
    cell: (clock) => [
      reason(clock.reason),
      clock.awaiting_channels.length > 0 && clock.state === 'unknown' ? small(`waits for ${clock.awaiting_channels.join(', ')}`) : '',
      asOf ? '' : explanation(id, clock),
    ],
  },
];

/** Asked for when somebody wants to know. */
function explanation(id, { clock_id }) {
  const text = h('pre', {}, 'Asking …');
  const details = h('details', {}, h('summary', {}, 'How this was worked out'), text);
  details.addEventListener(
    'toggle',
    async () => {
      try {
        const { rows } = await get(`/shipments/${encodeURIComponent(id)}/explanations`, { clock: clock_id });
        text.textContent = rows[0]?.text ?? 'Its rule is no longer in force.';
      } catch (error) {
        text.textContent = error.message;
      }
    },
    { once: true },
  );
  return details;
}

const milestoneColumns = [
  { head: 'Milestone', cell: ({ milestone: code, role, subject, leg }) => [milestone(code), small([role, subject, leg && `leg ${leg}`].filter(Boolean).join(', '))] },
  { head: 'Planned', cell: plannedOf, fixed: true },
  { head: 'Expected', cell: (row) => moment(row, 'estimated'), fixed: true },
  { head: 'Happened', cell: (row) => moment(row, 'actual'), fixed: true },
  { head: 'Place', cell: ({ place, unlocode }) => [place || unlocode, place && unlocode ? small(unlocode) : ''] },
  { head: 'Told by', cell: ({ partner, source, observed_at }) => [partner, small(`${source}, ${when(observed_at)}`)] },
];

/** The plan as it stands, and what was planned first where that is another date. */
function plannedOf(row) {
  const now = [moment(row, 'planned')].flat();
  if (row.first_planned_at === row.planned_at) return now;
  const [first] = [moment(row, 'first_planned')].flat();
  return [...now, small(`first ${first}`)];
}

/** In the place's own time; a date where only that is known. */
function moment(row, kind) {
  const [at, until] = [row[`${kind}_at`], row[`${kind}_until`]];
  if (!at) return '';
  const there = row.place_zone || reader.zone;
  if (until && until !== at) return [when(at, row.zone || there).replace(/, \d\d:\d\d$/, ''), small('date only')];
  return [whenThere(at, there), there !== reader.zone && when(at, there) !== when(at) ? small(`${when(at)} for you`) : ''];
}
