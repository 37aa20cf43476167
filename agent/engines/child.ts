import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** How to run an engine: the command must end when its stdin ends, which is how it notices that we died. */
export interface EngineCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Resolves true once the engine answers. Asked again and again until it does or the process ends. */
  readonly isReady: () => Promise<boolean>;
  readonly readyWithinMs: number;
  /** Lines the engine writes, for the agent's log. */
  readonly log: (line: string) => void;
}

/** Thrown when an engine does not come up; `output` holds the last lines it wrote. */
export class EngineStartError extends Error {
  readonly output: string;
  constructor(message: string, output: string) {
    super(message);
    this.name = 'EngineStartError';
    this.output = output;
  }
}

/** `forGood`: it is not started again. */
export interface KillHow {
  readonly forGood?: boolean;
}

/** How an engine's process ended. */
export interface EngineExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** True when {@link SupervisedChild.stop} asked for it. */
  readonly asked: boolean;
}

/** A server that runs beside the agent, on loopback, for as long as the agent does. */
export interface Engine {
  readonly url: string;
  /** Process id of the server itself; 0 while it is down, another one after a restart. */
  readonly pid: number;
  /** Resolves when it answers; at once when it is up. */
  ready(): Promise<void>;
  /** SIGKILL, as a crash; supervision starts it again on the same ports. */
  kill(how?: KillHow): Promise<void>;
  /** Ends it cleanly, everything written. */
  stop(): Promise<void>;
  onExit(listener: (exit: EngineExit) => void): void;
  onRestart(listener: () => void): void;
}

/** It answers within this time of its start, or has failed. */
export const READY_WITHIN_MS = 60_000;
/** The engine of an agent that was just killed needs a moment to let go of its directory. */
export const LOCK_ATTEMPTS = 4;
export const LOCK_RETRY_MS = 500;
/** Somebody else may take a free port between our looking and its start. */
export const PORT_ATTEMPTS = 4;

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
/** An engine that stayed up this long has recovered: the next death is a new one. */
const RECOVERED_AFTER_MS = 30_000;
const STOP_WITHIN_MS = 10_000;
const OUTPUT_KEPT = 8_192;

/**
 * An engine as a child process, started again with back-off when it dies.
 *
 * ```text
 *   start ── ready ──────── died ─(100 ms)─ start ── died ─(200 ms)─ start ── ready ── stop
 * ```
 *
 * It has a session of its own (Ctrl-C in a terminal must reach the agent alone: the agent still needs its engines to flush), and
 * it never keeps our process alive: when we end, however we end, its stdin ends and so does it.
 */
export class SupervisedChild {
  readonly #spec: EngineCommand;
  readonly #events = new EventEmitter();
  #process: ChildProcess | undefined;
  #output = '';
  #stopping = false;
  #ready: Promise<void> = Promise.resolve();
  #failures = 0;

  private constructor(spec: EngineCommand) {
    this.#spec = spec;
  }

  /** Resolves when the engine answers. Rejects with {@link EngineStartError}; a first start is not tried again. */
  static async start(spec: EngineCommand): Promise<SupervisedChild> {
    const child = new SupervisedChild(spec);
    child.#ready = child.#launch();
    await child.#ready;
    return child;
  }

  /** Process id of what was spawned, 0 while it is down. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Called at every end of the process, asked for or not. */
  onExit(listener: (exit: EngineExit) => void): void {
    this.#events.on('exit', listener);
  }

  /** Called when the engine answers again after a death. */
  onRestart(listener: () => void): void {
    this.#events.on('restart', listener);
  }

  /** Resolves once the engine answers (at once when it is up). Never rejects: a dead engine is tried for ever. */
  async ready(): Promise<void> {
    const stayAlive = setInterval(() => undefined, 1_000);
    for (;;) {
      const current = this.#ready;
      await current.catch(() => undefined);
      if (current === this.#ready) break;
    }
    clearInterval(stayAlive);
  }

  /**
   * Kills the engine at once (SIGKILL) and resolves when it is gone. It is started again as after any death, unless `forGood`.
   * `pid`: the engine's, where it is not the process that was spawned.
   */
  async kill(how: KillHow = {}, pid = this.pid): Promise<void> {
    if (how.forGood === true) this.#stopping = true;
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.ref();
    process.kill(pid, 'SIGKILL');
    await gone;
  }

  /** Ends the engine cleanly (its stdin ends), with SIGKILL after ten seconds. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.ref();
    child.stdin?.end();
    const patience = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await gone;
    clearTimeout(patience);
  }

  async #launch(): Promise<void> {
    this.#output = '';
    const { command, args } = this.#spec;
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#process = child;
    let gone = false;
    const exited = new Promise<void>((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        if (gone) return;
        gone = true;
        child.stdin?.destroy();
        this.#events.emit('exit', { code, signal, asked: this.#stopping } satisfies EngineExit);
        resolve();
      };
      child.once('exit', end);
      child.once('error', (error) => {
        this.#keep(error.message);
        end(127, null);
      });
    });
    this.#unref(child);
    this.#listen(child);
    await this.#untilReady(child, exited, () => gone);
    const calm = setTimeout(() => {
      this.#failures = 0;
    }, RECOVERED_AFTER_MS).unref();
    void exited.then(() => {
      clearTimeout(calm);
      if (this.#stopping || this.#process !== child) return;
      this.#ready = this.#restart();
      this.#ready.catch(() => undefined);
    });
  }

  async #untilReady(child: ChildProcess, exited: Promise<void>, isGone: () => boolean): Promise<void> {
    const { name, isReady, readyWithinMs } = this.#spec;
    const late = AbortSignal.timeout(readyWithinMs);
    while (!isGone() && !late.aborted) {
      if ((await isReady().catch(() => false)) && !isGone()) return;
      await Promise.race([delay(15), exited]);
    }
    if (!isGone()) {
      child.kill('SIGKILL');
      await exited;
      throw new EngineStartError(`${name} did not answer within ${readyWithinMs / 1000} s`, this.#output);
    }
    // What it wrote last may still be in the pipe.
    if (child.pid !== undefined) await Promise.race([once(child, 'close'), delay(300)]);
    const last = this.#output.trim().split('\n').at(-1) ?? '';
    throw new EngineStartError(`${name} ended while starting: ${last || 'it said nothing'}`, this.#output);
  }

  async #restart(): Promise<void> {
    while (!this.#stopping) {
      const waitMs = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS);
      this.#failures += 1;
      this.#spec.log(`${this.#spec.name} died; starting it again in ${waitMs} ms`);
      await delay(waitMs, undefined, { ref: false });
      if (this.#stopping) return;
      try {
        await this.#launch();
        this.#events.emit('restart');
        return;
      } catch (error) {
        this.#spec.log(error instanceof Error ? error.message : String(error));
      }
    }
  }

  #listen(child: ChildProcess): void {
    child.stdin?.on('error', () => undefined);
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.#keep(line);
      });
    }
  }

  #keep(line: string): void {
    this.#output = `${this.#output}${line}\n`.slice(-OUTPUT_KEPT);
    this.#spec.log(line);
  }

  #unref(child: ChildProcess): void {
    child.unref();
    for (const stream of [child.stdin, child.stdout, child.stderr]) {
      if (stream !== null && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
    }
  }
}
