import type { EpochMs } from '../../rules/time.ts';
import type { DemoShipment } from './shipment.ts';

/** What people ask of the control tower, answered from the truth. Deliveries and declarations are sorted. */
export interface TrueAnswers {
  /** Deliveries that have arrived, or are declared for import ahead of arrival, and are not released. */
  readonly awaitingRelease: readonly string[];
  /** Local reference numbers of declarations that customs refused. */
  readonly refused: readonly string[];
  /** Deliveries whose duty is assessed and not posted in the ERP. */
  readonly dutyNotPosted: readonly string[];
}

/** The answers as of `now`. What has just happened may not have been reported yet: ask for an earlier `now` to leave that out. */
export function trueAnswers(shipments: readonly DemoShipment[], now: EpochMs): TrueAnswers {
  const deliveries = (of: (shipment: DemoShipment) => boolean): string[] =>
    shipments
      .filter(of)
      .map(({ delivery }) => delivery)
      .sort();
  const open = (at: EpochMs | undefined): boolean => at === undefined || at > now;
  return {
    awaitingRelease: deliveries(({ journey, releasedAt, ...papers }) => {
      const filedAt = papers.entry?.filedAt ?? papers.declarations[0]!.filedAt;
      return Math.min(journey.arrivedAt, filedAt) <= now && open(releasedAt);
    }),
    refused: shipments
      .flatMap(({ declarations }) => declarations)
      .filter(({ rejectedAt }) => rejectedAt !== undefined && rejectedAt <= now)
      .map(({ lrn }) => lrn)
      .sort(),
    dutyNotPosted: deliveries(
      ({ dutyAssessedAt, dutyPostedAt }) =>
        dutyAssessedAt !== undefined && dutyAssessedAt <= now && open(dutyPostedAt),
    ),
  };
}
