import type { ChannelSource } from './channels-channel.ts';
import type { AttributeValue, Classifier, Occurrence } from './event.ts';
import type { MilestoneCode } from './milestone.ts';
import type { Problem } from './problem.ts';
import type { RuleSet } from './sla.ts';
import { runScenario } from './testing-run.ts';
import type { DurationMs, EpochMs, TimeSpan } from './time.ts';
import type { ClockState, VerdictReason } from './verdict.ts';
import type { Place } from './yaml-tree.ts';

/** A `*.test.yaml` file: what happens to shipments in virtual time, and what the rules must say about it. */
export interface TestFile {
  readonly file: string;
  /** Rule files, relative to the test file. */
  readonly rules: readonly string[];
  /** IANA zone of times written without an offset, and of everything drawn. */
  readonly zone: string;
  readonly scenarios: readonly Scenario[];
}

export interface Scenario {
  readonly name: string;
  readonly place: Place;
  /** Attributes by shipment; a scenario that names none has one, called `shipment`. */
  readonly shipments: ReadonlyMap<string, Readonly<Record<string, AttributeValue>>>;
  /** Empty: everything is heard at all times. */
  readonly channels: readonly ChannelSource[];
  /** In order of log time. */
  readonly steps: readonly Step[];
  /** In order of log time. */
  readonly expectations: readonly Expectation[];
}

/** Something that enters the log at `at`. */
export type Step =
  | {
      readonly kind: 'event';
      readonly at: EpochMs;
      readonly shipment: string;
      readonly id: string;
      /** Higher replaces lower with the same id. */
      readonly order: number;
      readonly milestone: MilestoneCode;
      readonly occurrence: Occurrence;
      readonly classifier: Classifier;
      readonly occurredAt: TimeSpan;
      readonly source: string;
      readonly partner: string;
      readonly place: { readonly unlocode?: string };
      readonly attributes: Readonly<Record<string, AttributeValue>>;
      readonly retracted: boolean;
      readonly text: string;
    }
  | {
      readonly kind: 'blind' | 'returns' | 'dead-letter' | 'resolved';
      readonly at: EpochMs;
      readonly channel: string;
    }
  /** A partner tells so many things, each so long after it happened; of no shipment in particular. */
  | {
      readonly kind: 'reports';
      readonly at: EpochMs;
      readonly channel: string;
      readonly partner: string;
      readonly lagMs: DurationMs;
      readonly times: number;
    }
  | { readonly kind: 'waive'; readonly at: EpochMs; readonly shipment: string; readonly rule: string };

export interface Expectation {
  readonly at: EpochMs;
  readonly place: Place;
  readonly shipment: string;
  readonly expects:
    | {
        readonly of: 'clock';
        /** Undefined: the only rule under test. */
        readonly rule: string | undefined;
        readonly state: ClockState | 'none';
        readonly reason?: VerdictReason;
        readonly due?: EpochMs;
        readonly subject?: string;
      }
    /** The changes told so far, or only the last of them (`none`: nothing told yet). */
    | { readonly of: 'alert'; readonly rule: string | undefined; readonly last: string }
    | { readonly of: 'alerts'; readonly rule: string | undefined; readonly all: readonly string[] }
    | { readonly of: 'channel'; readonly channel: string; readonly status: string };
}

/** One line of what happened, in the order in which it did. */
export interface Happening {
  readonly at: EpochMs;
  readonly kind: 'event' | 'clock' | 'alert' | 'channel' | 'held' | 'failed';
  readonly text: string;
}

export interface Failure {
  readonly place: Place;
  readonly at: EpochMs;
  readonly expected: string;
  readonly got: string;
}

export interface ScenarioResult {
  readonly name: string;
  readonly place: Place;
  readonly checks: number;
  readonly failures: readonly Failure[];
  readonly happenings: readonly Happening[];
  /** Every state that a clock of a rule was in. */
  readonly reached: ReadonlyMap<string, ReadonlySet<ClockState>>;
}

export interface TestResult {
  readonly file: string;
  readonly zone: string;
  readonly scenarios: readonly ScenarioResult[];
  /** What stops the file from being run at all. */
  readonly problems: readonly Problem[];
}

/**
 * Runs every scenario of a file against the rules, whatever their mode. Pure: time passes only as the scenario says, and clocks that fall due
 * between two steps fire between them.
 */
export function runTestFile(testFile: TestFile, ruleSet: RuleSet): TestResult {
  const scenarios = testFile.scenarios.map((scenario) => runScenario(scenario, ruleSet, testFile.zone));
  return { file: testFile.file, zone: testFile.zone, scenarios, problems: [] };
}

/** Which states of which rules the scenarios of all files reached; rules that no scenario touched are there with none. */
export function coverageOf(
  results: readonly TestResult[],
  ruleSets: readonly RuleSet[],
): ReadonlyMap<string, ReadonlySet<ClockState>> {
  const coverage = new Map<string, Set<ClockState>>();
  for (const { rules } of ruleSets) for (const { name } of rules) coverage.set(name, new Set());
  for (const { scenarios } of results) {
    for (const { reached } of scenarios) {
      for (const [rule, states] of reached) for (const state of states) coverage.get(rule)?.add(state);
    }
  }
  return coverage;
}
