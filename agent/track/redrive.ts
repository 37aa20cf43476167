import type { MapResult, Rejection } from '../../collectors/maps/map.ts';
import { hashId } from '../../rules/hash.ts';
import type { LogRecord } from '../log/log.ts';
import { originalRecord, type Redrive, toRedrive } from '../log/redrive.ts';
import { deadLetterIdOf } from './dead-letter.ts';
import { type Mapped, mapAgain, type SourceBinding } from './mapper.ts';
import type { OperatorAction } from './outcome.ts';

/** What reading a message again came to. */
export interface ReadAgain {
  readonly mapped: Mapped;
  /** The message as it stood first: letters about what is still unreadable keep their ids. */
  readonly original: LogRecord;
  /** One for every letter that is settled. */
  readonly settled: readonly OperatorAction[];
  /** What is unreadable and has no letter yet. */
  readonly rejected: readonly Rejection[];
}

/**
 * Reads a message again through the map of today. Its events keep the revisions they would have had at the time, so that they take
 * their place among those of later messages; they are observed when the redrive is, for nobody knew them before. Throws for a record
 * that is no redrive.
 */
export function readAgain(record: LogRecord, sources: ReadonlyMap<string, SourceBinding>): ReadAgain {
  const redrive = toRedrive(record);
  const original = originalRecord(redrive.original);
  const mapped = mapAgain(record, original, sources);
  if (mapped.result.kind === 'dead-letter') return { mapped, original, settled: [], rejected: [] };
  const open = stillUnreadable(original, mapped.result);
  const readable = redrive.letters.filter((id) => !open.has(id));
  const known = new Set([...redrive.letters, ...redrive.closed]);
  return {
    mapped,
    original,
    settled: readable.map((id) => settledFact(id, redrive, record)),
    rejected: [...open].flatMap(([id, rejection]) => (known.has(id) ? [] : [rejection])),
  };
}

/** The records of a message that a map cannot read, by the id of the letter about each. */
export function stillUnreadable(
  original: Pick<LogRecord, 'stream' | 'sequence'>,
  result: Exclude<MapResult, { kind: 'dead-letter' }>,
): ReadonlyMap<string, Rejection> {
  const rejected = result.kind === 'events' ? (result.rejected ?? []) : [];
  return new Map(rejected.map((rejection) => [deadLetterIdOf(original, rejection.path), rejection]));
}

/** Kept like an operator's dismissal: who settled the letter, when and why. */
const settledFact = (
  letter: string,
  { by, comment }: Redrive,
  { stream, sequence, observedAt }: LogRecord,
): OperatorAction => ({
  id: hashId('redriven', letter),
  stream,
  sequence,
  action: 'redrive-dead-letter',
  subject: letter,
  by,
  comment,
  at: observedAt,
});
