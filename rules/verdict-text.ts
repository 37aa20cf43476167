import type { ClockState, VerdictReason } from './verdict.ts';

/** Every state of a clock, in words for people. */
export const STATE_TEXTS: Readonly<Record<ClockState, string>> = {
  waiting: 'what starts it has not happened',
  running: 'there is time left',
  paused: 'it stands still while a hold is open',
  'at-risk': 'the warning time has come',
  met: 'done in time',
  'met-late': 'done, but late',
  breached: 'the deadline has passed and it is not done',
  unknown: 'the deadline has passed, and whether it is done cannot be told',
  withdrawn: 'its start was taken back',
  waived: 'an operator waived it',
  'not-applicable': 'its rule does not apply to this shipment any more',
};

/** Every reason of a verdict, as one clause that stands by itself. */
export const REASON_TEXTS: Readonly<Record<VerdictReason, string>> = {
  'start-not-seen': 'what starts the clock has not been seen',
  'condition-not-met': "the rule's condition does not hold for this shipment",
  'within-budget': 'there is time left',
  'hold-open': 'a hold is open, and the clock stands still while it is',
  'warn-reached': 'the warning time has come and it is not done',
  'done-in-time': 'it was done in time',
  'done-in-time-reported-late': 'it was done in time; we learned of it only after the deadline',
  'done-within-precision': 'only dates are known, and by them it may have been in time',
  'done-late': 'it was done after the deadline',
  'deadline-passed-proved':
    'the deadline has passed, and every channel that could tell of it was heard past it',
  'deadline-passed-awaiting-proof':
    'the deadline has passed; not every channel that could tell was heard past it yet',
  'deadline-passed-channel-blind':
    'the deadline has passed; a channel that could tell is not heard, or there is none',
  'wait-for-feeds-passed':
    'the deadline has passed, and a channel that could tell stayed silent for as long as the rule waits',
  'replanned-impossible':
    'the plan left no time: when it became known, the deadline that follows from it had passed',
  'start-retracted': 'what started the clock was taken back',
  'rule-removed': 'the rule is no longer in force',
  'operator-waived': 'an operator waived it',
  'outside-calendar': 'a date lies outside what the calendar covers',
  'heard-of': 'something was heard of the shipment not long ago',
  'heard-after-silence': 'something was heard of the shipment again, after it had been quiet for too long',
  'no-longer-active': 'the shipment is not active any more',
  'under-way': 'the goods are between two stops, and the clock stands still while they are',
  'in-order': 'it happened after what it must not precede',
  'out-of-order': 'it happened before what it must not precede',
  'values-agree': 'the values agree',
  'values-differ': 'the values differ by more than the rule allows',
  'not-comparable': 'the values cannot be compared: another currency, or a text and a number',
  'declared-once': 'no other declaration declares the same goods',
  'declared-twice': 'an earlier declaration declares the same goods',
  'within-count': 'it has not happened too often',
  'count-reached': 'it has happened too often',
  'feed-heard': 'the channel speaks, and what it tells is not too late',
  'feed-silent': 'nothing was heard on the channel for longer than the rule allows',
  'feed-slow': 'more reports of the channel than the rule allows came too long after what they tell of',
  'date-unreadable': 'the date that the deadline hangs on cannot be read',
};
