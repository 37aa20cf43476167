import type { ClickHouseClient } from '@clickhouse/client';
import { everyRouteOf } from '../../rules/incoterm.ts';
import type { Rule, RuleSet } from '../../rules/sla.ts';
import { milestoneRefText } from '../../rules/sla-milestone.ts';
import type { EpochMs } from '../../rules/time.ts';
import { quote } from './tables.ts';

/**
 * Records the versions of the rules that an agent takes up at `at`. Call it at the start and when rules change; clocks find
 * their titles, and `awaiting` what they end in, by these rows. Repeat after failure: it is idempotent.
 */
export async function recordRuleVersions(
  client: ClickHouseClient,
  database: string,
  rules: RuleSet['rules'],
  at: EpochMs,
): Promise<void> {
  if (rules.length === 0) return;
  await client.insert({
    table: `${quote(database)}.rule_versions_log`,
    values: rules.map((rule) => ruleRow(rule, at)),
    format: 'JSONEachRow',
    clickhouse_settings: { date_time_input_format: 'best_effort' },
  });
}

function ruleRow(rule: Rule, at: EpochMs): Record<string, unknown> {
  return {
    rule: rule.name,
    version: rule.version,
    used_at: new Date(at).toISOString(),
    title: rule.title,
    kind: rule.kind,
    mode: rule.mode,
    severity: rule.severity,
    legal: rule.legal,
    starts: rule.from.map(milestoneRefText),
    // Bare codes of what ends the clock by happening: the view `awaiting` looks for them.
    ends: rule.to.filter((to) => to.classifier === 'actual').map((to) => to.milestone),
    within: rule.within.text,
    warn: rule.warn.map((budget) => budget.text),
    calendar: rule.calendar ?? '',
    notify: everyRouteOf(rule),
    owner: rule.owner ?? '',
    basis: rule.basis ?? '',
    file: rule.place.file,
    line: rule.place.line,
  };
}
