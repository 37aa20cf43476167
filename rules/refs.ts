/**
 * Identifiers that systems use for shipments and the things that carry them.
 * `power` says what an identifier may do when shipments are told apart (see identity.ts):
 * `linking` refs pass membership on to other refs, `group` refs (an order, a voyage) only receive it.
 */
export const REF_TYPES = {
  delivery: { power: 'linking', title: 'Delivery' },
  order: { power: 'group', title: 'Sales order' },
  'purchase-order': { power: 'group', title: 'Purchase order' },
  shipment: { power: 'linking', title: 'Shipment number' },
  'house-bill': { power: 'linking', title: 'House bill of lading' },
  'master-bill': { power: 'linking', title: 'Master bill of lading' },
  booking: { power: 'linking', title: 'Booking' },
  container: { power: 'linking', title: 'Container' },
  awb: { power: 'linking', title: 'Air waybill' },
  sscc: { power: 'linking', title: 'SSCC' },
  lrn: { power: 'linking', title: 'Local reference number' },
  mrn: { power: 'linking', title: 'Movement reference number' },
  ducr: { power: 'linking', title: 'Declaration unique consignment reference' },
  itn: { power: 'linking', title: 'AES internal transaction number' },
  entry: { power: 'linking', title: 'Customs entry' },
  invoice: { power: 'linking', title: 'Commercial invoice' },
  'supplier-invoice': { power: 'linking', title: 'Supplier invoice' },
  correlation: { power: 'linking', title: 'Correlation id' },
  'customer-ref': { power: 'group', title: 'Customer reference' },
  voyage: { power: 'group', title: 'Voyage' },
  vessel: { power: 'group', title: 'Vessel (IMO)' },
} as const satisfies Record<string, { power: 'linking' | 'group'; title: string }>;

export type RefType = keyof typeof REF_TYPES;

/** An identifier in canonical form (see {@link REF_TYPES}); `value` is always a string, never a number. */
export interface Ref {
  readonly type: RefType;
  readonly value: string;
}

/** `container:MSCU1234567`: the printed and indexed form of a ref. */
export const refText = (ref: Ref): string => `${ref.type}:${ref.value}`;
