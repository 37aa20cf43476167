import { get, post } from './api.js';
import { h, link, pill, small, table } from './dom.js';
import { mayAct, milestone, reason, since, untilDue, when } from './words.js';

const shipment = (row) => [
  link(`/shipments/${encodeURIComponent(row.shipment_id)}`, row.delivery || row.shipment_id),
  row.customer_ref ? small(row.customer_ref) : row.customer ? small(row.customer) : '',
];
const lane = ({ lane, mode }) => [lane, mode ? small(mode) : ''];

const awaitingColumns = [
  { head: 'Shipment', cell: shipment, fixed: true },
  { head: 'Lane', cell: lane, fixed: true },
  { head: 'Waits since', cell: ({ since: at }) => (at ? [when(at), small(since(at))] : ''), fixed: true },
  { head: 'Due', cell: ({ due_at }) => (due_at ? [when(due_at), small(untilDue(due_at))] : 'no clock'), fixed: true },
  {
    head: 'State',
    cell: (row) => [
      row.breached ? pill('breached', 'bad') : row.at_risk ? pill('at risk', 'warn') : '',
      row.open_holds ? [' ', pill(`held ${row.holding_agencies.filter(Boolean).join(', ')}`.trim(), 'warn')] : '',
    ].flat(),
  },
  { head: 'Declaration', cell: ({ declarations }) => declarations.join(', ') },
];

const clockColumns = [
  { head: 'Shipment', cell: shipment, fixed: true },
  { head: 'Rule', cell: ({ title, rule, subject }) => [title || rule, subject ? small(subject) : ''] },
  { head: 'Lane', cell: lane, fixed: true },
  { head: 'Due', cell: ({ due_at }) => [when(due_at), small(untilDue(due_at))], fixed: true },
  { head: 'Why', cell: ({ reason: code, confidence }) => [confidence === 'unconfirmed' ? pill('unconfirmed', 'blind') : '', small(reason(code))] },
  { head: 'Partner', cell: ({ partner, owner }) => [partner, owner ? small(`acts: ${owner}`) : ''] },
];

const shipmentColumns = [
  { head: 'Shipment', cell: shipment, fixed: true },
  { head: 'Lane', cell: lane, fixed: true },
  { head: 'Last', cell: ({ last_milestone, last_milestone_at }) => [milestone(last_milestone), last_milestone_at ? small(when(last_milestone_at)) : ''] },
  { head: 'Next due', cell: ({ next_due_at }) => (next_due_at ? [when(next_due_at), small(untilDue(next_due_at))] : ''), fixed: true },
  {
    head: 'State',
    cell: ({ clocks_breached, clocks_at_risk, open_holds }) => [
      clocks_breached ? pill(`${clocks_breached} breached`, 'bad') : '',
      clocks_at_risk ? [' ', pill(`${clocks_at_risk} at risk`, 'warn')] : '',
      open_holds ? [' ', pill('held', 'warn')] : '',
    ].flat(),
  },
  { head: 'Containers', cell: ({ containers }) => containers.slice(0, 3).join(', ') },
];

const rejectedColumns = [
  { head: 'Shipment', cell: shipment, fixed: true },
  { head: 'Declaration', cell: ({ declaration, direction }) => [declaration || 'not named', small(direction)] },
  { head: 'Rejected', cell: ({ rejected_at }) => [when(rejected_at), small(since(rejected_at))], fixed: true },
  { head: 'Filed again', cell: ({ resubmitted_at }) => (resubmitted_at ? when(resubmitted_at) : pill('not yet', 'bad')), fixed: true },
  { head: 'Lane', cell: lane, fixed: true },
  { head: 'Partner', cell: ({ partner }) => partner },
];

