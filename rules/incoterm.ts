import type { AttributeValue } from './event.ts';
import type { Rule } from './sla.ts';

/** What an Incoterms rule puts on the seller or the buyer. */
export type Duty = 'export' | 'main-leg' | 'import' | 'duty';
export const DUTIES = ['export', 'main-leg', 'import', 'duty'] as const satisfies readonly Duty[];

/**
 * The duties of the seller; the rest is the buyer's. Incoterms 2020 and the terms of 2010 and 2000 that are still written
 * (unverified: check them against your contracts).
 */
const SELLER: Readonly<Record<string, readonly Duty[]>> = {
  EXW: [],
  FCA: ['export'],
  FAS: ['export'],
  FOB: ['export'],
  CFR: ['export', 'main-leg'],
  CIF: ['export', 'main-leg'],
  CPT: ['export', 'main-leg'],
  CIP: ['export', 'main-leg'],
  DAP: ['export', 'main-leg'],
  DPU: ['export', 'main-leg'],
  DAT: ['export', 'main-leg'],
  DDU: ['export', 'main-leg'],
  DAF: ['export', 'main-leg'],
  DES: ['export', 'main-leg'],
  DEQ: ['export', 'main-leg', 'import', 'duty'],
  DDP: ['export', 'main-leg', 'import', 'duty'],
};

export const INCOTERMS: readonly string[] = Object.keys(SELLER);

/** Whose duty it is; undefined when the term is not known. */
export function partyOf(incoterm: AttributeValue | undefined, duty: Duty): 'seller' | 'buyer' | undefined {
  const duties = SELLER[String(incoterm ?? '').toUpperCase()];
  return duties && (duties.includes(duty) ? 'seller' : 'buyer');
}

type Attributes = Readonly<Record<string, AttributeValue>>;

/** What was said for the shipment's Incoterms rule, else for the party whose duty it is. */
function chosen<T>(rule: Rule, by: ReadonlyMap<string, T>, { incoterm }: Attributes): T | undefined {
  if (by.size === 0 || incoterm === undefined) return undefined;
  const party = rule.responsible && partyOf(incoterm, rule.responsible);
  return by.get(String(incoterm).toUpperCase()) ?? (party && by.get(party));
}

/** Who should act for a shipment with these attributes. */
export const ownerOf = (rule: Rule, attributes: Attributes): string | undefined =>
  chosen(rule, rule.ownerBy, attributes) ?? rule.owner;

/** The routes that are told of a shipment with these attributes. */
export const routesOf = (rule: Rule, attributes: Attributes): readonly string[] =>
  chosen(rule, rule.notifyBy, attributes) ?? rule.notify;

/** Every route that a rule may tell. */
export const everyRouteOf = ({ notify, notifyBy }: Rule): readonly string[] => [
  ...new Set([...notify, ...[...notifyBy.values()].flat()]),
];
