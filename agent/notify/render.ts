import type { ChannelState } from '../../rules/channel.ts';
import { detailsOf } from '../../rules/details.ts';
import { ownerOf, partyOf } from '../../rules/incoterm.ts';
import { MILESTONES } from '../../rules/milestone.ts';
import { REF_TYPES, type RefType } from '../../rules/refs.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Trace } from '../../rules/trace.ts';
import type { AlertText, ChannelAlertInput, RenderAlert, ShipmentAlertInput } from '../track/outcome.ts';
import { renderFeedAlert } from './render-feed.ts';
import { BREACH_WORDS, END_WORDS, LEAD, withdrawalWords } from './render-reason.ts';
import { formatDuration, formatMoment, formatTwice } from './words.ts';

export interface RenderSettings {
  /** Zone of the reader: the configuration's `timezone`. */
  readonly readerZone: string;
  /** Where links lead, without a trailing slash; '' leaves them out. */
  readonly baseUrl: string;
}

/** Refs a person searches for, in the order in which people name a shipment. */
const NAMED_REFS: readonly RefType[] = [
  'delivery',
  'customer-ref',
  'order',
  'purchase-order',
  'house-bill',
  'awb',
  'container',
  'booking',
  'mrn',
  'entry',
  'itn',
];

/** Puts alert changes into business terms. Pure: moments come with the change, zones with the settings. */
export const alertRenderer =
  (settings: RenderSettings): RenderAlert =>
  (input) =>
    input.about === 'shipment'
      ? renderShipmentAlert(input, settings)
      : input.about === 'channel'
        ? renderChannelAlert(input, settings)
        : renderFeedAlert(input, settings);

function renderShipmentAlert(
  input: ShipmentAlertInput,
  settings: RenderSettings,
): { labels: Record<string, string>; text: AlertText } {
  const { change, rule, trace, verdict } = input;
  const lane = laneOf(trace);
  const owner = ownerOf(rule, trace.attributes);
  const place = placeZone(input, settings);
  const moment = (at: EpochMs): string => formatTwice(at, place, settings.readerZone);
  const lines = [
    `Shipment: ${refsInWords(trace)}`,
    lane.words === '' ? '' : `Lane: ${lane.words}`,
    milestoneLine(rule),
    ...detailsOf(trace, rule, verdict).map((detail) => `Found: ${detail}`),
    verdict.startAt === undefined ? '' : `Clock started: ${moment(verdict.startAt)}`,
    verdict.dueAt === undefined ? '' : `Due: ${moment(verdict.dueAt)}`,
    verdict.endAt === undefined ? '' : `Happened: ${moment(verdict.endAt)}`,
    owner === undefined ? '' : `Who should act: ${owner}${dutyText(rule, trace)}`,
    whySure(input, moment),
    rule.basis === undefined ? '' : `Basis: ${rule.basis}`,
  ];
  return {
    labels: {
      rule: rule.name,
      kind: rule.kind,
      severity: rule.severity,
      ...lane.labels,
      ...(owner !== undefined && { owner }),
      ...(input.channels[0] !== undefined && { partner: input.channels[0].partner }),
    },
    text: {
      headline: `${LEAD[change.kind]}: ${rule.title}, ${leadingRef(trace)}${lateness(input)}`,
      lines: lines.filter((line) => line !== ''),
      link: settings.baseUrl === '' ? '' : `${settings.baseUrl}/shipments/${trace.shipmentId}`,
    },
  };
}

/** Whose duty it is by the Incoterms rule, where a rule asks. */
function dutyText({ responsible }: ShipmentAlertInput['rule'], { attributes: { incoterm } }: Trace): string {
  const party = responsible && partyOf(incoterm, responsible);
  return party === undefined ? '' : ` (${String(incoterm)}: the ${party}'s duty)`;
}

/** What it is about: the milestone that ends the clock, else what the rule watches. */
function milestoneLine({ from, to }: ShipmentAlertInput['rule']): string {
  const titles = (to.length > 0 ? to : from).map((ref) => MILESTONES[ref.milestone].title);
  return titles.length === 0 ? '' : `Milestone: ${titles.join(' or ')}`;
}

function lateness({ change, verdict, rule }: ShipmentAlertInput): string {
  const { dueAt, lateMs } = verdict;
  switch (change.kind) {
    case 'at-risk':
      if (dueAt === undefined) return '';
      return dueAt > change.at ? `, due in ${formatDuration(dueAt - change.at)}` : ', due now';
    case 'fired':
    case 'fired-unconfirmed':
    case 'confirmed':
    case 'reopened':
      if (BREACH_WORDS[verdict.reason] !== undefined) return BREACH_WORDS[verdict.reason]!;
      if (rule.kind === 'silence' && lateMs !== undefined)
        return `, quiet for ${formatDuration(change.at - (verdict.startAt ?? change.at))}`;
      return lateMs === undefined || lateMs <= 0 ? '' : `, late by ${formatDuration(lateMs)}`;
    case 'resolved':
      return verdict.state === 'met-late' && lateMs !== undefined
        ? `, done late by ${formatDuration(lateMs)}`
        : (END_WORDS[verdict.reason] ?? ', done in time');
    case 'withdrawn':
      return `, ${withdrawalWords(verdict.reason, rule.title)}`;
  }
}

