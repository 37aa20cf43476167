import type { PlaceRole } from '../../rules/event.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { RecordState, Said } from './said.ts';
import { DAY, type DemoShipment, HOUR, type Stop } from './shipment.ts';

/** The zone of the SAP system: creation and posting dates are in it. */
export const SAP_ZONE = 'Europe/London';

/** SAP's keys for the zones of the shipping points and receivers. */
const ZONE_KEYS: Readonly<Record<string, string>> = {
  'Asia/Shanghai': 'UTC+8',
  'Asia/Singapore': 'UTC+8',
  'Asia/Kolkata': 'INDIA',
  'Europe/London': 'GMTUK',
  'America/New_York': 'EST',
};

const local = (at: EpochMs, zone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);

/** An Edm.DateTime at midnight: the local date as OData v2 writes it in JSON. */
export function sapDate(at: EpochMs, zone: string): string {
  const { year, month, day } = local(at, zone);
  return `/Date(${Date.UTC(year, month - 1, day)})/`;
}

function sapTime(at: EpochMs, zone: string): string {
  const { hour, minute } = local(at, zone);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `PT${two(hour)}H${two(minute)}M00S`;
}

/** The states of a delivery: created, issued, perhaps cancelled and issued again. */
export function deliveryStates(shipment: DemoShipment): readonly RecordState[] {
  const { createdAt, goodsIssues, journey } = shipment;
  const { origin, destination } = journey.lane;
  const planned = plannedIssue(shipment);
  const fixed = {
    DeliveryDocument: shipment.delivery,
    CreationDate: sapDate(createdAt, SAP_ZONE),
    CreationTime: sapTime(createdAt, SAP_ZONE),
    PlannedGoodsIssueDate: sapDate(planned, origin.zone),
    ShippingLocationTimezone: ZONE_KEYS[origin.zone],
    ReceivingLocationTimezone: ZONE_KEYS[destination.zone],
    IncotermsClassification: shipment.incoterm,
    IsExportDelivery: 'X',
    SoldToParty: shipment.customer,
    ProofOfDeliveryDate: null,
    to_DeliveryDocumentItem: { results: [{ ReferenceSDDocument: shipment.order }] },
  };
  const say = sayOf(shipment, 'sap-deliveries');
  const always = [
    say('shipment.created', 'actual', createdAt),
    say('goods.issued', 'planned', dayStart(planned, origin), 'origin'),
  ];
  const open = {
    OverallGoodsMovementStatus: 'A',
    ActualGoodsMovementDate: null,
    ActualGoodsMovementTime: 'PT00H00M00S',
  };
  const states: RecordState[] = [
    {
      at: createdAt,
      key: shipment.delivery,
      record: { ...fixed, ...open, LastChangeDate: null },
      says: always,
    },
  ];
  for (const issue of goodsIssues) {
    const issued = {
      OverallGoodsMovementStatus: 'C',
      ActualGoodsMovementDate: sapDate(issue.at, origin.zone),
      ActualGoodsMovementTime: sapTime(issue.at, origin.zone),
      LastChangeDate: sapDate(issue.at, SAP_ZONE),
    };
    const said = [...always, say('goods.issued', 'actual', issue.at, 'origin')];
    states.push({ at: issue.at, key: shipment.delivery, record: { ...fixed, ...issued }, says: said });
    if (issue.cancelledAt === undefined) continue;
    const LastChangeDate = sapDate(issue.cancelledAt, SAP_ZONE);
    const record = { ...fixed, ...open, LastChangeDate };
    states.push({ at: issue.cancelledAt, key: shipment.delivery, record, says: always });
  }
  return states;
}

const plannedIssue = ({ goodsIssues }: DemoShipment): EpochMs => goodsIssues[0]!.at - DAY / 2;

function sayOf(
  { index, delivery }: DemoShipment,
  source: string,
): (milestone: MilestoneCode, classifier: Said['classifier'], at: EpochMs, role?: PlaceRole) => Said {
  return (milestone, classifier, at, role) => ({
    ...{ source, milestone, classifier, at },
    ref: `delivery:${delivery}`,
    shipments: [index],
    ...(role !== undefined && { role }),
  });
}

const dayStart = (at: EpochMs, { zone }: Stop): EpochMs => local(at, zone).startOfDay().epochMilliseconds;

/** The first moment of a posting date. */
export const postingDay = (at: EpochMs): EpochMs => local(at, SAP_ZONE).startOfDay().epochMilliseconds;

/** Supplier invoices that post duty (by the MRN) and landed cost (by the delivery). */
export function invoiceStates(shipment: DemoShipment): readonly RecordState[] {
  const { index, delivery, declarations, dutyPence, dutyPostedAt, landedCostPostedAt } = shipment;
  const mrn = declarations.at(-1)!.mrn;
  const states: RecordState[] = [];
  const post = (
    kind: 'duty' | 'cost',
    at: EpochMs,
    fields: Record<string, unknown>,
    said: Partial<Said>,
  ): void => {
    const number = String((kind === 'duty' ? 5_105_600_000 : 5_105_700_000) + index);
    const record = {
      SupplierInvoice: number,
      FiscalYear: String(local(at, SAP_ZONE).year),
      CreationDate: sapDate(at, SAP_ZONE),
      PostingDate: sapDate(at, SAP_ZONE),
      SupplierInvoiceStatus: '5',
      DocumentCurrency: 'GBP',
      ReverseDocument: '',
      InvoicingParty: kind === 'duty' ? '17300001' : '17300044',
      ...fields,
    };
    const says = [
      {
        source: 'sap-invoices',
        classifier: 'actual',
        at: postingDay(at),
        shipments: [index],
        ...said,
      } as Said,
    ];
    states.push({ at, key: number, record, says });
  };
  const item = (type: string, amount: string): unknown => ({
    results: [
      {
        PurchaseOrder: shipment.purchaseOrder,
        SuplrInvcDeliveryCostCndnType: type,
        SupplierInvoiceItemAmount: amount,
      },
    ],
  });
  if (dutyPostedAt !== undefined && mrn !== undefined) {
    const amount = (dutyPence.posted / 100).toFixed(2);
    const fields = { DocumentHeaderText: 'DUTY', AssignmentReference: mrn, InvoiceGrossAmount: amount };
    const items = { to_SuplrInvcItemPurOrdRef: item('ZOA1', amount) };
    post('duty', dutyPostedAt, { ...fields, ...items }, { milestone: 'duty.posted', ref: `mrn:${mrn}` });
  }
  if (landedCostPostedAt !== undefined) {
    const amount = `${400 + ((index * 53) % 3000)}.00`;
    const fields = {
      DocumentHeaderText: 'LANDED COST',
      AssignmentReference: delivery,
      InvoiceGrossAmount: amount,
    };
    const items = { to_SuplrInvcItemPurOrdRef: item('FRB1', amount) };
    const said: Partial<Said> = { milestone: 'landed_cost.posted', ref: `delivery:${delivery}` };
    post('cost', landedCostPostedAt, { ...fields, ...items }, said);
  }
  return states;
}

/** The next moment after `at` at which the hour of the day in UTC is a multiple of `hours`. */
export const nextSlot = (at: EpochMs, hours: number): EpochMs =>
  Math.floor(at / (hours * HOUR) + 1) * hours * HOUR;
