/** How rules of one kind are written. */
export interface KindInfo {
  /** The keys that tell the kind from the others, in the order in which the manual shows them. */
  readonly keys: readonly string[];
  /** The key of what starts the clock (or of what its deadline hangs on), and of what ends it. */
  readonly start: string;
  readonly end: string;
  /** The key of its length of time; '' when it has none. */
  readonly budget: string;
}

/** Every kind of rule. */
export const KINDS = {
  after: { keys: ['from', 'to', 'within'], start: 'from', end: 'to', budget: 'within' },
  before: { keys: ['event', 'at_least', 'ahead_of'], start: 'ahead_of', end: 'event', budget: 'at_least' },
  by: { keys: ['event', 'by', 'tolerance'], start: 'by', end: 'event', budget: 'tolerance' },
  'calendar-date': { keys: ['from', 'to', 'due'], start: 'from', end: 'to', budget: 'due' },
  dwell: { keys: ['state', 'agency', 'longer_than'], start: 'state', end: 'state', budget: 'longer_than' },
  silence: { keys: ['from', 'until', 'quiet_for'], start: 'from', end: 'until', budget: 'quiet_for' },
  sequence: { keys: ['event', 'not_before'], start: 'event', end: 'not_before', budget: '' },
  reconcile: {
    keys: ['values', 'tolerance', 'first_digits', 'within'],
    start: 'values',
    end: 'values',
    budget: 'within',
  },
  duplicate: { keys: ['event', 'same'], start: 'event', end: 'event', budget: '' },
  count: {
    keys: ['event', 'at_most', 'warn_at', 'per', 'until'],
    start: 'event',
    end: 'until',
    budget: '',
  },
  ack: {
    keys: ['submitted', 'answered_by', 'within'],
    start: 'submitted',
    end: 'answered_by',
    budget: 'within',
  },
} as const satisfies Readonly<Record<string, KindInfo>>;

export type RuleKind = keyof typeof KINDS;

export const KIND_NAMES = Object.keys(KINDS) as readonly RuleKind[];

export const kindInfo = (kind: RuleKind): KindInfo => KINDS[kind];