/** Why a breach is certain, or what makes it uncertain. */
function whySure({ change, channels, verdict }: ShipmentAlertInput, moment: (at: EpochMs) => string): string {
  switch (change.kind) {
    case 'fired':
    case 'confirmed':
    case 'reopened':
      return verdict.reason === 'deadline-passed-proved'
        ? `Why we are sure: ${listed(channels.map((each) => `${each.id} was heard until ${moment(each.watermark)}`))}, and it was not reported`
        : '';
    case 'fired-unconfirmed':
      return channels.length === 0
        ? 'Why we are not sure: no configured source reports this milestone for this shipment'
        : `Why we are not sure: ${listed(channels.map((each) => silence(each, moment)))}`;
    default:
      return '';
  }
}

function silence(channel: ChannelState, moment: (at: EpochMs) => string): string {
  if (!Number.isFinite(channel.watermark)) return `${channel.id} has never been heard`;
  // What is told must not hang on how often the process started.
  const isSilent = channel.status === 'blind' && channel.restarted !== true;
  return `${channel.id} ${isSilent ? 'is silent' : 'is known'} only until ${moment(channel.watermark)}`;
}

function renderChannelAlert(
  { change, channel, waitingShipments }: ChannelAlertInput,
  settings: RenderSettings,
): { labels: Record<string, string>; text: AlertText } {
  const { readerZone, baseUrl } = settings;
  const since = channel.blindSince ?? (Number.isFinite(channel.watermark) ? channel.watermark : undefined);
  const resolved = change.kind === 'resolved' || change.kind === 'withdrawn';
  const lines = [
    `Source: ${channel.source}`,
    `Partner: ${channel.partner}`,
    since === undefined ? '' : `Nothing proved since: ${formatMoment(since, readerZone)}`,
    resolved
      ? ''
      : `Overdue clocks that wait for it: ${waitingShipments}; they are unknown, not breached, until it is heard again`,
    channel.bestEffort
      ? 'Best effort: a plain subject without a stream; a lost message cannot be noticed'
      : '',
  ];
  return {
    labels: { rule: 'channel', source: channel.source, partner: channel.partner, severity: 'warning' },
    text: {
      headline: resolved
        ? `HEARD AGAIN: channel ${channel.id}`
        : `SILENT: channel ${channel.id} is not heard`,
      lines: lines.filter((line) => line !== ''),
      link: baseUrl === '' ? '' : `${baseUrl}/channels`,
    },
  };
}

function refsInWords(trace: Trace): string {
  const words: string[] = [];
  for (const type of NAMED_REFS) {
    const values = trace.refs.filter((ref) => ref.type === type).map((ref) => ref.value);
    if (values.length > 0)
      words.push(`${REF_TYPES[type].title.toLowerCase()} ${values.slice(0, 4).join(', ')}`);
  }
  return words.length === 0 ? trace.shipmentId : words.join('; ');
}

function leadingRef(trace: Trace): string {
  for (const type of NAMED_REFS) {
    const ref = trace.refs.find((each) => each.type === type);
    if (ref !== undefined) return `${REF_TYPES[type].title.toLowerCase()} ${ref.value}`;
  }
  return `shipment ${trace.shipmentId}`;
}

function laneOf(trace: Trace): { words: string; labels: Record<string, string> } {
  const text = (name: string): string => String(trace.attributes[name] ?? '');
  const [origin, destination, mode] = [text('origin.unlocode'), text('destination.unlocode'), text('mode')];
  const labels: Record<string, string> = {};
  if (origin !== '' && destination !== '') labels.lane = `${origin}-${destination}`;
  if (mode !== '') labels.mode = mode;
  if (destination !== '') labels.place = destination;
  const ends = [origin, destination].filter((end) => end !== '').join(' to ');
  return { words: [ends, mode].filter((part) => part !== '').join(', by '), labels };
}

/** Zone of the place where the milestone happens: the calendar's, else the start's own, else the reader's. */
function placeZone(
  { calendarZone, trace, verdict }: ShipmentAlertInput,
  { readerZone }: RenderSettings,
): string {
  if (calendarZone !== undefined) return calendarZone;
  const start = trace.milestones.find(
    (fact) => fact.actual !== undefined && verdict.evidence.includes(fact.actual.eventId),
  );
  return start?.actual?.location?.zone ?? readerZone;
}

const listed = (items: readonly string[]): string => items.join('; ');
