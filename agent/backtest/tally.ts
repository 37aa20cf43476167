import type { AlertChangeKind } from '../../rules/alert.ts';
import type { ChannelView } from '../../rules/channel.ts';
import type { Occurrence } from '../../rules/event.ts';
import type { Rule } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Trace } from '../../rules/trace.ts';
import type { Verdict } from '../../rules/verdict.ts';
import type { AlertRecord } from '../track/outcome.ts';
import type { Side, Sides } from './sides.ts';

/** How a clock ended, or stands at the end of the period. */
export type Outcome = 'met' | 'met-late' | 'breached' | 'unconfirmed' | 'unknown' | 'open' | 'withdrawn';

export interface Counts {
  readonly clocks: Readonly<Partial<Record<Outcome, number>>>;
  /** What people would have been told. */
  readonly told: Readonly<Partial<Record<AlertChangeKind, number>>>;
}

/** One clock that came out differently. A side is absent when it has no such clock. */
export interface Example {
  readonly shipmentId: string;
  /** What people call it; its id when nobody names it. */
  readonly shipment: string;
  readonly partner: string;
  readonly occurrence: Occurrence;
  readonly inForce?: Pick<Verdict, 'state' | 'reason' | 'dueAt' | 'lateMs'>;
  readonly tried?: Pick<Verdict, 'state' | 'reason' | 'dueAt' | 'lateMs'>;
}

export interface RuleReport {
  readonly rule: string;
  readonly title: string;
  /** What the tried file does to it. */
  readonly change: 'new' | 'changed' | 'same' | 'gone';
  readonly inForce: Counts;
  readonly tried: Counts;
  readonly byPartner: readonly {
    readonly partner: string;
    readonly inForce: Counts;
    readonly tried: Counts;
  }[];
  /** Clocks that came out differently. */
  readonly differing: number;
  readonly examples: readonly Example[];
}

interface Growing {
  readonly clocks: Partial<Record<Outcome, number>>;
  readonly told: Partial<Record<AlertChangeKind, number>>;
}

interface Differing {
  count: number;
  /** How many of the examples, the first ones, were late under either rule. */
  late: number;
  readonly examples: Omit<Example, 'shipment'>[];
}

interface Pair {
  readonly rule: Rule;
  readonly verdict: Record<Side, Verdict | undefined>;
}

type Cell = Record<Side, Growing>;

const emptyCell = (): Cell => ({
  'in-force': { clocks: {}, told: {} },
  tried: { clocks: {}, told: {} },
});

const NOBODY = '-';
const MOST_EXAMPLES = 5;

/** Who would have told that a clock's end had come: the first channel that can, else whoever spoke first of the shipment. */
export function partnerOf(rule: Rule, trace: Trace, channels: ChannelView): string {
  const end = (rule.kind === 'before' ? rule.from : rule.to)[0];
  const prover = end === undefined ? undefined : channels.provers(end.milestone, trace)[0];
  return prover?.partner ?? trace.partners[0] ?? NOBODY;
}

/** Counts what a back-test brought about. */
export class Tally {
  readonly #sides: Sides;
  readonly #period: { readonly from: EpochMs; readonly to: EpochMs };
  readonly #cells = new Map<string, Map<string, Cell>>();
  readonly #differing = new Map<string, Differing>();

  constructor(sides: Sides, period: { readonly from: EpochMs; readonly to: EpochMs }) {
    this.#sides = sides;
    this.#period = period;
  }

  /** What would have been told; earlier and later changes are left out. */
  alerts(records: readonly AlertRecord[]): void {
    for (const { rule: name, change, labels } of records) {
      const found = this.#sides.of.get(name);
      if (found === undefined || change.at < this.#period.from || change.at > this.#period.to) continue;
      for (const side of found.sides) {
        const { told } = this.#cell(found.rule.name, labels.partner ?? NOBODY)[side];
        told[change.kind] = (told[change.kind] ?? 0) + 1;
      }
    }
  }

  /** How the clocks of a shipment stand at the end of the period. */
  shipment(trace: Trace, verdicts: readonly Verdict[], channels: ChannelView): void {
    for (const { rule, verdict } of this.#pairs(verdicts)) {
      const inForce = this.#within(verdict['in-force']);
      const tried = this.#within(verdict.tried);
      if (inForce === undefined && tried === undefined) continue;
      const partner = partnerOf(rule, trace, channels);
      const cell = this.#cell(rule.name, partner);
      count(cell['in-force'], inForce);
      count(cell.tried, tried);
      if (inForce !== tried && !sameOutcome(inForce, tried))
        this.#differ(rule, trace, partner, inForce, tried);
    }
  }

  /** The two sides' verdicts on the same start; several of one rule and occurrence (holds) pair up in their order. */
  #pairs(verdicts: readonly Verdict[]): Iterable<Pair> {
    const pairs = new Map<string, Pair>();
    const seen = new Map<string, number>();
    for (const verdict of verdicts) {
      const found = this.#sides.of.get(verdict.rule);
      if (found === undefined) continue;
      const occurrence = JSON.stringify(verdict.occurrence);
      const number = (seen.get(`${verdict.rule}\n${occurrence}`) ?? 0) + 1;
      seen.set(`${verdict.rule}\n${occurrence}`, number);
      const key = `${found.rule.name}\n${number}\n${occurrence}`;
      const pair = pairs.get(key) ?? {
        rule: found.rule,
        verdict: { 'in-force': undefined, tried: undefined },
      };
      for (const side of found.sides) pair.verdict[side] = verdict;
      pairs.set(key, pair);
    }
    return pairs.values();
  }

