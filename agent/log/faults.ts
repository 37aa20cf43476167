import type { LogFault } from './log.ts';

/** Passes faults on; what was noticed before anybody listened is kept for the first listener. */
export class Faults {
  #early: LogFault[] = [];
  readonly #listeners: ((fault: LogFault) => void)[] = [];

  listen(listener: (fault: LogFault) => void): void {
    this.#listeners.push(listener);
    const early = this.#early;
    this.#early = [];
    for (const fault of early) listener(fault);
  }

  readonly tell = (fault: LogFault): void => {
    if (this.#listeners.length === 0) this.#early.push(fault);
    for (const listener of this.#listeners) listener(fault);
  };
}
