import { dueAt } from './budget.ts';
import { type ClockBase, type ClockInput, warnAt } from './evaluate-clock.ts';
import { NO_STARTS, type Start } from './evaluate-starts.ts';
import { factsOf, saidLater } from './fact.ts';
import type { Reconcile, Rule, ValueRef } from './sla.ts';
import type { Fact, Trace } from './trace.ts';
import type { Verdict } from './verdict.ts';

/** What is known of one of the values that a rule compares. */
export interface Found {
  readonly ref: ValueRef;
  /** Numbers are added up over declarations, containers or whatever they were stated of; texts are a set. */
  readonly value: number | readonly string[];
  /** Currencies named beside it. */
  readonly currencies: readonly string[];
  /** One for each subject: what was said of it last. */
  readonly facts: readonly Fact[];
}

/** One clock for the shipment, from when two of the values are known. */
export function comparedStarts(trace: Trace, rule: Rule): readonly Start[] {
  const found = foundIn(trace, rule);
  if (found.length < 2) return NO_STARTS;
  return [{ text: '', occurrence: {}, fact: lastKnown(found) }];
}

/** The values that somebody has stated, in the order of the rule. */
export function foundIn(trace: Trace, rule: Rule): readonly Found[] {
  const { values, firstDigits } = rule.reconcile!;
  return values.flatMap((ref) => {
    const facts = factsFor(trace, ref);
    return facts.length === 0 ? [] : [foundOf(ref, facts, firstDigits)];
  });
}

function factsFor(trace: Trace, { attribute, milestone, source }: ValueRef): readonly Fact[] {
  const bySubject = new Map<string, Fact>();
  for (const { fact, of, subject = '' } of factsOf(trace)) {
    if (milestone !== undefined && of.milestone !== milestone) continue;
    if (source !== undefined && fact.source !== source) continue;
    if (fact.attributes[attribute] === undefined) continue;
    const known = bySubject.get(subject);
    if (known === undefined || saidLater(fact, known)) bySubject.set(subject, fact);
  }
  return [...bySubject.values()];
}

function foundOf(ref: ValueRef, facts: readonly Fact[], firstDigits: number | undefined): Found {
  const values = facts.map((fact) => fact.attributes[ref.attribute]!);
  const currency = ref.attribute.replace(/\.[^.]+$/, '.currency');
  const currencies = [
    ...new Set(facts.flatMap(({ attributes }) => attributes[currency] ?? []).map(String)),
  ].sort();
  const numbers = firstDigits === undefined ? values.map(numberOf) : [];
  if (numbers.length > 0 && numbers.every((number) => number !== undefined)) {
    return { ref, value: numbers.reduce((sum, number) => sum + number, 0), currencies, facts };
  }
  const texts = values.map((value) => {
    const text = String(value).trim().toUpperCase();
    return firstDigits === undefined ? text : text.replace(/[^A-Z0-9]/g, '').slice(0, firstDigits);
  });
  return { ref, value: [...new Set(texts)].sort(), currencies, facts };
}

function numberOf(value: string | number | boolean): number | undefined {
  if (typeof value === 'boolean' || value === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

const lastKnown = (found: readonly Found[]): Fact =>
  found
    .flatMap(({ facts }) => facts)
    .reduce((a, b) =>
      b.observedAt > a.observedAt || (b.observedAt === a.observedAt && b.eventId > a.eventId) ? b : a,
    );

/**
 * ```text
 *   two values known ── they differ ── within ── due: breached
 *                       they agree: met, whenever that is
 * ```
 */
export function judgeReconcile(base: ClockBase, input: ClockInput): Verdict {
  const { rule, calendar, trace, start, now } = input;
  const found = foundIn(trace, rule);
  const known = start.fact.observedAt;
  const evidence = [...new Set(found.flatMap(({ facts }) => facts.map(({ eventId }) => eventId)))].sort();
  const common = { ...base, startAt: known, evidence, awaitingChannels: [] };
  const outcome = compare(found, rule.reconcile!);
  if (outcome === 'not-comparable') {
    return { ...common, state: 'unknown', reason: 'not-comparable', confidence: 'unconfirmed' };
  }
  if (outcome === 'values-agree') return { ...common, state: 'met', reason: 'values-agree', endAt: known };
  const due = dueAt(known, rule.within, calendar);
  const warn = warnAt(rule, calendar, due, due);
  const dated = {
    ...common,
    reason: 'values-differ',
    dueAt: due,
    ...(warn !== undefined && { warnAt: warn }),
  } as const;
  if (now >= due) return { ...dated, state: 'breached', confidence: 'proved', lateMs: now - due };
  const atRisk = warn !== undefined && now >= warn;
  return {
    ...dated,
    state: atRisk ? 'at-risk' : 'running',
    nextAt: warn !== undefined && !atRisk ? warn : due,
  };
}

/** Whether every value agrees with the first. Amounts in two currencies, and a number with a text, cannot be compared. */
export function compare(
  found: readonly Found[],
  { tolerance }: Reconcile,
): 'values-agree' | 'values-differ' | 'not-comparable' {
  const [first, ...others] = found;
  let outcome: ReturnType<typeof compare> = 'values-agree';
  for (const other of others) {
    const [a, b] = [first!.value, other.value];
    const oneCurrency =
      first!.currencies.length === 0 ||
      other.currencies.length === 0 ||
      String(first!.currencies) === String(other.currencies);
    if (!oneCurrency || first!.currencies.length > 1 || typeof a !== typeof b) return 'not-comparable';
    const same =
      typeof a === 'number' && typeof b === 'number'
        ? Math.abs(a - b) <= Math.max(tolerance.amount, tolerance.share * Math.abs(a)) + ROUNDING
        : String(a) === String(b);
    if (!same) outcome = 'values-differ';
  }
  return outcome;
}

/** A hundredth of a cent: sums of amounts are not exact in binary. */
const ROUNDING = 1e-4;
