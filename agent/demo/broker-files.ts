import type { MilestoneCode } from '../../rules/milestone.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Chance } from './random.ts';
import { type DropFile, localText, type Said } from './said.ts';
import { nextSlot } from './sap-records.ts';
import { type DemoShipment, HOUR, MINUTE } from './shipment.ts';

/** The broker writes a file so often; less than the `reporting_lag` of the source. */
const EVERY_HOURS = 6;
const HEADER = 'EventId,Entry,HouseBill,Container,Status,StatusTime,Agency,Reason,UpdatedAt';

interface Row {
  readonly at: EpochMs;
  readonly text: string;
  readonly says: readonly Said[];
}

/** The drop folder's files, one every six hours whether there is news or not. */
export function brokerFiles(
  shipments: readonly DemoShipment[],
  window: { readonly from: EpochMs; readonly to: EpochMs },
  chance: Chance,
): readonly DropFile[] {
  const rows = new Map<EpochMs, Row[]>();
  const put = (row: Row): void => {
    // What happened in the last minutes before a file is written stands in the next one.
    const slot = nextSlot(Math.max(row.at + 2 * MINUTE, window.from), EVERY_HOURS);
    const list = rows.get(slot);
    if (list === undefined) rows.set(slot, [row]);
    else list.push(row);
  };
  for (const shipment of shipments) {
    for (const row of rowsOf(shipment)) {
      if (row.at > window.from && chance.happens(0.02)) {
        put({ ...row, text: row.text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d/, 'see mail'), says: [] });
        put({ ...row, at: row.at + EVERY_HOURS * HOUR });
        continue;
      }
      put(row);
      if (chance.happens(0.08)) put({ ...row, at: row.at + EVERY_HOURS * HOUR });
    }
  }
  const files: DropFile[] = [];
  for (let at = nextSlot(window.from, EVERY_HOURS); at <= window.to; at += EVERY_HOURS * HOUR) {
    const own = (rows.get(at) ?? []).sort((a, b) => a.at - b.at);
    // Two files are never byte for byte the same: then the second would be taken for the first, touched.
    const draft = `file-${at / HOUR},,,,DRAFT,${new Date(at).toISOString()},,,${new Date(at).toISOString()}`;
    files.push({
      at,
      name: `entries-${new Date(at).toISOString().slice(0, 13)}.csv`,
      text: `${[HEADER, ...own.map(({ text }) => text), draft].join('\n')}\n`,
      says: own.flatMap(({ says }) => says),
    });
  }
  return files;
}

function rowsOf({ index, journey, houseBill, entry, hold, releasedAt }: DemoShipment): readonly Row[] {
  if (entry === undefined) return [];
  const subject = entry.number.replaceAll('-', '');
  const row = (
    n: number,
    status: string,
    milestone: MilestoneCode,
    at: EpochMs,
    agency = '',
    reason = '',
  ): Row => {
    const time = localText(at, journey.lane.destination.zone);
    const fields = [
      `${subject}-${n}`,
      entry.number,
      houseBill,
      journey.container,
      status,
      time,
      agency,
      reason,
    ];
    return {
      at,
      text: `${fields.join(',')},${new Date(at).toISOString()}`,
      says: [
        {
          ...{ source: 'broker-us', milestone, classifier: 'actual', at, shipments: [index], subject },
          ref: `entry:${subject}`,
        },
      ],
    };
  };
  return [
    row(1, 'FILED', 'entry.filed', entry.filedAt),
    ...(hold === undefined
      ? []
      : [
          row(2, 'HOLD', 'customs.hold.placed', hold.placedAt, hold.agency, hold.reason),
          row(3, 'UNHOLD', 'customs.hold.removed', hold.removedAt, hold.agency),
        ]),
    row(4, 'RELEASED', 'customs.released', releasedAt),
  ];
}
