import type { EpochMs } from '../../rules/time.ts';
import type { OperatorAction } from './outcome.ts';

/** What operators said that goes on to hold: silences that have not ended, and alerts that somebody has taken charge of. */
export class StandingActions {
  readonly #actions: Map<string, OperatorAction>;

  constructor(saved: readonly OperatorAction[] = []) {
    this.#actions = new Map(saved.map((action) => [action.id, action]));
  }

  take(action: OperatorAction): void {
    if (action.action === 'silence' || action.action === 'acknowledge') this.#actions.set(action.id, action);
  }

  /** Those that still hold at a moment of log time, oldest first. */
  list(now: EpochMs): readonly OperatorAction[] {
    for (const [id, { until }] of this.#actions)
      if (until !== undefined && until <= now) this.#actions.delete(id);
    return [...this.#actions.values()];
  }
}
