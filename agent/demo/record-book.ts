import type { EpochMs } from '../../rules/time.ts';
import type { RecordState, Said } from './said.ts';

/** The records of one entity or API as they stand at any time, and what of them has been handed out. */
export class RecordBook {
  readonly #byKey = new Map<string, RecordState[]>();
  readonly #given = new Set<RecordState>();

  constructor(states: readonly RecordState[]) {
    for (const state of states) {
      const known = this.#byKey.get(state.key);
      if (known === undefined) this.#byKey.set(state.key, [state]);
      else known.push(state);
    }
  }

  /** The state of every record that exists at `at`, by key. */
  at(at: EpochMs): readonly RecordState[] {
    const current: RecordState[] = [];
    for (const states of this.#byKey.values()) {
      const state = states.findLast((one) => one.at <= at);
      if (state !== undefined) current.push(state);
    }
    return current.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** These have been sent out in an answer. */
  given(states: readonly RecordState[]): void {
    for (const state of states) this.#given.add(state);
  }

  /** Everything that was stated by what has been sent out. */
  said(): readonly Said[] {
    return [...this.#given].flatMap(({ says }) => says);
  }
}
