import { type QuietHours, quietUntil } from '../rules/quiet-hours.ts';
import type { DurationMs } from '../rules/time.ts';
import type { CollectorContext } from './collector.ts';
import { FetchFault } from './http-client-fault.ts';

const FIRST_BACK_OFF_MS: DurationMs = 1_000;
const LONGEST_BACK_OFF_MS: DurationMs = 300_000;
/** Faults that somebody must mend are asked for again this seldom, at least. */
const ATTEND_MS: DurationMs = 300_000;
/** A page is tried so often before the whole poll counts as failed. */
const TRIES_A_PAGE = 3;
/** A wait longer than this is not spent inside a poll. */
const LONGEST_WAIT_IN_POLL_MS: DurationMs = 30_000;

/** What one complete poll did. */
export interface PollSummary {
  readonly messages: number;
  readonly pages: number;
  /** Sooner than the usual interval: something is waiting to be looked at again. */
  readonly againInMs?: DurationMs;
}

/** Any error as a named fault; what is not a {@link FetchFault} is `unexpected` and backed off. */
export function asFault(error: unknown): FetchFault {
  if (error instanceof FetchFault) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new FetchFault('unexpected', message, { cause: error });
}

/** Runs `write` (the log, a cursor) and names its failure, so that a full log is not mistaken for a bad source. */
export async function logged<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new FetchFault('log-unavailable', `the log did not take it: ${message}`, { cause: error });
  }
}

/** Full jitter: anything up to `FIRST_BACK_OFF_MS * 2^failures`, at most `longestMs`; never nothing at all. */
export function backOffMs(failures: number, longestMs: DurationMs, random: () => number): DurationMs {
  const ceiling = Math.min(longestMs, FIRST_BACK_OFF_MS * 2 ** Math.min(failures, 30));
  return Math.max(Math.round(random() * ceiling), 50);
}

/** How long to wait after a fault: the server's word, a jittered back-off, or the slow pace of `attend`. */
export function retryInMs(
  fault: FetchFault,
  failures: number,
  pollMs: DurationMs,
  random: () => number,
): DurationMs {
  switch (fault.retry.kind) {
    case 'wait':
      // A little more than asked, spread, so that a fleet does not return in the same second.
      return Math.round(fault.retry.ms * (1 + random() * 0.1)) + 1;
    case 'attend':
      return Math.max(pollMs, ATTEND_MS);
    default:
      return backOffMs(failures, Math.max(pollMs, LONGEST_BACK_OFF_MS), random);
  }
}

/** Says what went wrong, and when it is tried again. */
function tellFailed(
  context: CollectorContext,
  source: string,
  fault: FetchFault,
  retryInMs: DurationMs,
): void {
  context.report({ kind: 'poll-failed', source, error: fault.message, fault: fault.fault, retryInMs });
}

/**
 * Polls until aborted, outside quiet hours. A complete poll is followed by the rest of `pollMs`; a failed one by what its fault
 * instructs.
 *
 *     poll ok ──pollMs──► poll ✗ ─back-off─► poll ✗ ─longer─► poll ok ──pollMs──►
 */
export async function pollUntilAborted(
  pace: {
    readonly source: string;
    readonly pollMs: DurationMs;
    readonly quietHours?: QuietHours | undefined;
  },
  context: CollectorContext,
  signal: AbortSignal,
  pollOnce: () => Promise<PollSummary>,
): Promise<void> {
  const { source, pollMs, quietHours } = pace;
  let failures = 0;
  while (!signal.aborted) {
    const quiet = quietHours && quietUntil(quietHours, context.now());
    if (quiet !== undefined) {
      await context.sleep(quiet - context.now(), signal);
      continue;
    }
    const startedAt = context.now();
    let waitMs: DurationMs;
    try {
      const { messages, pages, againInMs } = await pollOnce();
      const durationMs = context.now() - startedAt;
      failures = 0;
      waitMs = Math.max(Math.min(pollMs, againInMs ?? pollMs) - durationMs, 0);
      context.report({ kind: 'poll-finished', source, messages, pages, durationMs });
    } catch (error) {
      if (signal.aborted) return;
      const fault = asFault(error);
      waitMs = retryInMs(fault, failures, pollMs, context.random);
      failures += 1;
      tellFailed(context, source, fault, waitMs);
    }
    await context.sleep(waitMs, signal);
  }
}

/**
 * Tries one page a few times where it stands, so that a hiccup on page 80 does not cost 79 pages. Each try that failed
 * is reported. Rejects with the last fault, at once for those that waiting does not mend or that ask for a long wait.
 */
export async function fetchPage<T>(
  source: string,
  context: CollectorContext,
  signal: AbortSignal,
  fetch: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await fetch();
    } catch (error) {
      const fault = asFault(error);
      const passing = fault.retry.kind === 'back-off' || fault.retry.kind === 'wait';
      const waitMs = retryInMs(fault, tries - 1, 0, context.random);
      const worthWaiting = passing && tries < TRIES_A_PAGE && waitMs <= LONGEST_WAIT_IN_POLL_MS;
      if (!worthWaiting || signal.aborted) throw fault;
      tellFailed(context, source, fault, waitMs);
      await context.sleep(waitMs, signal);
    }
  }
}