const CHANNEL_WORDS = {
  'expected-not-heard': 'quieter than it should be',
  restarted: 'nothing heard since the agent started',
  'never-heard': 'nothing heard so far',
};
const CHANNEL_KIND = { hearing: 'good', blind: 'blind', 'never-heard': 'blind' };
const channelColumns = [
  { head: 'Source', cell: ({ source }) => source },
  { head: 'Partner', cell: ({ partner }) => (partner === '*' ? 'not known yet' : partner) },
  { head: 'State', cell: ({ status, best_effort }) => [pill(status.replace('-', ' '), CHANNEL_KIND[status]), best_effort ? small('best effort') : ''] },
  { head: 'Since', cell: ({ since: at, status }) => (Date.parse(at) > 0 && status !== 'never-heard' ? [when(at), small(since(at))] : ''), fixed: true },
  { head: 'Heard up to', cell: ({ watermark }) => (watermark ? [when(watermark), small(since(watermark))] : 'never'), fixed: true },
  { head: 'Why', cell: ({ reason: code, status }) => (status === 'hearing' ? '' : (CHANNEL_WORDS[code] ?? reason(code))) },
];

const letterColumns = [
  { head: 'Source', cell: ({ source, partner }) => [source, small(partner)] },
  { head: 'When', cell: ({ observed_at }) => [when(observed_at), small(since(observed_at))], fixed: true },
  { head: 'Why', cell: ({ code, reason: why, path }) => [why, small(`${code}${path ? ` at ${path}` : ''}`)] },
  {
    head: 'Message',
    cell: ({ data, stream, sequence, data_bytes }) =>
      h('details', {}, h('summary', {}, `${stream} #${sequence}`), h('pre', {}, data), data_bytes > 2000 ? small(`the first 2,000 of ${data_bytes} bytes`) : ''),
  },
  { head: '', cell: readAgain },
];

/** Reads a letter again through the map of today: for whoever has just mended it. */
function readAgain({ id }) {
  if (!mayAct()) return '';
  const told = small();
  const button = h('button', { type: 'button', 'data-redrive': id }, 'Read again');
  button.addEventListener('click', async () => {
    button.disabled = true;
    told.textContent = '';
    try {
      const { rows: found } = await post('/dead-letters/redrive', { mode: 'apply', id, comment: 'from the control tower' });
      if (found[0]?.redriven) return button.replaceWith(`read: ${found[0].event_count} events`);
      told.textContent = found[0] ? `still: ${found[0].letters[0].now_reason}` : 'its message was understood';
    } catch (error) {
      told.textContent = error.message;
    }
    button.disabled = false;
  });
  return [button, told];
}

const ALERT_KIND = { firing: 'bad', 'at-risk': 'warn', resolved: 'good', withdrawn: '' };
/** Alerts that somebody here just took charge of: shown so before the store knows. */
const taken = new Map();

export const alertColumns = [
  {
    head: 'State',
    cell: ({ status, confirmed }) => [pill(status.replace('-', ' '), ALERT_KIND[status]), status === 'firing' && !confirmed ? small('unconfirmed') : ''],
  },
  { head: 'What', cell: alertText },
  { head: 'Raised', cell: ({ raised_at }) => [when(raised_at), small(since(raised_at))], fixed: true },
  { head: 'In charge', cell: inCharge },
];

/** The headline without what its state says already, and without lengths of time, which were true when it was sent. */
function alertText({ headline, shipment_id, about_channel, lines }) {
  const text = headline.replace(/^(BREACHED AGAIN|BREACHED|AT RISK|BREACH CONFIRMED|PROBABLY BREACHED \(unconfirmed\)|SILENT|RESOLVED|WITHDRAWN|HEARD AGAIN): /, '').replace(/, (late by|due in|due now).*$/, '');
  const title = about_channel ? link('/channels', text) : link(`/shipments/${encodeURIComponent(shipment_id)}`, text);
  const why = lines.find((line) => line.startsWith('Why we are')) ?? lines.find((line) => line.startsWith('Due:'));
  return [title, why ? small(why) : ''];
}