  /** Shipments of which something is shown. */
  exampleIds(): readonly string[] {
    const all = [...this.#differing.values()].flatMap(({ examples }) => examples);
    return [...new Set(all.map(({ shipmentId }) => shipmentId))];
  }

  /** Every rule that was judged, by name; `nameOf` tells what people call a shipment. */
  report(nameOf: ReadonlyMap<string, string>): readonly RuleReport[] {
    const names = [...new Set([...this.#sides.of.values()].map(({ rule }) => rule.name))].sort();
    return names.map((name) => {
      const judged = [...this.#sides.of.values()].filter(({ rule }) => rule.name === name);
      const on = new Set(judged.flatMap(({ sides }) => sides));
      const partners = [...(this.#cells.get(name) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      const { count: differing = 0, examples = [] } = this.#differing.get(name) ?? {};
      return {
        rule: name,
        title: judged[0]!.rule.title,
        change: judged.length === 1 ? (on.size === 2 ? 'same' : on.has('tried') ? 'new' : 'gone') : 'changed',
        inForce: sum(partners.map(([, cell]) => cell['in-force'])),
        tried: sum(partners.map(([, cell]) => cell.tried)),
        byPartner: partners.map(([partner, cell]) => ({
          partner,
          inForce: cell['in-force'],
          tried: cell.tried,
        })),
        differing,
        examples: examples.map((example) => ({
          ...example,
          shipment: nameOf.get(example.shipmentId) ?? example.shipmentId,
        })),
      };
    });
  }

  /** A clock concerns the period when it had started before the end of it and was not over at its beginning. */
  #within(verdict: Verdict | undefined): Verdict | undefined {
    if (verdict?.startAt === undefined || outcomeOf(verdict) === undefined) return undefined;
    const { from, to } = this.#period;
    return verdict.startAt <= to && (verdict.endAt ?? to) >= from ? verdict : undefined;
  }

  #differ(
    rule: Rule,
    trace: Trace,
    partner: string,
    inForce: Verdict | undefined,
    tried: Verdict | undefined,
  ): void {
    const found = this.#differing.get(rule.name) ?? { count: 0, late: 0, examples: [] };
    this.#differing.set(rule.name, found);
    found.count += 1;
    const isBad = isLate(inForce) || isLate(tried);
    if (found.examples.length === MOST_EXAMPLES) {
      // What was late under either rule says more than what was in time.
      if (!isBad || found.late === MOST_EXAMPLES) return;
      found.examples.pop();
    }
    found.examples.splice(isBad ? found.late++ : found.examples.length, 0, {
      shipmentId: trace.shipmentId,
      partner,
      occurrence: (tried ?? inForce)!.occurrence,
      ...(inForce && { inForce: shown(inForce) }),
      ...(tried && { tried: shown(tried) }),
    });
  }

  #cell(rule: string, partner: string): Cell {
    const partners = this.#cells.get(rule) ?? new Map<string, Cell>();
    this.#cells.set(rule, partners);
    const cell = partners.get(partner) ?? emptyCell();
    partners.set(partner, cell);
    return cell;
  }
}

const isLate = (verdict: Pick<Verdict, 'state'> | undefined): boolean =>
  verdict?.state === 'met-late' || verdict?.state === 'breached';

const shown = ({ state, reason, dueAt, lateMs }: Verdict): NonNullable<Example['tried']> => ({
  state,
  reason,
  ...(dueAt !== undefined && { dueAt }),
  ...(lateMs !== undefined && { lateMs }),
});

function outcomeOf({ state, confidence }: Verdict): Outcome | undefined {
  switch (state) {
    case 'running':
    case 'paused':
    case 'at-risk':
      return 'open';
    case 'breached':
      return confidence === 'unconfirmed' ? 'unconfirmed' : 'breached';
    case 'waiting':
    case 'waived':
    case 'not-applicable':
      return undefined;
    default:
      return state;
  }
}

const sameOutcome = (a: Verdict | undefined, b: Verdict | undefined): boolean =>
  a !== undefined && b !== undefined && outcomeOf(a) === outcomeOf(b);

function count(to: Growing, verdict: Verdict | undefined): void {
  const outcome = verdict && outcomeOf(verdict);
  if (outcome !== undefined) to.clocks[outcome] = (to.clocks[outcome] ?? 0) + 1;
}

function sum(cells: readonly Growing[]): Counts {
  const total: Growing = { clocks: {}, told: {} };
  for (const { clocks, told } of cells) {
    add(total.clocks, clocks);
    add(total.told, told);
  }
  return total;
}

function add<K extends string>(
  to: Partial<Record<K, number>>,
  from: Readonly<Partial<Record<K, number>>>,
): void {
  for (const name of Object.keys(from) as K[]) to[name] = (to[name] ?? 0) + (from[name] ?? 0);
}
