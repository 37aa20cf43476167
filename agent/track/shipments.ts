import { packEntries, type TraceEntry, unpackEntries } from '../../rules/trace.ts';
import { type ClockMemory, packClocks, unpackClocks } from './clocks.ts';
import { TextInterner } from './interner.ts';

/** A shipment while a batch works on it. `slot` is its index everywhere in memory. */
export interface OpenShipment {
  readonly slot: number;
  readonly id: string;
  readonly entries: Map<string, TraceEntry>;
  clocks: Map<string, ClockMemory>;
  /** The entries changed since they were last judged. */
  stale: boolean;
}

/**
 * All open shipments. Between batches a shipment is one string of packed entries and clocks (plain objects took 3.75 kB a
 * shipment, and seconds of garbage collection at a million); a batch unpacks those it touches and `settle` packs them again.
 */
export class Shipments {
  readonly names: TextInterner;
  readonly #slots = new Map<string, number>();
  readonly #ids: string[] = [];
  readonly #packed: string[] = [];
  readonly #open = new Map<number, OpenShipment>();

  constructor(names = new TextInterner()) {
    this.names = names;
  }

  get size(): number {
    return this.#ids.length;
  }

  has(id: string): boolean {
    return this.#slots.has(id);
  }

  slotOf(id: string): number | undefined {
    return this.#slots.get(id);
  }

  idOf(slot: number): string {
    return this.#ids[slot]!;
  }

  /** The shipment, unpacked, made when it is new. */
  open(id: string): OpenShipment {
    return this.at(this.#slots.get(id) ?? this.#add(id, ''));
  }

  at(slot: number): OpenShipment {
    const known = this.#open.get(slot);
    if (known !== undefined) return known;
    const packed = this.#packed[slot]!;
    const cut = packed.indexOf('\n');
    const shipment: OpenShipment = {
      slot,
      id: this.#ids[slot]!,
      entries: cut < 0 ? new Map() : unpackEntries(packed.slice(0, cut), this.names),
      clocks: cut < 0 ? new Map() : unpackClocks(packed.slice(cut + 1), this.names),
      stale: false,
    };
    this.#open.set(slot, shipment);
    return shipment;
  }

  /** Packs everything that is unpacked. Call between batches. */
  settle(): void {
    for (const [slot, shipment] of this.#open) this.#packed[slot] = this.#pack(shipment);
    this.#open.clear();
  }

  /** Id and packed text of every shipment, in slot order; a copy that later batches do not change. Settle first. */
  dump(): { readonly ids: readonly string[]; readonly packed: readonly string[] } {
    return { ids: [...this.#ids], packed: [...this.#packed] };
  }

  load(ids: readonly string[], packed: readonly string[]): void {
    for (const [index, id] of ids.entries()) this.#add(id, packed[index]!);
  }

  #add(id: string, packed: string): number {
    const slot = this.#ids.length;
    this.#slots.set(id, slot);
    this.#ids.push(id);
    this.#packed.push(packed);
    return slot;
  }

  #pack(shipment: OpenShipment): string {
    const text = `${packEntries(shipment.entries.values(), this.names)}\n${packClocks(shipment.clocks.values(), this.names)}`;
    // Concatenation leaves a rope of its parts; writing it out once makes it one flat one-byte string.
    return flatten(text);
  }
}

const flatten = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');
