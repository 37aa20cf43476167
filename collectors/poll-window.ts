import type { EpochMs } from '../rules/time.ts';
import type { Collector, CollectorContext } from './collector.ts';
import { HttpClient, type HttpClientSettings } from './http-client.ts';
import { FetchFault } from './http-client-fault.ts';
import type { HostGates } from './http-client-gate.ts';
import { logged, type PollSummary, pollUntilAborted } from './poll.ts';
import { RecordDelivery } from './records.ts';
import type { PollSettings } from './settings.ts';

/** What a poll over HTTP has to work with: its connection, its way into the log, and what it has delivered before. */
export interface PollEdges {
  readonly client: HttpClient;
  readonly context: CollectorContext;
  readonly signal: AbortSignal;
  readonly delivery: RecordDelivery;
}

/** A collector that asks an HTTP server again and again. `begin` is called once a run and gives what makes one complete poll. */
export function polledCollector<
  S extends HttpClientSettings & Pick<PollSettings, 'pollMs'> & { maxMessageBytes: number },
>(settings: S, gates: HostGates, begin: (edges: PollEdges) => () => Promise<PollSummary>): Collector {
  const { name: source, pollMs, maxMessageBytes, quietHours } = settings;
  return {
    source,
    async run(context, signal) {
      const client = new HttpClient(settings, gates, context);
      const delivery = new RecordDelivery(context, maxMessageBytes);
      try {
        const once = begin({ client, context, signal, delivery });
        await pollUntilAborted({ source, pollMs, quietHours }, context, signal, once);
      } finally {
        await client.close();
      }
    },
  };
}

/** What one complete walk over the pages did. */
export interface WindowRead extends PollSummary {
  /** The server's clock when it answered the first page. */
  readonly startedAt: EpochMs;
  /** The server said that nothing had changed: what was known stays known. */
  readonly unchanged?: true;
  /** Kept with the cursor, and handed to the next poll. */
  readonly keep?: Readonly<Record<string, unknown>>;
}

/**
 * One poll for what changed since the last complete one, less the overlap. Proves it when everything is delivered, and only then moves
 * the cursor, `<kind>/<source>`.
 *
 *     poll n      ├── overlap ──┤ readUntil(n) = server's Date at its first page
 *     poll n+1    └ asks for changes since here                    proves up to its own Date minus the overlap
 */
export async function pollWindow(
  kind: string,
  settings: { readonly name: string } & Pick<PollSettings, 'overlapMs' | 'initialLookbackMs'>,
  { context, delivery }: Pick<PollEdges, 'context' | 'delivery'>,
  read: (since: EpochMs, kept: Readonly<Record<string, unknown>>) => Promise<WindowRead>,
): Promise<PollSummary> {
  const { name: source, overlapMs, initialLookbackMs } = settings;
  const key = `${kind}/${source}`;
  const kept = recordOf(await logged(() => context.cursors.get(key)));
  const before = kept.readUntil;
  const known = typeof before === 'number' && Number.isFinite(before);
  const since = known ? before - overlapMs : context.now() - initialLookbackMs;
  const { startedAt, keep, unchanged, ...summary } = await read(since, kept);
  // A server whose clock runs ahead must not make us skip what it writes once its clock is put right.
  const readUntil = Math.min(startedAt, context.now());
  if (!unchanged) delivery.pollCompleted();
  const provedUntil = readUntil - overlapMs;
  await logged(() => context.sink.prove({ source, kind: 'poll-complete', provedUntil }));
  await logged(() => context.cursors.put(key, { readUntil, ...keep }));
  return summary;
}

const recordOf = (stored: unknown): Readonly<Record<string, unknown>> =>
  typeof stored === 'object' && stored !== null ? (stored as Record<string, unknown>) : {};

/** A walk that the server disturbed (records moved, a cursor was spent) is made so often before the poll has failed. */
const PASSES = 3;

/** Walks again while it fails with one of `faults`; what was delivered is not delivered twice. */
export async function walkAgain<T>(
  faults: readonly FetchFault['fault'][],
  walk: () => Promise<T>,
  passes: number = PASSES,
): Promise<T> {
  for (let pass = 1; ; pass += 1) {
    try {
      return await walk();
    } catch (error) {
      const disturbed = error instanceof FetchFault && faults.includes(error.fault);
      if (!disturbed || pass >= passes) throw error;
    }
  }
}

/** The pages of one walk: never more than allowed, never one twice. */
export class PageCount {
  readonly #maxPages: number;
  readonly #seen = new Set<string>();

  constructor(maxPages: number) {
    this.#maxPages = maxPages;
  }

  /** Before a page is asked for. Throws `too-many-pages` and `cursor-repeated`. */
  next(address: string, what: string): void {
    if (this.#seen.size >= this.#maxPages) {
      throw new FetchFault('too-many-pages', `${what}: more than ${this.#maxPages} pages (max_pages)`);
    }
    if (this.#seen.has(address)) {
      throw new FetchFault('cursor-repeated', `${what}: the server led back to a page already read`);
    }
    this.#seen.add(address);
  }
}
