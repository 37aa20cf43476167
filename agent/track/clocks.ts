import type { AlertMemory, AlertStatus } from '../../rules/alert.ts';
import type { Occurrence, PlaceRole } from '../../rules/event.ts';
import { isPlain, PackReader, PackWriter } from '../../rules/trace-pack-text.ts';
import type { ClockState } from '../../rules/verdict.ts';
import type { TextInterner } from './interner.ts';

/** What is remembered of a clock between two judgements; the rest of its verdict is judged anew. */
export interface ClockMemory {
  readonly clockId: string;
  readonly rule: string;
  readonly occurrence: Occurrence;
  readonly state: ClockState;
  readonly alert: AlertMemory | undefined;
}

const STATES: readonly ClockState[] = [
  'waiting',
  'running',
  'paused',
  'at-risk',
  'met',
  'met-late',
  'breached',
  'unknown',
  'withdrawn',
  'waived',
  'not-applicable',
];
const STATUSES: readonly AlertStatus[] = ['at-risk', 'firing', 'resolved', 'withdrawn'];
const ROLES: readonly PlaceRole[] = ['origin', 'transshipment', 'destination'];

const writer = new PackWriter();
const HASH_LENGTH = 22;

/** Clocks as one line of text of 27 characters a clock. */
export function packClocks(clocks: Iterable<ClockMemory>, names: TextInterner): string {
  writer.reset();
  for (const { clockId, rule, state, alert, occurrence } of clocks) {
    const { role, leg, subject } = occurrence;
    const hashed = clockId.length === HASH_LENGTH && isPlain(clockId);
    writer.number(STATES.indexOf(state) * 2 + (hashed ? 1 : 0));
    if (hashed) writer.plain(clockId);
    else writer.text(clockId);
    writer.number(names.intern(rule));
    writer.number(
      alert === undefined
        ? 0
        : 1 + STATUSES.indexOf(alert.status) * 4 + (alert.untold ? 2 : 0) + (alert.confirmed ? 1 : 0),
    );
    if (alert !== undefined) writer.number(alert.change);
    const place = role === undefined ? 0 : 1 + ROLES.indexOf(role);
    writer.number(place * 4 + (leg === undefined ? 0 : 2) + (subject === undefined ? 0 : 1));
    if (leg !== undefined) writer.text(leg);
    if (subject !== undefined) writer.text(subject);
  }
  return writer.finish();
}

/** The inverse of {@link packClocks}, by clock id. Throws a RangeError for a damaged text. */
export function unpackClocks(text: string, names: TextInterner): Map<string, ClockMemory> {
  const clocks = new Map<string, ClockMemory>();
  const reader = new PackReader(text);
  while (!reader.atEnd()) {
    const head = reader.number();
    const clockId = (head & 1) === 1 ? reader.plain(HASH_LENGTH) : reader.text();
    const rule = names.text(reader.number());
    const told = reader.number() - 1;
    const alert =
      told < 0
        ? undefined
        : {
            status: STATUSES[told >> 2]!,
            confirmed: (told & 1) === 1,
            change: reader.number(),
            ...((told & 2) !== 0 && { untold: true }),
          };
    const place = reader.number();
    const occurrence = {
      ...(place >= 4 && { role: ROLES[(place >> 2) - 1]! }),
      ...((place & 2) !== 0 && { leg: reader.text() }),
      ...((place & 1) !== 0 && { subject: reader.text() }),
    };
    clocks.set(clockId, { clockId, rule, state: STATES[head >> 1]!, occurrence, alert });
  }
  return clocks;
}
