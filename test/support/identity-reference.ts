import { hashId } from '../../rules/hash.ts';
import type { IdentityConflict, IdentitySettings, Statement } from '../../rules/identity.ts';
import { type IdentityOverride, shipmentIdOf } from '../../rules/identity-override.ts';
import {
  compareRefs,
  parseRef,
  REF_TYPES,
  REUSED_AFTER,
  type Ref,
  refText,
  SHARED_TRANSPORT,
} from '../../rules/refs.ts';

const MINUTE_MS = 60_000;

interface Known {
  readonly key: string;
  readonly minute: number;
  readonly refs: readonly string[];
  readonly aliases: readonly string[];
}

type Sets = readonly (readonly string[])[];

const unique = (values: readonly string[]): string[] => [...new Set(values)].sort();

function agree(sets: Sets): { shipments: string[]; ambiguous: boolean } {
  if (sets.length === 0) return { shipments: [], ambiguous: false };
  const common = sets.reduce((a, b) => a.filter((x) => b.includes(x)));
  return common.length > 0
    ? { shipments: unique(common), ambiguous: false }
    : { shipments: unique(sets.flat()), ambiguous: true };
}

/**
 * The definition of identity written out over the whole set of statements at once, slow and plain: what the incremental
 * one must equal after every change.
 */
export class IdentityReference {
  readonly #settings: IdentitySettings;
  readonly #statements: readonly Known[];
  readonly #into = new Map<string, string>();
  readonly #splits: { ref: string; shipmentId: string }[] = [];
  readonly #aliases = new Map<string, string>();
  readonly #direct = new Map<string, readonly string[]>();
  readonly links = new Map<string, readonly string[]>();
  readonly conflicts: IdentityConflict[] = [];

