import { BUDGET, DATE_RULE } from './sla-budget.ts';
import { ATTRIBUTE_NAMES, TOLERANCE, VALUES } from './sla-compare.ts';
import { DATES } from './sla-dates.ts';
import { LAG, VIA } from './sla-feed.ts';
import { MILESTONE_REFS, PLANS } from './sla-milestone.ts';
import { HOLD_STATES } from './sla-pause.ts';
import { type Keys, oneOf, optional, required, TEXTS, wholeNumber, withDefault } from './yaml-type.ts';

/** How rules of one kind are written. */
export interface KindInfo {
  /** One line: what such a rule promises. */
  readonly meaning: string;
  /** The keys that tell the kind from the others, in the order in which the manual shows them. */
  readonly keys: Keys;
  /** The key of what starts the clock (or of what its deadline hangs on), and of what ends it. */
  readonly start: string;
  readonly end: string;
  /** The key of its length of time; '' when it has none. */
  readonly budget: string;
}

/** Every kind of rule: the parser, the reference page and the JSON Schema read this table. */
export const KINDS = {
  after: {
    meaning: 'something happens within a length of time after something else',
    keys: {
      from: required(
        MILESTONE_REFS,
        'what starts the clock: the first that has a fact',
        'arrived at destination',
      ),
      to: required(MILESTONE_REFS, 'what ends it: any of them', 'customs.released'),
      within: required(BUDGET, 'how long it may take', '24bh'),
    },
    ...{ start: 'from', end: 'to', budget: 'within' },
  },
  before: {
    meaning:
      'something happens so long before a planned event; the deadline moves with the plan, unless it is the first plan',
    keys: {
      event: required(MILESTONE_REFS, 'what must be done', 'export.filing.accepted'),
      at_least: required(BUDGET, 'how long before the plan', '24h'),
      ahead_of: required(PLANS, 'the planned event: the first that has a plan', 'planned loaded at origin'),
    },
    ...{ start: 'ahead_of', end: 'event', budget: 'at_least' },
  },
  by: {
    meaning:
      'something happens by a date that was planned (as the plan stands, or as it was stated first), or that a document states',
    keys: {
      event: required(MILESTONE_REFS, 'what must be done', 'delivered'),
      by: required(
        DATES,
        'the date: the first that somebody has stated',
        '[planned delivered, delivery.promised]',
      ),
      tolerance: optional(BUDGET, 'how much later is still good', '4h', 'none'),
    },
    ...{ start: 'by', end: 'event', budget: 'tolerance' },
  },
  'calendar-date': {
    meaning: 'something happens by a day of the calendar',
    keys: {
      from: required(MILESTONE_REFS, 'what starts the clock: the first that has a fact', 'customs.released'),
      to: required(MILESTONE_REFS, 'what ends it: any of them', 'duty.paid'),
      due: required(
        DATE_RULE,
        'the day; it ends when the calendar closes, or at midnight',
        '15th working day of next month',
      ),
    },
    ...{ start: 'from', end: 'to', budget: 'due' },
  },
  dwell: {
    meaning: 'a hold does not last longer than a length of time',
    keys: {
      state: required(oneOf(HOLD_STATES), 'the state', 'customs.hold'),
      agency: optional(TEXTS, 'only holds of these agencies', 'FDA', 'all'),
      longer_than: required(BUDGET, 'how long it may last', '3bd'),
    },
    ...{ start: 'state', end: 'state', budget: 'longer_than' },
  },
  silence: {
    meaning: 'an active shipment is heard of every so often',
    keys: {
      from: required(MILESTONE_REFS, 'what makes it active: the first that has a fact', 'goods.issued'),
      until: required(MILESTONE_REFS, 'what ends that: any of them', 'delivered'),
      quiet_for: required(BUDGET, 'how long nothing may be heard of it', '72h'),
    },
    ...{ start: 'from', end: 'until', budget: 'quiet_for' },
  },
  sequence: {
    meaning: 'something does not happen before something else has',
    keys: {
      event: required(MILESTONE_REFS, 'what must come second', 'gate.out'),
      not_before: required(MILESTONE_REFS, 'what must come first', 'customs.released'),
    },
    ...{ start: 'event', end: 'not_before', budget: '' },
  },
  reconcile: {
    meaning: 'what several systems state of the same thing agrees',
    keys: {
      values: required(VALUES, 'what is compared', '[duty.amount of duty.assessed, duty.posted.amount]'),
      tolerance: withDefault(
        TOLERANCE,
        'by how much numbers may differ',
        '0.5% or 5',
        { share: 0, amount: 0, text: '' },
        'not at all',
      ),
      first_digits: optional(
        wholeNumber({ min: 1, max: 20 }),
        'compare texts by so many of their first letters and digits',
        '6',
        'whole texts',
      ),
      within: optional(BUDGET, 'how long after the last value became known', '2bd', 'at once'),
    },
    ...{ start: 'values', end: 'values', budget: 'within' },
  },
  duplicate: {
    meaning: 'the same goods are not declared twice',
    keys: {
      event: required(MILESTONE_REFS, 'the declaration', 'customs.accepted'),
      same: required(
        ATTRIBUTE_NAMES,
        'what goods that are the same have in common',
        '[goods.hs, goods.quantity, goods.value]',
      ),
    },
    ...{ start: 'event', end: 'event', budget: '' },
  },
  count: {
    meaning: 'something does not happen too often',
    keys: {
      event: required(MILESTONE_REFS, 'what is counted', 'customs.rejected'),
      at_most: required(wholeNumber({ min: 0 }), 'how often it may happen', '2'),
      warn_at: optional(wholeNumber({ min: 1 }), 'warn when it has happened so often', '1', 'no warning'),
      per: withDefault(
        oneOf(['subject', 'shipment']),
        'count for each declaration or container, or for the shipment',
        'shipment',
        'subject',
      ),
      until: optional(MILESTONE_REFS, 'what ends the counting: any of them', 'customs.accepted', 'nothing'),
    },
    ...{ start: 'event', end: 'until', budget: '' },
  },
  feed: {
    meaning:
      'a channel speaks every so often, and does not tell too late: one clock for each channel, none for shipments',
    keys: {
      source: withDefault(TEXTS, 'of which sources', 'broker-nl', [], 'every source'),
      partner: withDefault(TEXTS, 'of which partners', 'acme', [], 'every partner'),
      via: withDefault(VIA, 'of sources whose messages come so', 'edi', [], 'whatever the way'),
      silent_for: optional(BUDGET, 'how long nothing may be heard of it', '2h', 'silence is no matter'),
      lag: optional(LAG, 'how late it may tell', '95% within 6h', 'lateness is no matter'),
    },
    ...{ start: 'source', end: 'source', budget: 'silent_for' },
  },
  ack: {
    meaning: 'every submission is answered within a length of time',
    keys: {
      submitted: required(MILESTONE_REFS, 'each starts a clock', 'customs.filed'),
      answered_by: required(
        MILESTONE_REFS,
        'the first answer ends it, a rejection too',
        '[customs.accepted, customs.rejected]',
      ),
      within: required(BUDGET, 'how long it may take', '2h'),
    },
    ...{ start: 'submitted', end: 'answered_by', budget: 'within' },
  },
} as const satisfies Readonly<Record<string, KindInfo>>;

export type RuleKind = keyof typeof KINDS;

export const KIND_NAMES = Object.keys(KINDS) as readonly RuleKind[];

export const kindInfo = (kind: RuleKind): KindInfo => KINDS[kind];

/** What may be overridden in rules of one kind beside what every rule has: its length of time, and of a feed whatever it says. */
export function changeable(kind: RuleKind): Keys {
  const { budget, keys } = kindInfo(kind);
  if (kind === 'feed') return keys;
  return budget === '' ? {} : { [budget]: keys[budget]! };
}
