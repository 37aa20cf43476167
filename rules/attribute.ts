/** What a person may ask of a shipment in a condition. `values` lists all that maps of this repository write, where that is a closed list. */
export interface AttributeInfo {
  readonly title: string;
  readonly type: 'text' | 'number' | 'flag';
  readonly values?: readonly string[];
}

/**
 * Attributes with an agreed name. Maps may set others: a condition on an unknown name is a warning, not an error.
 * Names are dotted and lower-case; countries are ISO 3166-1 alpha-2, places UN/LOCODE, amounts in major units of their currency.
 */
export const ATTRIBUTES: Readonly<Record<string, AttributeInfo>> = {
  mode: {
    title: 'Mode of transport of the main leg',
    type: 'text',
    values: ['sea', 'air', 'road', 'rail', 'inland-waterway', 'post', 'multimodal'],
  },
  direction: { title: 'Seen from the shipper', type: 'text', values: ['import', 'export', 'transit'] },
  'leg.mode': { title: 'Mode of transport of the latest leg', type: 'text' },
  'delay.reason': { title: 'Reason of the latest delay', type: 'text' },
  lane: { title: 'Origin and destination country, such as CN-NL', type: 'text' },
  incoterm: {
    title: 'Incoterms rule',
    type: 'text',
    values: [
      'EXW',
      'FCA',
      'FAS',
      'FOB',
      'CFR',
      'CIF',
      'CPT',
      'CIP',
      'DAP',
      'DPU',
      'DDP',
      'DAT',
      'DDU',
      'DAF',
      'DEQ',
      'DES',
    ],
  },
  carrier: { title: 'Carrier (SCAC or name)', type: 'text' },
  broker: { title: 'Customs broker', type: 'text' },
  customer: { title: 'Customer as the ERP names it', type: 'text' },
  shipper: { title: 'Shipper', type: 'text' },
  consignee: { title: 'Consignee', type: 'text' },
  service: { title: 'Service level', type: 'text' },
  priority: { title: 'Priority', type: 'text' },
  vessel: { title: 'Vessel name', type: 'text' },
  'vessel.imo': { title: 'IMO number of the vessel, as a text', type: 'text' },
  voyage: { title: 'Voyage number', type: 'text' },
  'origin.country': { title: 'Country of origin of the journey', type: 'text' },
  'origin.unlocode': { title: 'UN/LOCODE of the origin', type: 'text' },
  'origin.name': { title: 'Name of the origin', type: 'text' },
  'destination.country': { title: 'Country of destination', type: 'text' },
  'destination.unlocode': { title: 'UN/LOCODE of the destination', type: 'text' },
  'destination.name': { title: 'Name of the destination', type: 'text' },
  'transshipment.unlocode': { title: 'UN/LOCODE of the last transshipment', type: 'text' },
  'declaration.type': { title: 'Type of the customs declaration', type: 'text' },
  'declaration.version': { title: 'Version of the customs declaration', type: 'number' },
  'declaration.route': { title: 'Customs route (risk channel)', type: 'text' },
  'rejection.code': { title: 'Code of the latest rejection', type: 'text' },
  'hold.agency': { title: 'Agency of the latest hold', type: 'text' },
  'hold.reason': { title: 'Reason of the latest hold', type: 'text' },
  'duty.amount': { title: 'Duty assessed', type: 'number' },
  'duty.currency': { title: 'Currency of the duty (ISO 4217)', type: 'text' },
  'duty.posted.amount': { title: 'Duty posted in the ERP', type: 'number' },
  'duty.posted.currency': { title: 'Currency of the posting', type: 'text' },
  'landed_cost.amount': { title: 'Landed cost posted', type: 'number' },
  'landed_cost.currency': { title: 'Currency of the landed cost', type: 'text' },
  'goods.value': { title: 'Value of the goods', type: 'number' },
  'goods.currency': { title: 'Currency of the value', type: 'text' },
  'goods.hs': { title: 'HS code, as a text', type: 'text' },
  'goods.dangerous': { title: 'Dangerous goods', type: 'flag' },
  'container.type': { title: 'ISO 6346 size and type', type: 'text' },
  'weight.kg': { title: 'Gross weight in kilograms', type: 'number' },
  pieces: { title: 'Number of pieces', type: 'number' },
};
