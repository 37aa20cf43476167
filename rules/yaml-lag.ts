import type { ObservedLag } from './reporting-lag.ts';
import { shareOf } from './sla-feed.ts';
import type { DurationMs } from './time.ts';
import { type Fields, readFields } from './yaml-reader.ts';
import { placeWithin, type YamlReport } from './yaml-report.ts';
import type { YamlNode } from './yaml-tree.ts';
import { readDuration, readText } from './yaml-values.ts';

const DAY_MS: DurationMs = 86_400_000;

/**
 * `reporting_lag:` of a source, here and in tests of rules:
 *
 *     reporting_lag: 2h                                             # as agreed
 *     reporting_lag: { observed: 95%, first: 4h, at_most: 24h }     # as seen of each partner; `first` until enough is seen
 */
export function readReportingLag(fields: Fields): { reportingLagMs: DurationMs; observedLag?: ObservedLag } {
  const { report } = fields;
  const node = fields.get('reporting_lag');
  if (node === undefined) return { reportingLagMs: 0 };
  if (node.kind !== 'map') return { reportingLagMs: readDuration(node, report, 'reporting_lag') ?? 0 };
  const inner = readFields(node, report, 'reporting_lag');
  const share = inner?.required('observed', (n) => readShare(n, report, 'observed'), '95%');
  const reportingLagMs = inner?.duration('first') ?? 0;
  const atMostMs = inner?.duration('at_most', { minMs: reportingLagMs }) ?? Math.max(DAY_MS, reportingLagMs);
  inner?.end();
  return { reportingLagMs, ...(share !== undefined && { observedLag: { share, atMostMs } }) };
}

function readShare(node: YamlNode, report: YamlReport, what: string): number | undefined {
  const text = readText(node, report, what, '95%');
  if (text === undefined) return undefined;
  const share = shareOf(/^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim())?.[1]);
  if (share === undefined) {
    const fix = 'write 95%, or another from 50% to below 100%';
    report.error(
      placeWithin(node, 0, text.length),
      'out-of-range',
      `${what}: "${text}" is no share of reports`,
      fix,
    );
  }
  return share;
}
