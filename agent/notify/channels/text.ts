import type { AlertRecord } from '../../track/outcome.ts';
import type { NotificationGroup } from '../route.ts';

/** One line for a subject or a title: the headline of one change, or how many there are and of what. */
export function groupHeadline(group: NotificationGroup): string {
  const [first, ...rest] = group.records;
  if (first === undefined) return '';
  if (rest.length === 0) return first.text.headline;
  const by = Object.values(group.labels)
    .filter((value) => value !== '')
    .join(', ');
  return `${group.records.length} alerts${by === '' ? '' : ` for ${by}`}, first: ${first.text.headline}`;
}

/** A change as plain lines. */
export const recordLines = ({ text }: AlertRecord): readonly string[] => [
  text.headline,
  ...text.lines.map((line) => `  ${line}`),
  ...(text.link === '' ? [] : [`  ${text.link}`]),
];

/** A change as machines read it. */
export const recordJson = (record: AlertRecord): object => ({
  alertId: record.change.alertId,
  change: record.change.number,
  kind: record.change.kind,
  reason: record.change.reason,
  at: new Date(record.change.at).toISOString(),
  rule: record.rule,
  ruleVersion: record.ruleVersion,
  severity: record.severity,
  tenant: record.tenant,
  shipmentId: record.shipmentId,
  labels: record.labels,
  headline: record.text.headline,
  details: record.text.lines,
  evidence: record.evidence ?? [],
  link: record.text.link,
});
