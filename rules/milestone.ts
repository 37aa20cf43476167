/**
 * The one table of milestones. `kind: 'state-open'` and `'state-close'` open and close a dwell state (holds).
 * Titles are what ops people read.
 */
export const MILESTONES = {
  'order.released': { title: 'Order released for shipping', kind: 'fact' },
  'shipment.created': { title: 'Shipment created', kind: 'fact' },
  'goods.issued': { title: 'Goods issued', kind: 'fact' },
  'invoice.issued': { title: 'Commercial invoice issued', kind: 'fact' },
  'asn.sent': { title: 'Advance shipping notice sent', kind: 'fact' },
  'edi.sent': { title: 'EDI interchange sent', kind: 'fact' },
  'edi.acknowledged': { title: 'EDI interchange acknowledged', kind: 'fact' },
  'export.filing.submitted': { title: 'Export filing submitted', kind: 'fact' },
  'export.filing.accepted': { title: 'Export filing accepted', kind: 'fact' },
  'export.filing.rejected': { title: 'Export filing rejected', kind: 'fact' },
  'export.cleared': { title: 'Export cleared', kind: 'fact' },
  'ens.registered': { title: 'Entry summary registered', kind: 'fact' },
  loaded: { title: 'Loaded', kind: 'fact' },
  departed: { title: 'Departed', kind: 'fact' },
  arrived: { title: 'Arrived', kind: 'fact' },
  discharged: { title: 'Discharged', kind: 'fact' },
  'customs.filed': { title: 'Import declaration filed', kind: 'fact' },
  'customs.accepted': { title: 'Import declaration accepted', kind: 'fact' },
  'customs.rejected': { title: 'Import declaration rejected', kind: 'fact' },
  'customs.documents_requested': { title: 'Customs asked for documents', kind: 'fact' },
  'customs.hold.placed': { title: 'Customs hold placed', kind: 'state-open' },
  'customs.hold.removed': { title: 'Customs hold removed', kind: 'state-close' },
  'customs.released': { title: 'Customs released', kind: 'fact' },
  'entry.filed': { title: 'Entry filed', kind: 'fact' },
  'duty.assessed': { title: 'Duty assessed', kind: 'fact' },
  'duty.posted': { title: 'Duty posted in ERP', kind: 'fact' },
  'duty.invoiced': { title: 'Duty invoiced by the broker', kind: 'fact' },
  'duty.paid': { title: 'Duty paid or deferred', kind: 'fact' },
  'landed_cost.posted': { title: 'Landed cost posted in ERP', kind: 'fact' },
  'carrier.released': { title: 'Carrier released', kind: 'fact' },
  'gate.out': { title: 'Gate out', kind: 'fact' },
  delivered: { title: 'Delivered', kind: 'fact' },
  'pod.received': { title: 'Proof of delivery in the ERP', kind: 'fact' },
  'empty.returned': { title: 'Empty container returned', kind: 'fact' },
} as const satisfies Record<string, { title: string; kind: 'fact' | 'state-open' | 'state-close' }>;

export type MilestoneCode = keyof typeof MILESTONES;

export const isMilestone = (code: string): code is MilestoneCode => Object.hasOwn(MILESTONES, code);
