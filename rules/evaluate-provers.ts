import type { ChannelState, ChannelView } from './channel.ts';
import { MILESTONES, type MilestoneCode } from './milestone.ts';
import type { MilestoneRef, Rule } from './sla.ts';
import type { EpochMs } from './time.ts';
import type { Trace } from './trace.ts';

/** Kinds whose deadline hangs on a date that may move: what was not heard of a new plan may move it too. */
export const hangsOnPlan = ({ kind }: Rule): boolean => kind === 'before' || kind === 'by';

/** The milestones whose news can settle an overdue clock of this rule: a channel that is to be waited for states one of them. */
export function awaitedMilestones(rule: Rule): ReadonlySet<MilestoneCode> {
  const refs = hangsOnPlan(rule) ? [...rule.to, ...rule.from] : rule.to;
  return new Set(refs.map(({ milestone }) => milestone));
}

const EVERY_REF: readonly MilestoneRef[] = (Object.keys(MILESTONES) as MilestoneCode[]).map((milestone) => ({
  milestone,
  classifier: 'actual',
}));

/** What could still tell that a deadline was kept. */
export interface Provers {
  /** How many channels would tell of the end. */
  readonly count: number;
  /** Those, and those that would tell of a new plan; each as far as it was heard for the milestone heard least. */
  readonly channels: readonly ChannelState[];
}

/** The channels that can settle a clock of this rule in this shipment: what the sources can state, cut down to `proved_by`. */
export function proversOf(rule: Rule, trace: Trace, view: ChannelView): Provers {
  const all = new Map<string, ChannelState>();
  const ask = (refs: readonly MilestoneRef[]): void => {
    for (const { milestone } of refs) {
      for (const channel of view.provers(milestone, trace)) {
        if (rule.provedBy.length > 0 && !rule.provedBy.includes(channel.source)) continue;
        const known = all.get(channel.id);
        if (known === undefined || channel.watermark < known.watermark) all.set(channel.id, channel);
      }
    }
  };
  ask(rule.to);
  // Any word of the shipment would end a silence.
  if (rule.kind === 'silence') ask(EVERY_REF);
  const count = all.size;
  if (hangsOnPlan(rule)) ask(rule.from);
  return { count, channels: [...all.values()] };
}

/** Those that were not heard past a moment. */
export const silentBefore = ({ channels }: Provers, due: EpochMs): readonly ChannelState[] =>
  channels.filter((channel) => channel.watermark < due);
