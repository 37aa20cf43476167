import type { Budget, DateRef, MilestoneRef, Rule } from './sla.ts';
import { NO_TIME, readBudget, readDateRule } from './sla-budget.ts';
import { readCount, readReconcile, readSame } from './sla-compare.ts';
import type { RuleKind } from './sla-kind.ts';
import { milestoneRefText, readMilestoneRefs } from './sla-milestone.ts';
import type { Fields } from './yaml-reader.ts';
import { placeWithin } from './yaml-report.ts';
import { readOneOf, readTextNodes } from './yaml-values.ts';

/** What the keys of its kind say of a rule. */
export type Terms = Pick<Rule, 'from' | 'to' | 'within' | 'on' | 'dates' | 'reconcile' | 'same' | 'count'>;

const NOTHING: Terms = {
  ...{ from: [], to: [], within: NO_TIME, on: undefined, dates: [] },
  ...{ reconcile: undefined, same: [], count: undefined },
};

/** Reads the keys of a kind. What is wrong or missing is reported, and something harmless stands in its place. */
export function readTerms(kind: RuleKind, fields: Fields): Terms {
  const { report } = fields;
  const refs = (key: string, example: string): MilestoneRef[] =>
    fields.required(key, (n) => readMilestoneRefs(n, report, key), example) ?? [];
  const budget = (key: string, example: string): Budget =>
    fields.required(key, (n) => readBudget(n, report, key), example) ?? NO_TIME;
  switch (kind) {
    case 'after':
      return {
        ...NOTHING,
        from: refs('from', 'arrived at destination'),
        to: refs('to', 'customs.released'),
        within: budget('within', '24bh'),
      };
    case 'ack':
      return {
        ...NOTHING,
        from: refs('submitted', 'customs.filed'),
        to: refs('answered_by', '[customs.accepted, customs.rejected]'),
        within: budget('within', '2h'),
      };
    case 'before': {
      const from = refs('ahead_of', 'planned loaded at origin');
      requirePlans(fields, 'ahead_of', from);
      return {
        ...NOTHING,
        from,
        to: refs('event', 'export.filing.accepted'),
        within: budget('at_least', '24h'),
      };
    }
    case 'by':
      return readBy(fields, refs('event', 'delivered'));
    case 'calendar-date':
      return {
        ...NOTHING,
        from: refs('from', 'customs.released'),
        to: refs('to', 'duty.paid'),
        on: fields.required('due', (n) => readDateRule(n, report, 'due'), '15th working day of next month'),
      };
    case 'silence':
      return {
        ...NOTHING,
        from: refs('from', 'goods.issued'),
        to: refs('until', 'delivered'),
        within: budget('quiet_for', '72h'),
      };
    case 'sequence':
      return { ...NOTHING, from: refs('event', 'gate.out'), to: refs('not_before', 'customs.released') };
    case 'reconcile':
      return readReconcileTerms(fields);
    case 'duplicate':
      return { ...NOTHING, from: refs('event', 'customs.accepted'), same: readSame(fields) };
    case 'count': {
      const until = fields.get('until');
      const to = until === undefined ? [] : readMilestoneRefs(until, report, 'until');
      return { ...NOTHING, from: refs('event', 'customs.rejected'), to, count: readCount(fields) };
    }
    case 'dwell':
      fields.required('state', (n) => readOneOf(n, report, 'state', HOLD_STATES), 'customs.hold');
      return { ...NOTHING, ...HOLD, within: budget('longer_than', '3bd') };
  }
}

export const HOLD_STATES = ['customs.hold'] as const;

const HOLD: Pick<Terms, 'from' | 'to'> = {
  from: [{ milestone: 'customs.hold.placed', classifier: 'actual' }],
  to: [{ milestone: 'customs.hold.removed', classifier: 'actual' }],
};

function readReconcileTerms(fields: Fields): Terms {
  const within = fields.get('within');
  const reconcile = readReconcile(fields);
  const from = reconcile.values.flatMap(({ milestone }): MilestoneRef[] =>
    milestone === undefined ? [] : [{ milestone, classifier: 'actual' }],
  );
  return {
    ...NOTHING,
    ...{ from, reconcile },
    within: (within && readBudget(within, fields.report, 'within')) ?? NO_TIME,
  };
}

function requirePlans(fields: Fields, key: string, refs: readonly MilestoneRef[]): void {
  for (const ref of refs) {
    if (ref.classifier === 'planned') continue;
    const text = milestoneRefText(ref);
    const place = fields.get(key)!.place;
    const message = `${key}: nothing can be due before "${text}" has been planned`;
    fields.report.error(place, 'not-planned', message, `write planned ${text}`);
  }
}

/** `by:` lists dates in order of preference: `planned delivered`, or an attribute that holds a date. */
function readBy(fields: Fields, to: readonly MilestoneRef[]): Terms {
  const { report } = fields;
  const dates: DateRef[] = [];
  const nodes = fields.required(
    'by',
    (n) => readTextNodes(n, report, 'by', 'planned delivered'),
    'transit.limit',
  );
  for (const { text, node } of nodes ?? []) {
    if (/^[a-z][a-z0-9_.]*$/.test(text)) {
      dates.push({ attribute: text });
      continue;
    }
    const refs = readMilestoneRefs(node, report, 'by');
    const plain = refs.find((ref) => ref.classifier !== 'planned');
    if (plain !== undefined) {
      const message = `by: "${milestoneRefText(plain)}" is no date that was agreed`;
      const fix = `write planned ${milestoneRefText(plain)}, or the attribute that holds the date`;
      report.error(placeWithin(node, 0, text.length), 'not-planned', message, fix);
    }
    dates.push(...refs);
  }
  const tolerance = fields.get('tolerance');
  const within = (tolerance && readBudget(tolerance, report, 'tolerance')) ?? NO_TIME;
  const from = dates.filter((date): date is MilestoneRef => 'milestone' in date);
  return { ...NOTHING, from, to, within, dates };
}