function inCharge({ alert_id, status, acknowledged_by, acknowledged_at }) {
  const by = acknowledged_by || taken.get(alert_id);
  if (by) return [by, acknowledged_at ? small(when(acknowledged_at)) : ''];
  if (!mayAct() || (status !== 'firing' && status !== 'at-risk')) return '';
  const failed = small();
  const button = h('button', { type: 'button', 'data-ack': alert_id }, 'Take charge');
  button.addEventListener('click', async () => {
    button.disabled = true;
    failed.textContent = '';
    try {
      await post(`/alerts/${encodeURIComponent(alert_id)}/acknowledge`, {});
      taken.set(alert_id, 'you');
      button.replaceWith('you');
    } catch (error) {
      button.disabled = false;
      failed.textContent = error.message;
    }
  });
  return [button, failed];
}

const rows = (path, query) => (more, signal) => get(path, { ...query, ...more }, signal);

/** What the tiles open. `count` is a field of the counts; `kind` its colour when it is not zero. */
export const VIEWS = {
  alerts: { title: 'Open alerts', tile: 'Open alerts', count: 'alerts_open', kind: 'bad', empty: 'Nothing is wrong that anybody knows of.', columns: alertColumns, ask: rows('/alerts', { status: 'open' }) },
  release: { title: 'Awaiting customs release', tile: 'Awaiting customs release', count: 'awaiting_release', kind: '', empty: 'No shipment waits for customs.', columns: awaitingColumns, ask: rows('/awaiting', { milestone: 'customs.released', limit: '1000' }) },
  rejected: { title: 'Rejected declarations', tile: 'Rejected declarations', count: 'rejected_declarations', kind: 'bad', empty: 'No declaration stands rejected.', columns: rejectedColumns, ask: rows('/declarations/rejected', { limit: '1000' }) },
  duty: { title: 'Duty not posted in ERP', tile: 'Duty not posted', count: 'duty_not_posted', kind: 'warn', empty: 'Every assessed duty is posted.', columns: awaitingColumns, ask: rows('/awaiting', { milestone: 'duty.posted', limit: '1000' }) },
  landed: { title: 'Landed cost not posted in ERP', tile: 'Landed cost not posted', count: 'landed_cost_not_posted', kind: 'warn', empty: 'Every delivered shipment has its landed cost.', columns: awaitingColumns, ask: rows('/awaiting', { milestone: 'landed_cost.posted', limit: '1000' }) },
  risk: { title: 'Clocks at risk', tile: 'At risk', count: 'clocks_at_risk', kind: 'warn', empty: 'No clock has reached its warning time.', columns: clockColumns, ask: rows('/clocks', { state: 'at-risk' }) },
  breached: { title: 'Breached clocks', tile: 'Breached', count: 'clocks_breached', kind: 'bad', empty: 'No deadline has passed unmet.', columns: clockColumns, ask: rows('/clocks', { state: 'breached' }) },
  unknown: { title: 'Overdue, and not known whether done', tile: 'Unknown', count: 'clocks_unknown', kind: 'blind', empty: 'Every overdue clock is settled.', columns: clockColumns, ask: rows('/clocks', { state: 'unknown' }) },
  channels: { title: 'Channels', tile: 'Channels not heard', count: 'channels_not_heard', kind: 'blind', empty: 'No channel has been heard of.', columns: channelColumns, ask: rows('/channels', {}) },
  letters: { title: 'Messages that could not be read', tile: 'Unreadable messages', count: 'dead_letters_open', kind: 'warn', empty: 'Every message was understood.', columns: letterColumns, ask: rows('/dead-letters', { status: 'open' }) },
};

export const searchView = (ref) => ({
  title: `Shipments with ${ref}`,
  empty: `No shipment is known by ${ref}.`,
  columns: shipmentColumns,
  ask: rows('/shipments', { ref }),
});

export const tableOf = (view, list) => table(view.columns, list, view.empty);
