import type { EpochMs } from '../../rules/time.ts';
import type { Positions } from '../log/log.ts';
import { encodeDeadLetter } from './fact-rows.ts';
import type { StoreFault } from './faults.ts';
import type { Inserter, RefusedRow } from './insert.ts';
import type { Commit } from './pending.ts';
import { deadLetterOf } from './refused.ts';
import { type EncodedRows, RowWriter } from './row-binary.ts';
import { encodePartners, encodeUnmapped } from './unmapped.ts';

/** What one commit did, for telemetry. */
export interface StoreCommit {
  readonly events: number;
  /** Rows sent: facts, states and the commit itself. */
  readonly rows: number;
  readonly bytes: number;
  readonly durationMs: number;
  readonly positions: Positions;
}

export interface CommitContext {
  readonly inserter: Inserter;
  readonly writer: string;
  /** Names this commit among all of all processes. */
  readonly token: string;
  readonly now: () => EpochMs;
  readonly onFault: (fault: StoreFault) => void;
}

/**
 * Facts, then state, then the commit. A crash between any two leaves rows that the next process writes again under the same
 * keys. Rows that are refused become dead letters before the floor passes them.
 */
export async function commitOnce(commit: Commit, context: CommitContext): Promise<StoreCommit> {
  const { inserter, token } = context;
  const startedAt = context.now();
  const refusals = await Promise.all(
    commit.facts.map(({ table, rows }) => inserter.insert(table, rows, `${token}:${table}`)),
  );
  const refused = refusals.flat();
  refused.push(...(await inserter.insert('shipments_state', commit.states, `${token}:state`)));
  if (refused.length > 0) await keepRefused(refused, commit, context);

  const facts = commit.facts.reduce((sum, { rows }) => sum + rows.ends.length, 0);
  const rows = facts + commit.states.ends.length + 1;
  await inserter.persistRows('commits', encodeCommit(commit, context, rows), `${token}:commit`);
  const bytes = commit.facts.reduce((sum, one) => sum + one.rows.bytes, commit.states.bytes);
  const durationMs = context.now() - startedAt;
  return { events: commit.events, rows, bytes, durationMs, positions: commit.positions };
}

async function keepRefused(
  refused: readonly RefusedRow[],
  commit: Commit,
  { inserter, token, onFault }: CommitContext,
): Promise<void> {
  const rows = new RowWriter();
  for (const row of refused) {
    const letter = deadLetterOf(row, commit.logTime);
    encodeDeadLetter(rows, letter, commit.version);
    onFault({ kind: 'row-refused', table: row.table, deadLetterId: letter.id, error: row.error });
  }
  await inserter.persistRows('dead_letters_log', rows.take(), `${token}:refused`);
}

function encodeCommit(commit: Commit, { writer, now }: CommitContext, rows: number): EncodedRows {
  const to = new RowWriter();
  to.string(writer);
  to.pair(commit.version.epoch, commit.version.ordinal);
  to.int64(commit.version.epoch);
  to.int64(commit.version.ordinal);
  const positions = Object.entries(commit.positions);
  to.length(positions.length);
  for (const [stream, at] of positions) {
    to.string(stream);
    to.int64(at);
  }
  to.int64(Number.isFinite(commit.logTime) ? commit.logTime : 0);
  to.int64(now());
  to.uint32(commit.events);
  to.uint32(rows);
  encodeUnmapped(to, commit.unmapped);
  to.string(commit.heard === undefined ? '' : JSON.stringify(commit.heard));
  encodePartners(to, commit.unmapped);
  to.endRow();
  return to.take();
}