  constructor(
    settings: IdentitySettings,
    statements: readonly Statement[],
    overrides: readonly IdentityOverride[],
  ) {
    this.#settings = settings;
    this.#statements = statements.map(({ key, at, refs, aliases = [] }) => ({
      key,
      minute: Math.floor(at / MINUTE_MS),
      refs: unique([...refs, ...aliases].map(refText)),
      aliases: unique(aliases.map(refText)),
    }));
    this.#foldOverrides(overrides);
    this.#decideAliases();
    for (const statement of this.#statements) {
      const principals = this.#principals(statement);
      const own = principals.length > 0 ? principals : this.#aliased(statement);
      if (own.length > 0) this.#direct.set(statement.key, own);
    }
    for (const [key, own] of this.#direct) this.links.set(key, unique(own.map((p) => this.#root(p))));
    this.#resolveLinking();
    this.#resolveGroups();
    this.conflicts.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }

  #id = (principal: string): string => shipmentIdOf(this.#settings.tenant, parseRef(principal));
  #type = (ref: string): Ref['type'] => parseRef(ref).type;
  #power = (ref: string): string => REF_TYPES[this.#type(ref)].power;
  #window = (ref: string): number => (REUSED_AFTER[this.#type(ref)] ?? Infinity) / MINUTE_MS;
  #isPrincipal = (ref: string): boolean => this.#type(ref) === this.#settings.shipmentIs;
  #principals = ({ refs }: Known): string[] => refs.filter(this.#isPrincipal);
  #aliased = ({ refs }: Known): string[] => unique(refs.flatMap((ref) => this.#aliases.get(ref) ?? []));

  #foldOverrides(overrides: readonly IdentityOverride[]): void {
    for (const fact of [...overrides].sort((a, b) => a.position - b.position)) {
      if (fact.kind === 'merge') {
        if (!this.#chain(fact.into).includes(fact.shipmentId)) this.#into.set(fact.shipmentId, fact.into);
        continue;
      }
      const own = this.#id(refText(fact.ref));
      if (own !== fact.shipmentId && this.#chain(own).includes(fact.shipmentId)) this.#into.delete(own);
      this.#splits.push({ ref: refText(fact.ref), shipmentId: fact.shipmentId });
    }
  }

  #chain(shipmentId: string): string[] {
    const next = this.#into.get(shipmentId);
    return next === undefined ? [shipmentId] : [shipmentId, ...this.#chain(next)];
  }

  /** Shipment id that the principal ref stands for: the last one merged into of which anything is known. */
  #root(principal: string): string {
    const live = new Set([...this.#direct.values()].flat().map(this.#id));
    return this.#chain(this.#id(principal))
      .filter((id, i) => i === 0 || live.has(id))
      .at(-1)!;
  }

  #isSplit(ref: string, shipmentIds: readonly string[]): boolean {
    return this.#splits.some((split) => split.ref === ref && shipmentIds.includes(split.shipmentId));
  }

  #decideAliases(): void {
    const claims = new Map<string, { alias: string; principal: string; count: number }>();
    for (const statement of this.#statements) {
      const [principal, second] = this.#principals(statement);
      if (principal === undefined || second !== undefined) continue;
      for (const alias of statement.aliases) {
        if (alias === principal || this.#isSplit(alias, this.#chain(this.#id(principal)))) continue;
        const name = `${alias} ${principal}`;
        claims.set(name, { alias, principal, count: (claims.get(name)?.count ?? 0) + 1 });
      }
    }
    const hash = (alias: string, principal: string) =>
      hashId('alias', this.#settings.tenant, alias, principal);
    const refused: { alias: string; principal: string }[] = [];
    const taken = new Set<string>();
    for (const { alias, principal } of [...claims.values()].sort(
      (a, b) => b.count - a.count || (hash(a.alias, a.principal) < hash(b.alias, b.principal) ? -1 : 1),
    )) {
      const place = `${principal} ${this.#type(alias)}`;
      if (this.#aliases.has(alias) || taken.has(place)) refused.push({ alias, principal });
      else {
        this.#aliases.set(alias, principal);
        taken.add(place);
      }
    }
    for (const { alias, principal } of refused) {
      const holds = this.#aliases.get(alias);
      this.conflicts.push({
        kind: 'alias-refused',
        alias: parseRef(alias),
        refused: this.#id(principal),
        ...(holds === undefined ? {} : { holds: this.#id(holds) }),
      });
    }
  }

  /** Shipments that direct statements give the ref at that time. */
  #level0(ref: string, minute: number): string[] {
    const times = new Map<string, number[]>();
    for (const statement of this.#statements) {
      if (!statement.refs.includes(ref)) continue;
      for (const principal of this.#direct.get(statement.key) ?? []) {
        times.set(principal, [...(times.get(principal) ?? []), statement.minute]);
      }
    }
    const window = this.#window(ref);
    const out: string[] = [];
    for (const [principal, at] of times) {
      if (this.#isSplit(ref, this.#chain(this.#id(principal)))) continue;
      if (minute < Math.min(...at) - window || minute > Math.max(...at) + window) continue;
      out.push(this.#root(principal));
    }
    return unique(out);
  }

  #resolveLinking(): void {
    const open = this.#statements.filter(({ key }) => !this.#direct.has(key));
    const known = new Map<string, { level: number; shipments: readonly string[] }>();
    const at = (statement: Known, ref: string): string => `${statement.key} ${ref}`;
    const linking = (statement: Known): string[] =>
      statement.refs.filter((ref) => this.#power(ref) === 'linking');
    const level = new Map<string, number>();
    const base = new Map<string, readonly string[]>();
    for (let n = 0; ; n++) {
      const found: [string, readonly string[]][] = [];
      for (const statement of open) {
        for (const ref of linking(statement)) {
          if (known.has(at(statement, ref))) continue;
          const sets =
            n === 0
              ? [this.#level0(ref, statement.minute)]
              : open
                  .filter((giver) => giver.refs.includes(ref) && level.get(giver.key) === n - 1)
                  .filter((giver) => !known.has(at(giver, ref)))
                  .filter((giver) => Math.abs(giver.minute - statement.minute) <= this.#window(ref))
                  .map((giver) => base.get(giver.key)!.filter((id) => !this.#isSplit(ref, [id])));
          const given = sets.filter((set) => set.length > 0);
          if (given.length > 0) found.push([at(statement, ref), agree(given).shipments]);
        }
      }
      if (found.length === 0) break;
      for (const [name, shipments] of found) known.set(name, { level: n, shipments });
      for (const statement of open) {
        if (level.has(statement.key)) continue;
        const sets = linking(statement).flatMap((ref) => known.get(at(statement, ref))?.shipments ?? null);
        const said = linking(statement).flatMap((ref) => {
          const entry = known.get(at(statement, ref));
          return entry === undefined ? [] : [entry.shipments];
        });
        if (sets.length === 0 || said.length === 0) continue;
        level.set(statement.key, n);
        base.set(statement.key, agree(said).shipments);
      }
    }
    for (const statement of open) {
      const said = linking(statement).flatMap((ref) => {
        const entry = known.get(at(statement, ref));
        return entry === undefined ? [] : [entry.shipments];
      });
      if (said.length > 0) this.#finish(statement, agree(said));
    }
  }

  #resolveGroups(): void {
    const open = this.#statements.filter(({ key }) => !this.links.has(key));
    const placed = this.#statements.filter(({ key }) => this.links.has(key) && !this.#direct.has(key));
    for (const statement of open) {
      const aboutOne = statement.refs.some((ref) => this.#power(ref) === 'linking');
      const sets = statement.refs
        .filter((ref) => this.#power(ref) === 'group')
        .filter((ref) => !aboutOne || !SHARED_TRANSPORT.has(this.#type(ref)))
        .map((ref) => {
          const near = placed.filter(
            (other) =>
              other.refs.includes(ref) && Math.abs(other.minute - statement.minute) <= this.#window(ref),
          );
          const members = near.flatMap(({ key }) =>
            this.links.get(key)!.filter((id) => !this.#isSplit(ref, [id])),
          );
          return unique([...this.#level0(ref, statement.minute), ...members]);
        })
        .filter((set) => set.length > 0);
      const agreement = agree(sets);
      const known = !aboutOne || agreement.shipments.length < 2;
      this.#finish(statement, known ? agreement : { shipments: [], ambiguous: false });
    }
  }

  #finish(
    statement: Known,
    { shipments, ambiguous }: { readonly shipments: readonly string[]; readonly ambiguous: boolean },
  ): void {
    this.links.set(statement.key, shipments);
    if (!ambiguous) return;
    const refs = statement.refs.map(parseRef).sort(compareRefs);
    this.conflicts.push({ kind: 'ambiguous', key: statement.key, refs, shipments });
  }

  shipmentsOf(wanted: Ref): readonly string[] {
    const ref = refText(wanted);
    const principal = this.#isPrincipal(ref) ? ref : this.#aliases.get(ref);
    if (principal !== undefined) {
      const live = [...this.#direct.values()].flat().includes(principal);
      return live ? [this.#root(principal)] : [];
    }
    return unique(
      this.#statements
        .filter(({ refs }) => refs.includes(ref))
        .flatMap(({ key }) => {
          const own = this.#direct.get(key);
          if (own === undefined) return this.links.get(key)!.filter((id) => !this.#isSplit(ref, [id]));
          const kept = own.filter((p) => !this.#isSplit(ref, this.#chain(this.#id(p))));
          return kept.map((p) => this.#root(p));
        }),
    );
  }

  /** Dual of shipmentsOf. */
  refsOf(shipmentId: string): Ref[] {
    const all = unique(this.#statements.flatMap(({ refs }) => refs));
    return all
      .map(parseRef)
      .filter((ref) => this.shipmentsOf(ref).includes(shipmentId))
      .sort(compareRefs);
  }

  shipments(): string[] {
    return unique([...this.#direct.values()].flat().map((principal) => this.#root(principal)));
  }
}
