import { packEntries, unpackEntries } from '../../rules/trace.ts';
import { packClocks, unpackClocks } from './clocks.ts';
import { TextInterner } from './interner.ts';
import { OpenShipment } from './open-shipment.ts';

/** Shipments kept unpacked between batches, 100 MB at 20 kB each: a busy shipment is rarely busy once. */
const KEPT_OPEN = 5000;

/**
 * All open shipments. An idle shipment is one string of packed entries and clocks (plain objects took 3.75 kB a shipment, and
 * seconds of garbage collection at a million). Those used last stay unpacked; `settle` packs the ones that were not used for longest.
 */
export class Shipments {
  readonly names: TextInterner;
  readonly #slots = new Map<string, number>();
  readonly #ids: string[] = [];
  readonly #packed: string[] = [];
  /** By slot, the one used longest ago first. */
  readonly #open = new Map<number, OpenShipment>();
  readonly #keptOpen: number;
  #turn = 0;

  constructor(names = new TextInterner(), keptOpen = KEPT_OPEN) {
    this.names = names;
    this.#keptOpen = keptOpen;
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
    if (known !== undefined) {
      if (known.usedIn !== this.#turn) this.#use(known);
      return known;
    }
    const packed = this.#packed[slot]!;
    const cut = packed.indexOf('\n');
    const shipment = new OpenShipment(
      slot,
      this.#ids[slot]!,
      cut < 0 ? new Map() : unpackEntries(packed.slice(0, cut), this.names),
      cut < 0 ? new Map() : unpackClocks(packed.slice(cut + 1), this.names),
      this.#turn,
    );
    this.#open.set(slot, shipment);
    return shipment;
  }

  /** Packs what was not used for longest, so that memory stays bounded. Call between batches. */
  settle(): void {
    this.#turn += 1;
    let over = this.#open.size - this.#keptOpen;
    if (over <= 0) return;
    for (const shipment of this.#open.values()) {
      this.#save(shipment);
      this.#open.delete(shipment.slot);
      over -= 1;
      if (over === 0) return;
    }
  }

  /** Id and packed text of every shipment, in slot order; a copy that later batches do not change. */
  dump(): { readonly ids: readonly string[]; readonly packed: readonly string[] } {
    for (const shipment of this.#open.values()) this.#save(shipment);
    return { ids: [...this.#ids], packed: [...this.#packed] };
  }

  load(ids: readonly string[], packed: readonly string[]): void {
    // A piece of a larger text keeps all of it in memory.
    for (const [index, id] of ids.entries()) this.#add(flatten(id), flatten(packed[index]!));
  }

  #add(id: string, packed: string): number {
    const slot = this.#ids.length;
    this.#slots.set(id, slot);
    this.#ids.push(id);
    this.#packed.push(packed);
    return slot;
  }

  #use(shipment: OpenShipment): void {
    shipment.usedIn = this.#turn;
    shipment.unsaved = true;
    this.#open.delete(shipment.slot);
    this.#open.set(shipment.slot, shipment);
  }

  #save(shipment: OpenShipment): void {
    if (!shipment.unsaved) return;
    this.#packed[shipment.slot] = this.#pack(shipment);
    // Whoever uses it in this turn may hold it already and change it still.
    shipment.unsaved = shipment.usedIn === this.#turn;
  }

  #pack(shipment: OpenShipment): string {
    const text = `${packEntries(shipment.entries.values(), this.names)}\n${packClocks(shipment.clocks.values(), this.names)}`;
    // Concatenation leaves a rope of its parts; writing it out once makes it one flat one-byte string.
    return flatten(text);
  }
}

const flatten = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');
