import type { EpochMs } from '../../rules/time.ts';
import type { Statement } from '../../rules/trace.ts';
import type { Assessor } from '../track/assessor.ts';
import { OpenShipment } from '../track/open-shipment.ts';
import type { HeardThen } from './heard-then.ts';
import type { Tally } from './tally.ts';

/** From `at` on an event speaks of a shipment, or does so no longer. */
export interface LinkedEvent {
  readonly at: EpochMs;
  readonly linked: boolean;
  readonly event: Statement;
}

/** A shipment and what became known of it, in the order in which it did. */
export interface Life {
  readonly shipmentId: string;
  readonly facts: readonly LinkedEvent[];
}

/** Who hears what came of a life. */
type Told = Pick<Tally, 'alerts' | 'shipment'>;

/**
 * Judges the whole life of one shipment after another. What one shipment's clocks say hangs on its own facts and on what channels were heard
 * then; so nothing has to be kept between two of them, nor packed between two facts of one.
 *
 * ```text
 *   known   ●e1 ──────── ●e2 ●e3 ───────────────
 *   judged  ●     ┆due   ●   –   ┆due    ┆ channel heard past a deadline        –: says nothing that a rule asks for
 * ```
 */
export class Lives {
  readonly #assessor: Assessor;
  readonly #heard: HeardThen;
  readonly #tally: Told;
  /** The end of the period, inclusive. */
  readonly #until: EpochMs;

  constructor(assessor: Assessor, heard: HeardThen, tally: Told, until: EpochMs) {
    this.#assessor = assessor;
    this.#heard = heard;
    this.#tally = tally;
    this.#until = until;
  }

  judge({ shipmentId, facts }: Life): void {
    const shipment = new OpenShipment(0, shipmentId, new Map(), new Map(), 0);
    shipment.refs = [];
    let nextAt = Number.POSITIVE_INFINITY;
    let isMoved = false;
    for (let i = 0; i < facts.length; i += 1) {
      const { at, linked, event } = facts[i]!;
      if (nextAt < at) nextAt = this.#passTime(shipment, nextAt, at);
      isMoved ||= !linked || !this.#assessor.isIndifferent(shipment, event, at);
      if (!linked) shipment.drop(event.key);
      else if (shipment.entries.has(event.key)) shipment.absorb(event);
      else shipment.put(event);
      // What became known at one moment is judged as one.
      if (!isMoved || facts[i + 1]?.at === at) continue;
      nextAt = this.#assess(shipment, at);
      isMoved = false;
    }
    this.#passTime(shipment, nextAt, this.#until + 1);
    this.#assess(shipment, this.#until);
    const { trace, clocks } = this.#assessor.stateOf(shipment);
    this.#tally.shipment(trace, clocks, this.#heard);
  }

  /** Judges whenever something falls due before `until`; when something does next. */
  #passTime(shipment: OpenShipment, from: EpochMs, until: EpochMs): EpochMs {
    let at = from;
    while (at < until) at = this.#assess(shipment, at);
    return at;
  }

  /** When the shipment must be judged again although nothing becomes known of it. */
  #assess(shipment: OpenShipment, at: EpochMs): EpochMs {
    this.#heard.now = at;
    const { alerts, nextAt, waits } = this.#assessor.assess(shipment, at);
    if (alerts.length > 0) this.#tally.alerts(alerts);
    let next = nextAt;
    for (const { channelId, milestone, dueAt } of waits)
      next = Math.min(next, this.#heard.reaches(channelId, milestone, dueAt));
    return next;
  }
}
