import type { EpochMs } from '../../rules/time.ts';

interface Wait {
  readonly dueAt: EpochMs;
  /** Watermark at which the shipment was last judged in vain. */
  triedAt: EpochMs;
}

/** A blocked channel may move with every message; a shipment that could not be settled is not tried again sooner than this. */
const RETRY_AFTER_MS = 60_000;

/** Shipments whose overdue clocks wait for a channel to be proved heard past a deadline. */
export class Awaiting {
  readonly #byChannel = new Map<string, Map<number, Wait>>();
  readonly #bySlot = new Map<number, readonly string[]>();
  readonly #earliest = new Map<string, EpochMs>();

  get size(): number {
    return this.#bySlot.size;
  }

  /** What {@link set} would take to bring this about again. */
  *dump(): Generator<{ slot: number; channels: readonly string[]; dueAt: EpochMs }> {
    for (const [slot, channels] of this.#bySlot) {
      yield { slot, channels, dueAt: this.#byChannel.get(channels[0]!)?.get(slot)?.dueAt ?? 0 };
    }
  }

  /** Replaces what a shipment waits for; an empty list when for nothing. */
  set(slot: number, channels: readonly string[], dueAt: EpochMs): void {
    const before = this.#bySlot.get(slot);
    if (before === undefined && channels.length === 0) return;
    for (const channel of before ?? []) {
      if (!channels.includes(channel)) this.#byChannel.get(channel)?.delete(slot);
    }
    for (const channel of channels) {
      let waits = this.#byChannel.get(channel);
      if (waits === undefined) {
        waits = new Map();
        this.#byChannel.set(channel, waits);
      }
      waits.set(slot, { dueAt, triedAt: waits.get(slot)?.triedAt ?? Number.NEGATIVE_INFINITY });
      this.#earliest.set(channel, Math.min(this.#earliest.get(channel) ?? dueAt, dueAt));
    }
    if (channels.length === 0) this.#bySlot.delete(slot);
    else this.#bySlot.set(slot, [...channels]);
  }

  /**
   * Shipments to judge again because a channel's watermark moved. `unblocked`: something that held the channel back for
   * some milestones was resolved, so everybody is tried.
   */
  ready(channel: string, watermark: EpochMs, unblocked = false): readonly number[] {
    const earliest = this.#earliest.get(channel);
    const waits = this.#byChannel.get(channel);
    if (earliest === undefined || waits === undefined) return [];
    if (watermark < earliest && !unblocked) return [];
    const slots: number[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [slot, wait] of waits) {
      const retryAt = Math.max(
        wait.dueAt,
        unblocked ? Number.NEGATIVE_INFINITY : wait.triedAt + RETRY_AFTER_MS,
      );
      if (retryAt <= watermark) {
        wait.triedAt = watermark;
        slots.push(slot);
      }
      next = Math.min(next, Math.max(wait.dueAt, wait.triedAt + RETRY_AFTER_MS));
    }
    this.#earliest.set(channel, next);
    return slots.sort((a, b) => a - b);
  }
}
