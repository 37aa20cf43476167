import type { AlertChange, AlertChangeKind, AlertMemory } from '../../rules/alert.ts';
import type { ChannelView } from '../../rules/channel.ts';
import { proversOf } from '../../rules/evaluate-provers.ts';
import { routesOf } from '../../rules/incoterm.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Trace } from '../../rules/trace.ts';
import type { Verdict } from '../../rules/verdict.ts';
import type { AlertRecord, AlertText, RenderAlert } from './outcome.ts';
import type { RulesInForce } from './rules-in-force.ts';

export interface AlertRecordSettings {
  readonly tenant: string;
  readonly rules: RulesInForce;
  readonly channels: ChannelView;
  readonly renderAlert: RenderAlert;
  readonly tellSince: EpochMs;
}

/** Changes that are news by themselves; the others only go on with an alert. */
const RAISES: ReadonlySet<AlertChangeKind> = new Set(['at-risk', 'fired', 'fired-unconfirmed', 'reopened']);

/**
 * An alert change with everything that a person is told about it, or why nobody is.
 *
 * ```text
 *   due ──────── rule in force ──── fired: recorded, nobody is told ──── resolved: neither
 *   rule in force ──── due ──── fired: told ──── resolved: told
 * ```
 */
export function recordOf(
  change: AlertChange,
  before: AlertMemory | undefined,
  verdict: Verdict,
  trace: Trace,
  settings: AlertRecordSettings,
): AlertRecord {
  const { tenant, rules, channels, renderAlert } = settings;
  const rule = rules.byName(verdict.rule);
  if (rule === undefined) return recordOfRemovedRule(change, verdict, trace, tenant);
  const { labels, text } = renderAlert({
    ...{ about: 'shipment', change, verdict, rule, trace },
    calendarZone: rule.calendar === undefined ? undefined : rules.ruleSet.calendars.get(rule.calendar)?.zone,
    channels: proversOf(rule, trace, channels).channels,
  });
  const routes = routesOf(rule, trace.attributes);
  const { change: told, quiet } = quieted(change, before, verdict, routes, settings);
  return {
    change: told,
    clockId: verdict.clockId,
    shipmentId: trace.shipmentId,
    rule: rule.name,
    ruleVersion: rule.version,
    severity: rule.severity,
    tenant,
    notify: quiet === undefined ? routes : [],
    ...(quiet !== undefined && { quiet }),
    aboutChannel: false,
    labels,
    text,
    evidence: verdict.evidence,
  };
}

/** Whether and why nobody is told of a change; it then says so itself, for whoever was not told that it began need not hear how it ended. */
export function quieted(
  change: AlertChange,
  before: AlertMemory | undefined,
  verdict: Verdict,
  routes: readonly string[],
  settings: Pick<AlertRecordSettings, 'rules' | 'tellSince'>,
): Pick<AlertRecord, 'change' | 'quiet'> {
  const quiet = quietFor(change, before, verdict, routes, settings);
  const untold = RAISES.has(change.kind) ? quiet !== undefined : before?.untold === true;
  return {
    change: untold ? { ...change, after: { ...change.after, untold } } : change,
    ...(quiet !== undefined && { quiet }),
  };
}

/** An alert change about a channel or an identifier, and not about a shipment. */
export const channelRecord = (
  change: AlertChange,
  labels: Readonly<Record<string, string>>,
  text: AlertText,
  { tenant, notify }: Pick<AlertRecord, 'tenant' | 'notify'>,
): AlertRecord => ({
  change,
  clockId: '',
  shipmentId: '',
  rule: labels.rule ?? '',
  ruleVersion: '',
  severity: 'warning',
  tenant,
  notify,
  aboutChannel: true,
  labels,
  text,
});

function quietFor(
  { kind, at }: AlertChange,
  before: AlertMemory | undefined,
  { rule: name, dueAt }: Verdict,
  routes: readonly string[],
  { rules, tellSince }: Pick<AlertRecordSettings, 'rules' | 'tellSince'>,
): AlertRecord['quiet'] {
  const rule = rules.byName(name);
  if (rule?.mode === 'shadow') return 'shadow';
  if (at < tellSince) return 'older-than-horizon';
  if (routes.length === 0) return 'no-route';
  if (!RAISES.has(kind)) return before?.untold === true ? 'never-told' : undefined;
  return dueAt !== undefined && dueAt < rules.since(name) ? 'older-than-rule' : undefined;
}

const recordOfRemovedRule = (
  change: AlertChange,
  verdict: Verdict,
  trace: Trace,
  tenant: string,
): AlertRecord => ({
  change,
  clockId: verdict.clockId,
  shipmentId: trace.shipmentId,
  rule: verdict.rule,
  ruleVersion: '',
  severity: 'info',
  tenant,
  notify: [],
  quiet: 'no-route',
  aboutChannel: false,
  labels: { rule: verdict.rule },
  text: { headline: `${verdict.rule} is no longer in force`, lines: [], link: '' },
});
