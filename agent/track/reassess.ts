import type { RuleSet } from '../../rules/sla.ts';
import type { Judge } from './judge.ts';

/** Other rules come into force. Shipments that they concern are judged again by {@link judgeOn}, some at a time. */
export function useRules({ parts }: Judge, ruleSet: RuleSet): void {
  if (!parts.assessor.rules.use(ruleSet, parts.logTime)) return;
  parts.unjudgedFrom = 0;
  parts.feeds.rulesChanged();
}

/** Judges some of the shipments that rules which came into force concern; false when none is left. */
export function judgeOn(judge: Judge, most = 500): boolean {
  const { shipments, assessor, unjudgedFrom } = judge.parts;
  if (unjudgedFrom === undefined) return false;
  const end = Math.min(shipments.size, unjudgedFrom + most);
  for (let slot = unjudgedFrom; slot < end; slot += 1) {
    if (assessor.isConcerned(shipments.at(slot))) judge.assess(slot);
  }
  judge.parts.unjudgedFrom = end < shipments.size ? end : undefined;
  return end < shipments.size;
}
