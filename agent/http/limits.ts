import { HttpProblem } from './problem.ts';

/**
 * Lets so many questions run at once and turns the next away, and gives equal questions that come together one answer: a
 * thousand open pages ask ClickHouse as often as one does.
 *
 * ```text
 *   asked     a  a     a        b  a
 *   run       a──┘     │        b  a      (an answer is shared for `shareMs` after it was asked for)
 * ```
 */
export class QuestionGate {
  readonly #most: number;
  readonly #shareMs: number;
  readonly #elapsed: () => number;
  readonly #shared = new Map<string, { readonly at: number; readonly answer: Promise<unknown> }>();
  #running = 0;

  constructor(options: {
    readonly most: number;
    readonly shareMs: number;
    readonly elapsed: () => number;
  }) {
    this.#most = options.most;
    this.#shareMs = options.shareMs;
    this.#elapsed = options.elapsed;
  }

  /** The answer to `key`, an earlier one if it is young enough. */
  share<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const now = this.#elapsed();
    const known = this.#shared.get(key);
    if (known !== undefined && now - known.at < this.#shareMs) return known.answer as Promise<T>;
    const answer = this.run(ask);
    this.#forgetOld(now);
    this.#shared.set(key, { at: now, answer });
    // An error is told to those who wait for it, and not kept.
    answer.catch(() => this.#shared.delete(key));
    return answer;
  }

  async run<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#most) {
      throw new HttpProblem(429, 'too-busy', `${this.#most} questions are being answered; try again`, 1);
    }
    this.#running += 1;
    try {
      return await ask();
    } finally {
      this.#running -= 1;
    }
  }

  /** Something was changed: the next question must see it. */
  clear(): void {
    this.#shared.clear();
  }

  #forgetOld(now: number): void {
    for (const [key, { at }] of this.#shared) {
      if (now - at < this.#shareMs) break;
      this.#shared.delete(key);
    }
  }
}
