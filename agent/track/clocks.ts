import type { AlertMemory, AlertStatus } from '../../rules/alert.ts';
import type { Occurrence, PlaceRole } from '../../rules/event.ts';
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

type Packed = (string | number)[];

/** Clocks as a JSON array text of about 30 characters a clock. */
export function packClocks(clocks: Iterable<ClockMemory>, names: TextInterner): string {
  const out: Packed[] = [];
  for (const clock of clocks) {
    const { role, leg, subject } = clock.occurrence;
    const { alert } = clock;
    const packed: Packed = [clock.clockId, names.intern(clock.rule), STATES.indexOf(clock.state)];
    packed.push(alert === undefined ? 0 : 1 + STATUSES.indexOf(alert.status) * 2 + (alert.confirmed ? 1 : 0));
    packed.push(alert?.change ?? 0, role === undefined ? 0 : 1 + ROLES.indexOf(role));
    if (leg !== undefined || subject !== undefined) packed.push(leg ?? 0, subject ?? 0);
    out.push(packed);
  }
  return JSON.stringify(out);
}

export function unpackClocks(text: string, names: TextInterner): Map<string, ClockMemory> {
  const clocks = new Map<string, ClockMemory>();
  for (const [clockId, rule, state, alert, change, role, leg, subject] of JSON.parse(text) as Packed[]) {
    const status = Number(alert) - 1;
    clocks.set(String(clockId), {
      clockId: String(clockId),
      rule: names.text(Number(rule)),
      state: STATES[Number(state)]!,
      occurrence: {
        ...(role === 0 ? {} : { role: ROLES[Number(role) - 1]! }),
        ...(typeof leg === 'string' ? { leg } : {}),
        ...(typeof subject === 'string' ? { subject } : {}),
      },
      alert:
        status < 0
          ? undefined
          : { status: STATUSES[status >> 1]!, confirmed: (status & 1) === 1, change: Number(change) },
    });
  }
  return clocks;
}
