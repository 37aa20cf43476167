import type { Classifier, PlaceRole } from '../../rules/event.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';
import type { EpochMs } from '../../rules/time.ts';

/** One statement that a message of the world makes. What the agent stored is compared with it. */
export interface Said {
  readonly source: string;
  readonly milestone: MilestoneCode;
  readonly classifier: Classifier;
  /** First instant that the statement allows. */
  readonly at: EpochMs;
  /** One of its references, in canonical form: `delivery:80100001`. */
  readonly ref: string;
  /** Indexes of the shipments it speaks of. */
  readonly shipments: readonly number[];
  readonly role?: PlaceRole;
  readonly subject?: string;
}

/** A message for a JetStream stream. */
export interface StreamMessage {
  readonly at: EpochMs;
  readonly subject: string;
  readonly body: string;
  readonly says: readonly Said[];
}

/** One state of a record that a server gives out from `at` on, until the next one of the same key. */
export interface RecordState {
  readonly at: EpochMs;
  readonly key: string;
  readonly record: Readonly<Record<string, unknown>>;
  readonly says: readonly Said[];
}

/** A file for the drop folder, complete up to `at`. */
export interface DropFile {
  readonly at: EpochMs;
  readonly name: string;
  readonly text: string;
  readonly says: readonly Said[];
}

/** The moment with the offset that clocks in `zone` show: `2026-11-02T17:05+08:00`. */
export function localText(at: EpochMs, zone: string): string {
  const there = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
  return there.toString({ timeZoneName: 'never', smallestUnit: 'minute' });
}
