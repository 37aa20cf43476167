import type { MilestoneCode } from '../../rules/milestone.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Chance } from './random.ts';
import type { Said, StreamMessage } from './said.ts';
import { type Declaration, type DemoShipment, HOUR, MINUTE } from './shipment.ts';

/** One notification of customs. `statesAt`, where it is not the time of issue. */
interface Notification {
  readonly at: EpochMs;
  readonly code: string;
  readonly states: readonly MilestoneCode[];
  readonly acceptedAt?: EpochMs;
  readonly amount?: string;
}

/** Customs publishes within so long; less than the `reporting_lag` of the sources. */
const LATEST_MS = 5 * MINUTE;

/** The notifications of UK customs about one shipment, as they are published. */
export function customsMessages(
  shipment: DemoShipment,
  startAt: EpochMs,
  chance: Chance,
): readonly StreamMessage[] {
  const isExport = shipment.exportClearedAt !== undefined;
  const messages: StreamMessage[] = [];
  for (const [i, declaration] of shipment.declarations.entries()) {
    const final = i === shipment.declarations.length - 1;
    const list = isExport
      ? exportNotifications(declaration, shipment, final)
      : importNotifications(declaration, shipment, final);
    for (const [n, one] of list.entries()) {
      const at = Math.max(startAt, Math.round(one.at + MINUTE + chance.between(0, LATEST_MS - MINUTE)));
      const message = {
        at,
        subject: `customs.uk.${isExport ? 'export' : 'import'}.${declaration.lrn}`,
        body: xml(one, declaration, `${declaration.lrn}-${n + 1}`),
        says: one.states.map((milestone) => said(milestone, one, declaration, shipment, isExport)),
      };
      if (at > startAt && chance.happens(0.006)) {
        const body = message.body.replace(
          /(<IssueDateTime><DateTimeString formatCode="304">)[^<]*/,
          '$1PENDING',
        );
        const mendedAt = at + Math.round(chance.between(15 * MINUTE, 90 * MINUTE));
        messages.push({ ...message, body, says: [] }, { ...message, at: mendedAt });
        continue;
      }
      messages.push(message);
      if (chance.happens(0.06))
        messages.push({ ...message, at: at + Math.round(chance.between(MINUTE, 2 * HOUR)) });
    }
  }
  return messages;
}

function importNotifications(
  declaration: Declaration,
  shipment: DemoShipment,
  final: boolean,
): readonly Notification[] {
  const { filedAt, rejectedAt, acceptedAt } = declaration;
  const filed: Notification = { at: filedAt, code: '02', states: ['customs.filed'] };
  if (!final) return [filed, { at: rejectedAt!, code: '03', states: ['customs.rejected'] }];
  const { hold, dutyAssessedAt, dutyPence, releasedAt } = shipment;
  return [
    filed,
    { at: acceptedAt! + MINUTE, code: '01', states: ['customs.accepted'], acceptedAt: acceptedAt! },
    {
      at: dutyAssessedAt!,
      code: '13',
      states: ['duty.assessed'],
      amount: (dutyPence.assessed / 100).toFixed(2),
    },
    ...(hold === undefined
      ? []
      : [{ at: hold.placedAt, code: '05', states: ['customs.hold.placed'] } as const]),
    { at: releasedAt, code: '09', states: ['customs.released', 'customs.hold.removed'] },
  ];
}

function exportNotifications(
  { filedAt, rejectedAt, acceptedAt }: Declaration,
  shipment: DemoShipment,
  final: boolean,
): readonly Notification[] {
  const filed: Notification = { at: filedAt, code: '02', states: ['export.filing.submitted'] };
  if (!final) return [filed, { at: rejectedAt!, code: '03', states: ['export.filing.rejected'] }];
  return [
    filed,
    { at: acceptedAt! + MINUTE, code: '01', states: ['export.filing.accepted'], acceptedAt: acceptedAt! },
    { at: shipment.exportClearedAt!, code: '09', states: ['export.cleared', 'customs.hold.removed'] },
  ];
}

function said(
  milestone: MilestoneCode,
  { at, acceptedAt }: Notification,
  { lrn }: Declaration,
  { index }: DemoShipment,
  isExport: boolean,
): Said {
  return {
    source: isExport ? 'customs-export' : 'customs-import',
    milestone,
    classifier: 'actual',
    at: acceptedAt ?? at,
    ref: `lrn:${lrn}`,
    shipments: [index],
    subject: lrn,
  };
}

/** `20261102091500Z`: format code 304 of UN/CEFACT 2379, with seconds and the zone. */
const stamp = (at: EpochMs): string => `${new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;

const dateTime = (name: string, at: EpochMs): string =>
  `<${name}><DateTimeString formatCode="304">${stamp(at)}</DateTimeString></${name}>`;

/** A WCO response in CDS's envelope. Its id is the declaration's number with a count: a mended message keeps it. */
function xml(notification: Notification, { lrn, mrn, rejectedAt }: Declaration, id: string): string {
  const { at, code, acceptedAt, amount } = notification;
  const tax =
    amount === undefined
      ? ''
      : `<GoodsShipment><GovernmentAgencyGoodsItem><Commodity><DutyTaxFee><Payment><TaxAssessedAmount currencyID="GBP">${amount}</TaxAssessedAmount></Payment></DutyTaxFee></Commodity></GovernmentAgencyGoodsItem></GoodsShipment>`;
  const parts = [
    `<FunctionCode>${code}</FunctionCode><FunctionalReferenceID>${id}</FunctionalReferenceID>`,
    dateTime('IssueDateTime', at),
    code === '03' ? '<Error><ValidationCode>CDS12056</ValidationCode></Error>' : '',
    '<Declaration>',
    acceptedAt === undefined ? '' : dateTime('AcceptanceDateTime', acceptedAt),
    `<FunctionalReferenceID>${lrn}</FunctionalReferenceID>`,
    mrn === undefined || code === '02' || rejectedAt !== undefined ? '' : `<ID>${mrn}</ID>`,
    `<VersionID>1</VersionID>${tax}</Declaration>`,
  ];
  return `<?xml version="1.0" encoding="UTF-8"?><MetaData><Response>${parts.join('')}</Response></MetaData>`;
}
