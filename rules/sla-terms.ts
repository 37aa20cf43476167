import type { Count, MilestoneRef, Rule } from './sla.ts';
import { NO_TIME } from './sla-budget.ts';
import { checkFeed } from './sla-feed.ts';
import { KINDS, type RuleKind } from './sla-kind.ts';
import type { Fields } from './yaml-reader.ts';
import { type KeyValues, readKeys } from './yaml-type.ts';

/** What the keys of its kind say of a rule. */
export type Terms = Pick<
  Rule,
  'from' | 'to' | 'within' | 'on' | 'dates' | 'reconcile' | 'same' | 'count' | 'feed'
>;

const NOTHING: Terms = {
  ...{ from: [], to: [], within: NO_TIME, on: undefined, dates: [] },
  ...{ reconcile: undefined, same: [], count: undefined, feed: undefined },
};

const HOLD: Pick<Terms, 'from' | 'to'> = {
  from: [{ milestone: 'customs.hold.placed', classifier: 'actual' }],
  to: [{ milestone: 'customs.hold.removed', classifier: 'actual' }],
};

/** Reads the keys of a kind. What is wrong or missing is reported, and something harmless stands in its place. */
export function readTerms(kind: RuleKind, fields: Fields): Terms {
  const read = <K extends RuleKind>(of: K): KeyValues<(typeof KINDS)[K]['keys']> =>
    readKeys(fields, KINDS[of].keys);
  switch (kind) {
    case 'after': {
      const { from, to, within } = read(kind);
      return terms({ from, to, within });
    }
    case 'ack': {
      const { submitted, answered_by, within } = read(kind);
      return terms({ from: submitted, to: answered_by, within });
    }
    case 'before': {
      const { ahead_of, event, at_least } = read(kind);
      return terms({ from: ahead_of, to: event, within: at_least });
    }
    case 'by': {
      const { event, by: dates, tolerance } = read(kind);
      const from = dates?.filter((date): date is MilestoneRef => 'milestone' in date);
      return terms({ from, to: event, within: tolerance, dates });
    }
    case 'calendar-date': {
      const { from, to, due } = read(kind);
      return terms({ from, to, on: due });
    }
    case 'silence': {
      const { from, until, quiet_for } = read(kind);
      return terms({ from, to: until, within: quiet_for });
    }
    case 'sequence': {
      const { event, not_before } = read(kind);
      return terms({ from: event, to: not_before });
    }
    case 'reconcile':
      return reconcileTerms(read(kind));
    case 'duplicate': {
      const { event, same } = read(kind);
      return terms({ from: event, same });
    }
    case 'count': {
      const { event, until, ...count } = read(kind);
      return terms({ from: event, to: until, count: countOf(count, fields) });
    }
    case 'feed': {
      const { source, partner, via, silent_for: silentFor, lag } = read(kind);
      const feed = { sources: source, partners: partner, vias: via, silentFor, lag };
      checkFeed(fields);
      return terms({ feed, within: silentFor });
    }
    case 'dwell': {
      // The agency is part of the condition (sla-rule.ts).
      const { agency: _, ...keys } = KINDS.dwell.keys;
      return terms({ ...HOLD, within: readKeys(fields, keys).longer_than });
    }
  }
}

/** What is undefined has been reported, or may be left out. */
function terms(said: { readonly [K in keyof Terms]?: Terms[K] | undefined }): Terms {
  const there = Object.entries(said).filter(([, value]) => value !== undefined);
  return { ...NOTHING, ...(Object.fromEntries(there) as Partial<Terms>) };
}

function reconcileTerms(keys: KeyValues<typeof KINDS.reconcile.keys>): Terms {
  const { values = [], tolerance, first_digits: firstDigits, within } = keys;
  const from = values.flatMap(({ milestone }): MilestoneRef[] =>
    milestone === undefined ? [] : [{ milestone, classifier: 'actual' }],
  );
  return terms({ from, within, reconcile: { values, tolerance, firstDigits } });
}

function countOf(
  keys: Pick<KeyValues<typeof KINDS.count.keys>, 'at_most' | 'warn_at' | 'per'>,
  fields: Fields,
): Count {
  const { at_most: atMost, warn_at: warnAt, per } = keys;
  if (atMost !== undefined && warnAt !== undefined && warnAt > atMost) {
    const message = `warn_at: ${warnAt} is too many already (at_most: ${atMost})`;
    const { place } = fields.get('warn_at')!;
    fields.report.error(place, 'warn-after-breach', message, `write ${atMost} or less`);
  }
  return { atMost: atMost ?? 0, warnAt, per };
}
