import { spanText, zonedText } from '../../rules/testing-time.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Backtest } from '../backtest/backtest.ts';
import type { Counts, Example, RuleReport } from '../backtest/tally.ts';
import { type Column, drawTable } from './table.ts';

interface Line {
  readonly who: string;
  readonly counts: Counts;
}

const number = (n: number | undefined): string => (n === undefined ? '.' : String(n));

const COLUMNS: readonly Column<Line>[] = [
  { head: '', cell: ({ who }) => who, shrinks: true },
  { head: 'met', cell: ({ counts }) => number(counts.clocks.met), right: true },
  { head: 'late', cell: ({ counts }) => number(counts.clocks['met-late']), right: true },
  { head: 'breached', cell: ({ counts }) => number(counts.clocks.breached), right: true },
  { head: 'unconfirmed', cell: ({ counts }) => number(counts.clocks.unconfirmed), right: true },
  { head: 'unknown', cell: ({ counts }) => number(counts.clocks.unknown), right: true },
  { head: 'open', cell: ({ counts }) => number(counts.clocks.open), right: true },
  { head: '│ warned', cell: ({ counts }) => number(counts.told['at-risk']), right: true },
  { head: 'fired', cell: ({ counts }) => number(firedOf(counts)), right: true },
  { head: 'resolved', cell: ({ counts }) => number(counts.told.resolved), right: true },
  { head: 'withdrawn', cell: ({ counts }) => number(counts.told.withdrawn), right: true },
];

function firedOf({ told }: Counts): number | undefined {
  const all = [told.fired, told['fired-unconfirmed'], told.reopened].filter((n) => n !== undefined);
  return all.length === 0 ? undefined : all.reduce((sum, n) => sum + n, 0);
}

const CHANGES: Readonly<Record<RuleReport['change'], string>> = {
  new: 'new: no rule of this name is in force',
  changed: 'changed',
  same: 'means the same as the rule in force',
  gone: 'switched off in the tried file',
};

/** The report for a person: clocks on the left, what people would have been told on the right. */
export function drawBacktest(
  result: Backtest & { readonly from: EpochMs; readonly to: EpochMs; readonly seconds: number },
  zone: string,
  width: number,
): string {
  const { from, to, events, shipments, seconds, rules } = result;
  const rate = seconds > 0 ? `, ${Math.round(events / seconds)} events/s` : '';
  const lines = [
    `${zonedText(from, zone)} to ${zonedText(to - (to % 1000), zone)}: ${events} events of ${shipments} shipments in ${seconds.toFixed(1)} s${rate}`,
  ];
  if (events === 0) lines.push('Nothing is stored of this period.');
  for (const rule of events === 0 ? [] : rules) lines.push('', ...drawRule(rule, zone, width));
  return lines.join('\n');
}

function drawRule(report: RuleReport, zone: string, width: number): string[] {
  const { rule, title, change, inForce, tried, byPartner, differing, examples } = report;
  const lines: Line[] = [
    { who: 'in force', counts: inForce },
    { who: 'tried', counts: tried },
  ];
  if (byPartner.length > 1) {
    for (const { partner, ...counts } of byPartner) {
      lines.push({ who: `  ${partner}, in force`, counts: counts.inForce });
      lines.push({ who: `  ${partner}, tried`, counts: counts.tried });
    }
  }
  const drawn = [
    `${rule}: ${title} (${CHANGES[change]})`,
    ...drawTable(lines, COLUMNS, width).map((line) => `  ${line}`),
  ];
  if (differing === 0) return [...drawn, '  No clock comes out differently.'];
  const all = examples.length === differing;
  drawn.push(
    `  ${differing} ${differing === 1 ? 'clock comes' : 'clocks come'} out differently${all ? ':' : ', for example:'}`,
  );
  for (const example of examples) drawn.push(...drawExample(example, zone));
  return drawn;
}

function drawExample({ shipment, partner, occurrence, inForce, tried }: Example, zone: string): string[] {
  const subject = occurrence.subject === undefined ? '' : ` (${occurrence.subject})`;
  return [
    `    ${shipment}${subject}, ${partner}`,
    `      in force  ${stands(inForce, zone)}`,
    `      tried     ${stands(tried, zone)}`,
  ];
}

function stands(verdict: Example['tried'], zone: string): string {
  if (verdict === undefined) return 'no clock';
  const { state, reason, dueAt, lateMs } = verdict;
  const due = dueAt === undefined ? '' : `, due ${zonedText(dueAt, zone)}`;
  const late = lateMs === undefined || lateMs <= 0 ? '' : `, ${spanText(lateMs)} late`;
  return `${state} (${reason})${due}${late}`;
}
