/** Lets everybody who waits see that something changed; each then looks for himself whether it was what he waits for. */
export class Turnstile {
  #waiting = Promise.withResolvers<void>();

  turn(): void {
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers<void>();
  }

  /** Resolves at the next turn. */
  next(): Promise<void> {
    return this.#waiting.promise;
  }
}
