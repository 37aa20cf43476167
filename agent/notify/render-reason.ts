import type { AlertChangeKind } from '../../rules/alert.ts';
import type { VerdictReason } from '../../rules/verdict.ts';

/** How a change reads at the start of a headline. */
export const LEAD: Readonly<Record<AlertChangeKind, string>> = {
  'at-risk': 'AT RISK',
  fired: 'BREACHED',
  'fired-unconfirmed': 'PROBABLY BREACHED (unconfirmed)',
  confirmed: 'BREACH CONFIRMED',
  resolved: 'RESOLVED',
  withdrawn: 'WITHDRAWN',
  reopened: 'BREACHED AGAIN',
};

/** What a breach is, for reasons that say more than how late it is; each continues a headline. */
export const BREACH_WORDS: Readonly<Partial<Record<VerdictReason, string>>> = {
  'replanned-impossible': ', the limit had passed when the plan became known',
  'out-of-order': ', it happened before it was allowed',
  'values-differ': ', the values differ',
  'declared-twice': ', the same goods are declared already',
  'count-reached': ', it happened too often',
};

/** What an alert ends with that was right. */
export const END_WORDS: Readonly<Partial<Record<VerdictReason, string>>> = {
  'heard-of': ', heard of in time',
  'heard-after-silence': ', heard of again',
  'no-longer-active': ', the journey is over',
  'values-agree': ', the values agree',
};

/** Why an alert is taken back. */
export function withdrawalWords(reason: VerdictReason, title: string): string {
  switch (reason) {
    case 'done-in-time':
    case 'done-in-time-reported-late':
      return 'it was done in time and reported late';
    case 'done-within-precision':
      return 'its date does not show that it was late';
    case 'heard-of':
      return 'it was heard of in time and that was reported late';
    case 'in-order':
      return 'it had been allowed before';
    case 'declared-once':
      return 'the other declaration does not stand';
    case 'within-count':
      return 'it has not happened so often after all';
    case 'start-retracted':
      return 'what started the clock was retracted';
    case 'condition-not-met':
      return `"${title}" does not apply to this shipment`;
    case 'operator-waived':
      return 'waived by an operator';
    case 'hold-open':
      return 'a hold stops the clock';
    case 'under-way':
      return 'the goods are under way';
    default:
      return 'the deadline moved';
  }
}
