import type { ClickHouseClient } from '@clickhouse/client';
import type { SavedChannels } from '../../rules/channels-saved.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Positions } from '../log/log.ts';
import { readRows, type StoreReader } from './query.ts';
import type { RowVersion } from './tables.ts';

/** The last `commits` row of a writer: everything up to `positions` is in ClickHouse. */
export interface Floor {
  readonly positions: Positions;
  readonly version: RowVersion;
}

export const NO_FLOOR: Floor = { positions: {}, version: { epoch: 0, ordinal: 0 } };

/** The highest (epoch, ordinal) wins, so a stale judge that still writes cannot move the floor. */
export async function readFloor(client: ClickHouseClient, database: string, writer: string): Promise<Floor> {
  const answer = await client.query({
    query: `SELECT toString(epoch) AS epoch, toString(ordinal) AS ordinal,
      arrayMap((name, at) -> (name, toString(at)), mapKeys(positions), mapValues(positions)) AS positions
      FROM {database:Identifier}.commits WHERE writer = {writer:String} ORDER BY writer DESC, version DESC LIMIT 1`,
    query_params: { database, writer },
    format: 'JSONEachRow',
  });
  const [row] = await answer.json<{ epoch: string; ordinal: string; positions: [string, string][] }>();
  if (row === undefined) return NO_FLOOR;
  return {
    positions: Object.fromEntries(row.positions.map(([stream, at]) => [stream, Number(at)])),
    version: { epoch: Number(row.epoch), ordinal: Number(row.ordinal) },
  };
}

/** After a batch: clocks also run out while nothing is read, so positions alone do not name it. */
export interface Moment {
  readonly positions: Positions;
  readonly logTime: EpochMs;
}

export const BEFORE_ALL: Moment = { positions: {}, logTime: Number.NEGATIVE_INFINITY };

/** A commit with everything that a judge can be rebuilt from; those of a catch-up do not have it. */
export interface WholeFloor extends Moment {
  /** How far each channel was heard. */
  readonly heard: SavedChannels;
}

/** The last commit of a writer from which a judge can go on; undefined when there is none. */
export async function readWholeFloor(store: StoreReader, writer: string): Promise<WholeFloor | undefined> {
  const [row] = await readRows<{ positions: Record<string, number>; logTime: EpochMs; heard: string }>(
    store,
    `SELECT positions, toUnixTimestamp64Milli(log_time) AS logTime, heard FROM {database:Identifier}.commits
      WHERE writer = {writer:String} AND heard != '' ORDER BY writer DESC, version DESC LIMIT 1`,
    { writer },
  );
  if (row === undefined) return undefined;
  return { ...row, heard: JSON.parse(row.heard) as SavedChannels };
}

/** True when `a` has, on every stream that `b` names, come as far as `b`. */
export const covers = (a: Positions, b: Positions): boolean =>
  Object.entries(b).every(([stream, at]) => (a[stream] ?? 0) >= at);

/** The farther of the two on every stream. */
export function farther(a: Positions, b: Positions): Positions {
  const positions: Record<string, number> = { ...a };
  for (const [stream, at] of Object.entries(b)) positions[stream] = Math.max(at, positions[stream] ?? 0);
  return positions;
}

/**
 * What is queued once the judge's batch that leads from `predecessor` to `positions` is taken. Level with the judge, its word on
 * where a stream stands holds even if the stream stepped back; a judge that still re-reads what was stored moves nothing back.
 */
export function after(queued: Positions, predecessor: Positions, positions: Positions): Positions {
  const level = Object.entries(predecessor).every(([stream, at]) => at >= (queued[stream] ?? 0));
  return level ? { ...queued, ...positions } : farther(queued, positions);
}

/** How many messages lie between two positions, at least 0. */
export function distance(from: Positions, to: Positions): number {
  let sum = 0;
  for (const [stream, at] of Object.entries(to)) sum += Math.max(0, at - (from[stream] ?? 0));
  return sum;
}
