import { WARNINGS } from './sla-budget.ts';
import { KIND_NAMES } from './sla-kind.ts';
import { PAUSES } from './sla-pause.ts';
import { CONDITION } from './yaml-terms.ts';
import { DURATION, FLAG, NAMED, oneOf, optional, TEXT, TEXTS, withDefault } from './yaml-type.ts';

/** Keys of a rule file. */
export const FILE_KEYS = {
  calendars: withDefault(NAMED, 'business time, by name', '', []),
  rules: withDefault(NAMED, 'rules, by name', '', []),
  override: withDefault(NAMED, 'changes of rules of other files, by the name of the rule', '', []),
};

/** Keys of a rule of any kind, beside those about people (sla-people.ts). */
export const RULE_KEYS = {
  kind: optional(oneOf(KIND_NAMES), 'the kind', 'dwell', 'the kind of which most keys are there'),
  title: optional(TEXT, 'what people read', 'Customs release within 24 business hours', 'the name'),
  when: optional(
    CONDITION,
    'which shipments it is for',
    `mode == "sea" and destination.country == "NL"`,
    'all shipments',
  ),
  mode: withDefault(
    oneOf(['live', 'shadow', 'off']),
    '`shadow` judges and records and tells nobody, `off` does nothing',
    'shadow',
    'live',
  ),
  severity: optional(
    oneOf(['info', 'warning', 'critical']),
    'how bad a breach is',
    'critical',
    'critical for legal rules, else warning',
  ),
  legal: withDefault(
    FLAG,
    'a legal cut-off: it breaches at the deadline, unconfirmed where it is not proved',
    'true',
    false,
  ),
  warn: withDefault(WARNINGS, 'when to warn', '[24h before, 8h before]', [], 'no warning'),
  calendar: optional(TEXT, 'a calendar of these rule files', 'nl-customs', 'always open, days of UTC'),
  pause_while: withDefault(
    PAUSES,
    'states in which the clock stands still',
    'customs.hold',
    [],
    'it runs on',
  ),
  wait_for_feeds: withDefault(
    DURATION,
    'how long a breach may wait for channels that are silent; then it is unconfirmed',
    '6h',
    7_200_000,
    '2h',
  ),
  proved_by: withDefault(
    TEXTS,
    'only these sources prove that nothing happened',
    'broker-nl',
    [],
    'every source whose map states the milestone',
  ),
  basis: optional(TEXT, 'law, contract or practice that it comes from', '15 CFR 30.4'),
};
