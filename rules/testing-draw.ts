import type { Happening, ScenarioResult, TestResult } from './testing.ts';
import { localText } from './testing-time.ts';
import type { ClockState } from './verdict.ts';

const MARKS: Readonly<Record<Happening['kind'], string>> = {
  event: '●',
  clock: '│',
  alert: '!',
  channel: '~',
  held: '✓',
  failed: '✗',
};

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/**
 * A scenario that failed, as a timeline with what was expected and what was so:
 *
 * ```text
 * eu-import.test.yaml:14:9: released in time: 1 of 3 expectations failed
 *   2026-06-01 09:00  ● arrived at destination
 *                     │ eu-import-release: running (within-budget), due 2026-06-03 15:00
 *   2026-06-03 15:00  ✗ expected clock eu-import-release: met, got breached, deadline-passed-proved
 * ```
 */
export function drawScenario(file: string, zone: string, result: ScenarioResult): string {
  const { name, place, failures, checks, happenings } = result;
  const at = failures[0]?.place ?? place;
  const lines = [
    `${file}:${at.line}:${at.column}: ${name}: ${failures.length} of ${plural(checks, 'expectation')} failed`,
  ];
  let last = '';
  for (const happening of happenings) {
    const time = localText(happening.at, zone);
    lines.push(`  ${(time === last ? '' : time).padEnd(17)} ${MARKS[happening.kind]} ${happening.text}`);
    last = time;
  }
  return lines.join('\n');
}

/** Every failure of a file, and one line that sums it up. */
export function drawResult(result: TestResult): string {
  const failed = result.scenarios.filter(({ failures }) => failures.length > 0);
  const drawn = failed.map((scenario) => drawScenario(result.file, result.zone, scenario));
  const checks = result.scenarios.reduce((sum, scenario) => sum + scenario.checks, 0);
  const verdict = failed.length === 0 ? 'ok' : `FAILED (${failed.length})`;
  return [
    ...drawn,
    `${result.file}: ${plural(result.scenarios.length, 'scenario')}, ${plural(checks, 'expectation')}: ${verdict}`,
  ].join('\n');
}

const COLUMNS: readonly ClockState[] = [
  'running',
  'at-risk',
  'paused',
  'met',
  'met-late',
  'breached',
  'unknown',
];

/** Which states of which rules the scenarios reached: `x` reached, `.` never. */
export function drawCoverage(coverage: ReadonlyMap<string, ReadonlySet<ClockState>>): string {
  const width = Math.max(4, ...[...coverage.keys()].map((name) => name.length));
  const row = (name: string, cells: readonly string[]): string =>
    [name.padEnd(width), ...cells.map((cell, index) => cell.padEnd(COLUMNS[index]!.length))]
      .join('  ')
      .trimEnd();
  const rows = [...coverage].map(([name, states]) =>
    row(
      name,
      COLUMNS.map((state) => (states.has(state) ? 'x' : '.')),
    ),
  );
  return [row('rule', COLUMNS), ...rows].join('\n');
}
