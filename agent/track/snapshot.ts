import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SavedChannels } from '../../rules/channels-saved.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Positions } from '../log/log.ts';
import type { Wait } from './awaiting.ts';
import type { FeedClock } from './feeds.ts';
import type { SavedNotices } from './notices.ts';
import type { SavedLetters } from './open-letters.ts';
import type { OperatorAction } from './outcome.ts';
import type { SavedRules } from './rules-in-force.ts';
import type { SeenOnce } from './unstored.ts';

/**
 * What a judge remembers, as lines of text. Sections are told apart by their first character; see {@link Snapshot}.
 * A format that changes gets a new number, and an old snapshot is then left aside: state is rebuilt from ClickHouse and the log.
 */
const FORMAT = 5;

export interface SnapshotHead {
  readonly positions: Positions;
  readonly logTime: EpochMs;
  /** The rules in force: shipments that other ones concern are judged again after loading. */
  readonly rules: SavedRules;
  /** Slot from which shipments are still to be judged by them; absent when all were. */
  readonly unjudgedFrom?: number;
  /** Hash of tenant and `shipment_is`: when it differs, the snapshot is of no use. */
  readonly identityHash: string;
  readonly names: readonly string[];
  readonly channels: SavedChannels;
  readonly notices: SavedNotices;
  /** Absent in older snapshots. */
  readonly feeds?: readonly FeedClock[];
  readonly openLetters: SavedLetters;
  readonly waived: readonly string[];
  /** Silences and acknowledgements. */
  readonly standing: readonly OperatorAction[];
  /** What only the judge saw, and the store may not have. */
  readonly unstored: SeenOnce;
}

export interface Snapshot {
  readonly head: SnapshotHead;
  /** `i`: lines of identity.dump(). */
  readonly identity: readonly string[];
  /** `s`: id, packed text, next moment to judge (or undefined), channels awaited with the deadline. */
  readonly ids: readonly string[];
  readonly packed: readonly string[];
  readonly nextAt: readonly (EpochMs | undefined)[];
  readonly awaiting: readonly { readonly slot: number; readonly waits: readonly Wait[] }[];
  /** `w`: events that wait for a shipment, by key. */
  readonly waiting: ReadonlyMap<string, string>;
}

const SUFFIX = '.snapshot';
const fileName = (positionTotal: number): string => `${String(positionTotal).padStart(16, '0')}${SUFFIX}`;
const totalOf = (positions: Positions): number =>
  Object.values(positions).reduce((sum, position) => sum + position, 0);

/** Writes a snapshot beside the older ones, keeps the newest two. Durable when resolved. */
export async function writeSnapshot(directory: string, snapshot: Snapshot): Promise<string> {
  await mkdir(directory, { recursive: true });
  const name = fileName(totalOf(snapshot.head.positions));
  const temporary = join(directory, `${name}.part`);
  const file = await open(temporary, 'w');
  try {
    let buffer: string[] = [];
    let size = 0;
    for (const line of lines(snapshot)) {
      buffer.push(line);
      size += line.length;
      if (size > 1_000_000) {
        await file.write(`${buffer.join('\n')}\n`);
        buffer = [];
        size = 0;
      }
    }
    await file.write(`${[...buffer, 'end'].join('\n')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(directory, name));
  const older = (await snapshotFiles(directory)).slice(2);
  for (const each of older) await rm(join(directory, each));
  return join(directory, name);
}

/** The newest whole snapshot that `usable` accepts; undefined when there is none. */
export async function readSnapshot(
  directory: string,
  usable: (head: SnapshotHead) => boolean,
): Promise<Snapshot | undefined> {
  for (const name of await snapshotFiles(directory)) {
    const snapshot = await readOne(join(directory, name));
    if (snapshot !== undefined && usable(snapshot.head)) return snapshot;
  }
  return undefined;
}

async function snapshotFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .sort()
    .reverse();
}

function* lines(snapshot: Snapshot): Generator<string> {
  yield `h${JSON.stringify({ format: FORMAT, ...snapshot.head })}`;
  for (const line of snapshot.identity) yield `i${line}`;
  for (const [slot, id] of snapshot.ids.entries()) {
    yield `s${id}\t${snapshot.nextAt[slot] ?? ''}\t${snapshot.packed[slot]!.replace('\n', '\t')}`;
  }
  for (const wait of snapshot.awaiting) yield `a${JSON.stringify(wait)}`;
  for (const [key, packed] of snapshot.waiting) yield `w${key}\t${packed}`;
}

async function readOne(path: string): Promise<Snapshot | undefined> {
  let head: SnapshotHead | undefined;
  let whole = false;
  const identity: string[] = [];
  const ids: string[] = [];
  const packed: string[] = [];
  const nextAt: (EpochMs | undefined)[] = [];
  const awaiting: { slot: number; waits: Wait[] }[] = [];
  const waiting = new Map<string, string>();
  for await (const line of textLines(path)) {
    const rest = line.slice(1);
    switch (line[0]) {
      case 'h': {
        const { format, ...fields } = JSON.parse(rest) as SnapshotHead & { format: number };
        if (format !== FORMAT) return undefined;
        head = fields;
        break;
      }
      case 'i':
        identity.push(rest);
        break;
      case 's': {
        const [id = '', at = '', entries = '', clocks = ''] = rest.split('\t');
        ids.push(id);
        packed.push(`${entries}\n${clocks}`);
        nextAt.push(at === '' ? undefined : Number(at));
        break;
      }
      case 'a':
        awaiting.push(JSON.parse(rest));
        break;
      case 'w': {
        const cut = rest.indexOf('\t');
        waiting.set(rest.slice(0, cut), rest.slice(cut + 1));
        break;
      }
      case 'e':
        whole = true;
        break;
    }
  }
  if (!whole || head === undefined) return undefined;
  return { head, identity, ids, packed, nextAt, awaiting, waiting };
}

/** Lines split at `\n` alone: node:readline also splits at U+2028, which occurs inside texts. */
async function* textLines(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
