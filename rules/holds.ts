import type { EpochMs } from './time.ts';
import type { Fact, Hold, TraceEntry } from './trace.ts';
import { entryEventId } from './trace-order.ts';

interface OpenHold {
  readonly agency: string;
  readonly reason: string;
  readonly subject: string | undefined;
  readonly placed: TraceEntry;
  removed: TraceEntry | undefined;
}

/**
 * The ledger of holds, sorted by when they were placed. A removal closes every hold of its agency (every
 * agency's when it names none), for its reason (for any when it names none; one whose reason nobody told may be
 * meant), on its subject (on any when it names none), that was placed at the same moment or before and is still open. A hold that is placed again while it is open (same agency, reason and
 * subject) is the same hold told twice. Of dates without a time the first moment places and the last removes.
 *
 * ```text
 *   CBP exam        ├──────────┤ CBP exam removed
 *   CBP papers        ├─────────────── still open
 *   USDA                ├───────────── still open
 * ```
 */
export function holdLedger(
  placed: readonly TraceEntry[],
  removed: readonly TraceEntry[],
  factOf: (entry: TraceEntry) => Fact,
): readonly Hold[] {
  if (placed.length === 0) return [];
  const ledger: OpenHold[] = [];
  for (const entry of [...placed, ...removed].sort(byTime)) {
    if (isPlacement(entry)) place(ledger, entry);
    else remove(ledger, entry);
  }
  return ledger.map((hold) => ({
    agency: hold.agency,
    reason: hold.reason,
    ...(hold.subject !== undefined && { subject: hold.subject }),
    placed: factOf(hold.placed),
    ...(hold.removed && { removed: factOf(hold.removed) }),
  }));
}

const isPlacement = (entry: TraceEntry): boolean => entry.milestone === 'customs.hold.placed';

const timeOf = (entry: TraceEntry): EpochMs =>
  isPlacement(entry) ? entry.occurredAt.from : entry.occurredAt.to;

/** In time; at one moment placements before removals. */
function byTime(a: TraceEntry, b: TraceEntry): number {
  const order = timeOf(a) - timeOf(b) || Number(isPlacement(b)) - Number(isPlacement(a));
  return order !== 0 ? order : entryEventId(a) < entryEventId(b) ? -1 : 1;
}

const textOf = (entry: TraceEntry, name: string): string => String(entry.attributes[name] ?? '');

function place(ledger: OpenHold[], entry: TraceEntry): void {
  const agency = textOf(entry, 'hold.agency');
  const reason = textOf(entry, 'hold.reason');
  const { subject } = entry.occurrence;
  const told = ledger.some(
    (hold) =>
      hold.removed === undefined &&
      sameText(hold.agency, agency) &&
      sameText(hold.reason, reason) &&
      hold.subject === subject,
  );
  if (!told) ledger.push({ agency, reason, subject, placed: entry, removed: undefined });
}

function remove(ledger: readonly OpenHold[], entry: TraceEntry): void {
  const agency = textOf(entry, 'hold.agency');
  const reason = textOf(entry, 'hold.reason');
  const { subject } = entry.occurrence;
  for (const hold of ledger) {
    if (hold.removed !== undefined) continue;
    if (agency !== '' && !sameText(hold.agency, agency)) continue;
    if (reason !== '' && hold.reason !== '' && !sameText(hold.reason, reason)) continue;
    if (subject !== undefined && hold.subject !== subject) continue;
    hold.removed = entry;
  }
}

/** Systems write the same name in capitals and not. */
const sameText = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

const CONTAINER = /^[A-Z]{4}\d{7}$/;

/** A container number (ISO 6346), as identifiers are written here. */
export const isContainer = (subject: string): boolean => CONTAINER.test(subject);

const MRN = /^\d{2}[A-Z]{2}[A-Z0-9]{14}$/;

/**
 * Whether a hold on one subject keeps back another: unless both are containers (ISO 6346) or both are
 * declarations (MRN) and differ. A container under hold does keep back the declaration of its shipment.
 */
export function holdsBack(held: string | undefined, wanted: string | undefined): boolean {
  if (held === undefined || wanted === undefined || held === wanted) return true;
  return ![CONTAINER, MRN].some((kind) => kind.test(held) && kind.test(wanted));
}
