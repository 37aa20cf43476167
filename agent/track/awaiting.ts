import type { MilestoneCode } from '../../rules/milestone.ts';
import type { EpochMs } from '../../rules/time.ts';

/** A channel that must be heard for a milestone past a deadline before an overdue clock can be settled. */
export interface Wait {
  readonly channelId: string;
  readonly milestone: MilestoneCode;
  readonly dueAt: EpochMs;
}

/** Waits for one channel and one milestone, earliest deadline first. Entries that no longer hold are dropped when they come up. */
class Queue {
  readonly dueBySlot = new Map<number, EpochMs>();
  readonly #heap: { readonly slot: number; readonly dueAt: EpochMs }[] = [];

  put(slot: number, dueAt: EpochMs): void {
    if (this.dueBySlot.get(slot) === dueAt) return;
    this.dueBySlot.set(slot, dueAt);
    const heap = this.#heap;
    let at = heap.length;
    heap.push({ slot, dueAt });
    for (let parent = (at - 1) >> 1; at > 0 && heap[parent]!.dueAt > dueAt; parent = (at - 1) >> 1) {
      heap[at] = heap[parent]!;
      at = parent;
      heap[at] = { slot, dueAt };
    }
  }

  /** Takes off every slot whose deadline is not after `watermark`. */
  take(watermark: EpochMs, into: Set<number>): void {
    for (let top = this.#heap[0]; top !== undefined && top.dueAt <= watermark; top = this.#heap[0]) {
      this.#pop();
      if (this.dueBySlot.get(top.slot) !== top.dueAt) continue;
      this.dueBySlot.delete(top.slot);
      into.add(top.slot);
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.dueAt < heap[child]!.dueAt) child += 1;
      if (heap[child]!.dueAt >= last.dueAt) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

/** Shipments whose overdue clocks wait for channels to be proved heard past a deadline. */
export class Awaiting {
  readonly #byChannel = new Map<string, Map<MilestoneCode, Queue>>();
  readonly #bySlot = new Map<number, readonly Wait[]>();

  get size(): number {
    return this.#bySlot.size;
  }

  /** What {@link set} would take to bring this about again. */
  *dump(): Generator<{ slot: number; waits: readonly Wait[] }> {
    for (const [slot, waits] of this.#bySlot) yield { slot, waits };
  }

  /** Replaces what a shipment waits for; an empty list when for nothing. */
  set(slot: number, waits: readonly Wait[]): void {
    const before = this.#bySlot.get(slot);
    if (before === undefined && waits.length === 0) return;
    for (const { channelId, milestone } of before ?? []) {
      this.#byChannel.get(channelId)?.get(milestone)?.dueBySlot.delete(slot);
    }
    for (const { channelId, milestone, dueAt } of waits) this.#queue(channelId, milestone).put(slot, dueAt);
    if (waits.length === 0) this.#bySlot.delete(slot);
    else this.#bySlot.set(slot, waits);
  }

  /** Shipments to judge again because a channel moved, in slot order; `watermarkOf` tells how far it is heard for a milestone. */
  ready(channelId: string, watermarkOf: (milestone: MilestoneCode) => EpochMs): readonly number[] {
    const queues = this.#byChannel.get(channelId);
    if (queues === undefined) return NOBODY;
    const slots = new Set<number>();
    for (const [milestone, queue] of queues) {
      if (queue.dueBySlot.size > 0) queue.take(watermarkOf(milestone), slots);
    }
    return slots.size === 0 ? NOBODY : [...slots].sort((a, b) => a - b);
  }

  #queue(channelId: string, milestone: MilestoneCode): Queue {
    let queues = this.#byChannel.get(channelId);
    if (queues === undefined) {
      queues = new Map();
      this.#byChannel.set(channelId, queues);
    }
    let queue = queues.get(milestone);
    if (queue === undefined) {
      queue = new Queue();
      queues.set(milestone, queue);
    }
    return queue;
  }
}

const NOBODY: readonly number[] = [];
