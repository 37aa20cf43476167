import type { MapResult } from '../../collectors/maps/map.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import { compareRevisions } from '../../rules/event.ts';
import { eventIdOf } from '../../rules/trace.ts';
import { isEarlierPlan, isPlan } from '../../rules/trace-absorb.ts';

/** How another map reads a statement. `statement` is what the log has to say so that it is read like that. */
export interface Difference {
  readonly kind: 'added' | 'changed' | 'gone';
  readonly before?: ShipmentEvent;
  readonly after?: ShipmentEvent;
  readonly statement: ShipmentEvent;
}

/** What another map makes of a message, against what is stored. */
export interface MessageDifference {
  readonly differences: readonly Difference[];
  readonly unchanged: number;
  /** Statements that differ, and do not stand any more: a later revision of the same one does. */
  readonly superseded: number;
  /** The map cannot read it, or a record of it: what is stored of it is left alone, for nobody says that it does not hold. */
  readonly unreadable: string | undefined;
}

/**
 * Compares statement by statement (key), revision by revision. A *reading* is how often a revision was mapped anew: it goes into its
 * tag (`tag~001`), which makes it the higher one of two with the same order and original tag, and leaves its place among other
 * revisions. Only what stands is stated again, and the first plan of a statement: of any other revision nothing would be seen, and it would
 * change since when the content is known.
 *
 * ```text
 *   stored   k@1.a   k@2.b          k@2.b~001 is stated: b was read wrongly
 *   replay   k@1.a′  k@2.b′         a′ is counted as superseded
 * ```
 */
export function differencesOf(
  place: { readonly stream: string; readonly sequence: number },
  result: MapResult,
  stored: Statements,
): MessageDifference {
  const events = result.kind === 'events' ? result.events : [];
  const differences: Difference[] = [];
  let [unchanged, superseded] = [0, 0];
  const told = new Set<string>();
  for (const after of events) {
    told.add(placeOf(after));
    const before = stored.reading(after);
    if (before === undefined) differences.push({ kind: 'added', after, statement: after });
    else if (contentOf(before) === contentOf(after)) unchanged += 1;
    else if (!stored.stands(before) && !(isPlan(after) && stored.isFirstPlan(before))) superseded += 1;
    else differences.push({ kind: 'changed', before, after, statement: readAnew(after, before) });
  }
  const unreadable = unreadableIn(result);
  for (const before of unreadable === undefined ? stored.saidBy(place) : []) {
    if (told.has(placeOf(before)) || before.retracted) continue;
    if (!stored.stands(before)) superseded += 1;
    else
      differences.push({
        kind: 'gone',
        before,
        statement: readAnew({ ...before, retracted: true, attributes: {} }, before),
      });
  }
  return { differences, unchanged, superseded, unreadable };
}

function unreadableIn(result: MapResult): string | undefined {
  if (result.kind === 'dead-letter') return `${result.code}: ${result.reason}`;
  const [first] = result.kind === 'events' ? (result.rejected ?? []) : [];
  return first === undefined ? undefined : `${first.code} at ${first.path}: ${first.reason}`;
}

const READING = /~([0-9a-z]{3})$/;
const originalTag = (tag: string): string => tag.replace(READING, '');
const readingOf = (tag: string): number => Number.parseInt(READING.exec(tag)?.[1] ?? '0', 36);
const placeOf = ({ key, revision: { order, tag } }: ShipmentEvent): string =>
  `${key} ${order} ${originalTag(tag)}`;

/** The statement as it is read now: above the reading that stands, below any later revision. */
function readAnew(event: ShipmentEvent, before: ShipmentEvent): ShipmentEvent {
  const { order, tag } = before.revision;
  const reading = (readingOf(tag) + 1).toString(36).padStart(3, '0');
  const revision = { order, tag: `${originalTag(tag)}~${reading}` };
  return { ...event, revision, id: eventIdOf(event.key, revision) };
}

/** All that an event says, in one order, without who said it where and when we heard of it. */
function contentOf(event: ShipmentEvent): string {
  const {
    partner,
    milestone,
    occurrence,
    classifier,
    occurredAt,
    refs,
    aliases = [],
    location,
    attributes,
    retracted,
  } = event;
  // A statement that does not hold says nothing else.
  if (retracted) return 'retracted';
  const { role, leg, subject } = occurrence;
  const { unlocode, name, country, zone, facility } = location ?? {};
  const named = Object.keys(attributes)
    .sort()
    .map((each) => [each, attributes[each]]);
  const pairs = [refs, aliases].map((list) => list.map(({ type, value }) => `${type}:${value}`));
  const { from, to, zone: readIn, zoneFrom } = occurredAt;
  return JSON.stringify([
    partner,
    milestone,
    role,
    leg,
    subject,
    classifier,
    from,
    to,
    readIn,
    zoneFrom,
    pairs,
    unlocode,
    name,
    country,
    zone,
    facility,
    named,
  ]);
}

/** Stored events, by what a comparison asks for. */
export class Statements {
  readonly #readings = new Map<string, ShipmentEvent>();
  readonly #last = new Map<string, ShipmentEvent>();
  readonly #firstPlans = new Map<string, ShipmentEvent>();
  readonly #said = new Map<string, Set<string>>();

  constructor(events: readonly ShipmentEvent[]) {
    for (const event of events) {
      const place = placeOf(event);
      const known = this.#readings.get(place);
      if (known === undefined || readingOf(known.revision.tag) < readingOf(event.revision.tag))
        this.#readings.set(place, event);
      const last = this.#last.get(event.key);
      if (last === undefined || compareRevisions(last.revision, event.revision) < 0)
        this.#last.set(event.key, event);
      const first = this.#firstPlans.get(event.key);
      if (isPlan(event) && isEarlierPlan(event, first)) this.#firstPlans.set(event.key, event);
      const raw = `${event.raw.stream}#${event.raw.sequence}`;
      const said = this.#said.get(raw) ?? new Set();
      this.#said.set(raw, said.add(place));
    }
  }

  /** How the same revision is read today. */
  reading(event: ShipmentEvent): ShipmentEvent | undefined {
    return this.#readings.get(placeOf(event));
  }

  stands(event: ShipmentEvent): boolean {
    return this.#last.get(event.key)?.id === event.id;
  }

  /** Whether it is the first plan that its statement ever made: clocks may be held to it. */
  isFirstPlan(event: ShipmentEvent): boolean {
    return this.#firstPlans.get(event.key)?.id === event.id;
  }

  /** How everything that a message said is read today. */
  saidBy({
    stream,
    sequence,
  }: {
    readonly stream: string;
    readonly sequence: number;
  }): readonly ShipmentEvent[] {
    return [...(this.#said.get(`${stream}#${sequence}`) ?? [])].map((place) => this.#readings.get(place)!);
  }
}
