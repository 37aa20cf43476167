import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import type { LogFault, Positions } from './log.ts';

/** Less than this part of what a stream keeps is left between its oldest record and our floor: it will soon forget what we need. */
const NEAR = 0.1;

/** Watches streams that forget by age or size, and tells once when one comes near the floor, again after it was away from it. */
export class RetentionWatch {
  readonly #manager: JetStreamManager;
  readonly #tell: (fault: LogFault) => void;
  readonly #near = new Set<string>();

  constructor(manager: JetStreamManager, tell: (fault: LogFault) => void) {
    this.#manager = manager;
    this.#tell = tell;
  }

  async check(floor: Positions): Promise<void> {
    for (const [stream, position] of Object.entries(floor)) {
      const info = await this.#manager.streams.info(stream).catch(() => undefined);
      if (info === undefined) continue;
      if (!isNear(info, position)) this.#near.delete(stream);
      else if (!this.#near.has(stream)) {
        this.#near.add(stream);
        const { first_seq: firstSequence } = info.state;
        this.#tell({ kind: 'retention-near-floor', stream, firstSequence, floor: position });
      }
    }
  }
}

/**
 * ```text
 *   first ──── floor ─────────────────────── last
 *        room                 lag                       near: room < 10 % of the whole, although it has begun to forget
 * ```
 */
function isNear({ config, state }: StreamInfo, floor: number): boolean {
  const forgets = config.max_age > 0 || config.max_msgs > 0 || config.max_bytes > 0;
  if (!forgets || config.discard === 'new' || state.first_seq <= 1 || floor >= state.last_seq) return false;
  return floor - state.first_seq + 1 < NEAR * (state.last_seq - state.first_seq + 1);
}
