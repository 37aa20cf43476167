import type { Calendar } from './calendar.ts';
import type { PlaceRole } from './event.ts';
import type { Expr } from './expression.ts';
import type { MilestoneCode } from './milestone.ts';
import type { DurationMs } from './time.ts';

export type Budget =
  | { readonly unit: 'elapsed'; readonly ms: DurationMs; readonly text: string } // 24h, 30m, 7d, PT36H
  | { readonly unit: 'business-hours'; readonly ms: DurationMs; readonly text: string } // 24bh
  | { readonly unit: 'business-days'; readonly days: number; readonly text: string } // 3bd
  | { readonly unit: 'calendar-days'; readonly days: number; readonly text: string }; // 10cd

/** `arrived at destination`, `planned loaded at origin`, `customs.released`. */
export interface MilestoneRef {
  readonly milestone: MilestoneCode;
  readonly role?: PlaceRole;
  readonly classifier: 'actual' | 'planned';
}

/** Every rule kind of this version. A `dwell` rule's `from`/`to` are the open/close milestones of the state. An `ack`
 *  rule's `to` may list alternatives (accepted or rejected): the first of them ends the clock. */
export interface Rule {
  readonly name: string;
  /** Hash of the rule's own text and of the calendars it uses: changes exactly when the rule's meaning may have. */
  readonly version: string;
  readonly title: string;
  readonly kind: 'after' | 'before' | 'dwell' | 'ack';
  readonly mode: 'live' | 'shadow' | 'off';
  readonly severity: 'info' | 'warning' | 'critical';
  readonly legal: boolean; // a legal cut-off: its at-risk warnings and breach are never withheld
  readonly when: Expr | undefined;
  readonly from: readonly MilestoneRef[]; // alternatives, in order of preference: the first that has a fact starts the clock
  readonly to: readonly MilestoneRef[]; // alternatives: any ends the clock
  readonly within: Budget; // for 'before': at least this long before `to`
  readonly warn: readonly Budget[]; // before dueAt
  readonly calendar: string | undefined; // name in the same RuleSet; undefined = 24x7 UTC
  readonly pauseWhile: readonly PauseCondition[];
  readonly waitForFeedsMs: DurationMs;
  readonly notify: readonly string[];
  readonly owner: string | undefined; // who should act, in the reader's words
  readonly basis: string | undefined; // legal or practical source
  readonly place: { readonly file: string; readonly line: number; readonly column: number };
}
export type PauseCondition = { readonly state: 'customs.hold'; readonly agency?: string };
export interface RuleSet {
  readonly rules: readonly Rule[];
  readonly calendars: ReadonlyMap<string, Calendar>;
  readonly hash: string;
}
