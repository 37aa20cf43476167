import {
  awbCheckDigit,
  containerCheckDigit,
  gs1CheckDigit,
  imoCheckDigit,
  isItn,
  mrnCheckDigit,
  postalCheckDigit,
  upsCheckDigit,
} from './check-digits.ts';
import type { DurationMs } from './time.ts';

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
  parcel: { power: 'linking', title: 'Parcel tracking number' },
} as const satisfies Record<string, { power: 'linking' | 'group'; title: string }>;

export type RefType = keyof typeof REF_TYPES;

/** An identifier in canonical form (see {@link REF_TYPES}); `value` is always a string, never a number. */
export interface Ref {
  readonly type: RefType;
  readonly value: string;
}

/** `container:MSCU1234567`: the printed and indexed form of a ref. */
export const refText = (ref: Ref): string => `${ref.type}:${ref.value}`;

/** The ref that {@link refText} printed. Throws a RangeError when the type is none of {@link REF_TYPES}. */
export function parseRef(text: string): Ref {
  const cut = text.indexOf(':');
  const type = text.slice(0, cut);
  if (!Object.hasOwn(REF_TYPES, type))
    throw new RangeError(`"${text}" does not start with a kind of identifier`);
  return { type: type as RefType, value: text.slice(cut + 1) };
}

/** Order of refs wherever they are listed: by type, then value, by code unit. */
export function compareRefs(a: Ref, b: Ref): number {
  if (a.type !== b.type) return a.type < b.type ? -1 : 1;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

/** A sorted list with those of `more` that it has not, sorted again; the list itself when it has them all. */
export function mergeRefs(refs: readonly Ref[], more: readonly Ref[]): readonly Ref[] {
  let out: Ref[] | undefined;
  for (const ref of more) {
    if ((out ?? refs).some(({ type, value }) => ref.value === value && ref.type === type)) continue;
    out ??= [...refs];
    out.push(ref);
  }
  return out === undefined ? refs : out.sort(compareRefs);
}

const DAYS: DurationMs = 86_400_000;

/**
 * How long before its first and after its last evidence an identifier still means the same shipment. Absent: for ever.
 * Containers go round in about three months, carriers use bill and booking numbers again after years, a ship sails on.
 */
export const REUSED_AFTER: Readonly<Partial<Record<RefType, DurationMs>>> = {
  container: 60 * DAYS,
  voyage: 45 * DAYS,
  vessel: 45 * DAYS,
  booking: 180 * DAYS,
  'house-bill': 180 * DAYS,
  'master-bill': 180 * DAYS,
  awb: 180 * DAYS,
  parcel: 180 * DAYS,
};

/** Groups that strangers share: our cargo and everybody else's. */
export const SHARED_TRANSPORT: ReadonlySet<RefType> = new Set(['voyage', 'vessel']);

/** What normalising did or noticed: named, for people; none of them rejects the ref. */
export type RefFlag =
  | 'check-digit-added'
  | 'check-digit-wrong'
  | 'shape-unusual'
  | 'carrier-prefix-removed'
  | 'leading-zeros-removed';

export interface NormalisedRef {
  /** Absent when the text names nothing: empty, or a placeholder such as `N/A`, `TBC`, `0000`. */
  readonly ref?: Ref;
  readonly flags: readonly RefFlag[];
}

/** Written where a form wants something and the writer has nothing. They would tie strangers' shipments together. */
const PLACEHOLDER =
  /^(?:[-–—_.*?/\\#\s]*|N[/. ]?A\.?|NONE|NULL|NIL|UNDEFINED|UNKNOWN|TB[ACD]|NOT ?(?:KNOWN|AVAILABLE|APPLICABLE)|0+|X{2,})$/i;

/** SCACs (National Motor Freight Traffic Association) that ocean carriers put before their bill and booking numbers. */
const OCEAN_SCACS = new Set(
  'CMDU ANNU APLU MAEU MAEI SEAU SUDU MSCU MEDU HLCU ONEY EGLV COSU OOLU YMLU HDMU ZIMU PABV WHLC SMLM'.split(
    ' ',
  ),
);

/** Number ranges that SAP pads with zeros in some interfaces (IDoc) and not in others (OData). */
const ZERO_PADDED: ReadonlySet<RefType> = new Set([
  'delivery',
  'order',
  'purchase-order',
  'shipment',
  'invoice',
  'supplier-invoice',
]);

/** Separators are part of these numbers: `12-3` and `1-23` are two. Only white space and case are levelled. */
const KEEPS_SEPARATORS: ReadonlySet<RefType> = new Set([
  'delivery',
  'order',
  'purchase-order',
  'shipment',
  'lrn',
  'ducr',
  'invoice',
  'supplier-invoice',
  'customer-ref',
  'voyage',
]);

/** Nothing to level. */
const PLAIN = /^[A-Z0-9]+$/;
/** How a placeholder can begin that {@link PLAIN} matches: most identifiers need not be looked at further. */
const PLACEHOLDER_BEGINS = new Set(Array.from('NUTX0', (character) => character.charCodeAt(0)));

/**
 * The canonical form of an identifier as a system wrote it, so that different spellings meet:
 * `CMAU 512749-8`, `cmau5127498` and the rail form `CMAU512749` are one container.
 */
export function normaliseRef(type: RefType, text: string): NormalisedRef {
  const plain = PLAIN.test(text);
  const trimmed = plain ? text : text.normalize('NFKC').trim();
  if ((!plain || PLACEHOLDER_BEGINS.has(text.charCodeAt(0))) && PLACEHOLDER.test(trimmed))
    return { flags: [] };
  // Case carries meaning in a correlation id, and every system repeats it as it is.
  if (type === 'correlation') return { ref: { type, value: trimmed }, flags: [] };
  const flags: RefFlag[] = [];
  const compact = plain ? text : compacted(type, trimmed);
  const value = canonical(type, compact === '' ? trimmed : compact, flags);
  const ref = { type, value };
  const check = checkRef(ref);
  if (check.result === 'invalid') flags.push(check.reason);
  return { ref, flags };
}

function compacted(type: RefType, text: string): string {
  const separators = KEEPS_SEPARATORS.has(type) ? /\s+/g : /[\s\-–—./()]+/g;
  return text.toUpperCase().replace(separators, '');
}

function canonical(type: RefType, text: string, flags: RefFlag[]): string {
  switch (type) {
    case 'container': {
      const digit = text.length === 10 ? containerCheckDigit(text) : undefined;
      if (digit === undefined) return text;
      flags.push('check-digit-added');
      return text + digit;
    }
    // GIN and element strings carry the application identifier 00 before the 18 digits.
    case 'sscc':
      return /^00\d{18}$/.test(text) ? text.slice(2) : text;
    case 'vessel':
      return text.replace(/^IMO(?:NO)?(?=\d{7}$)/, '');
    case 'mrn':
      return text.replace(/^MRN:?(?=\d{2}[A-Z]{2}[A-Z0-9]{14}$)/, '');
    case 'itn':
      return text.replace(/^(?:AES|ITN):?(?=X\d{14}$)/, '');
    case 'master-bill':
    case 'booking':
      return withoutCarrier(text, flags);
    default: {
      if (text.charCodeAt(0) !== 48 || !ZERO_PADDED.has(type) || !/^0+[1-9]\d*$/.test(text)) return text;
      flags.push('leading-zeros-removed');
      return text.replace(/^0+/, '');
    }
  }
}

/**
 * `CMDUTHD0479278` → `THD0479278`. Only when the rest starts with letters of its own and is long: what is left of
 * `MAEU123456789` are digits that another carrier may use as well.
 */
function withoutCarrier(text: string, flags: RefFlag[]): string {
  if (text.length < 13 || !OCEAN_SCACS.has(text.slice(0, 4))) return text;
  if (!/^[A-Z]{2,}[A-Z0-9]*\d{5,}/.test(text.slice(4))) return text;
  flags.push('carrier-prefix-removed');
  return text.slice(4);
}

export type RefCheck =
  | { readonly result: 'valid' }
  | {
      readonly result: 'invalid';
      readonly reason: 'check-digit-wrong' | 'shape-unusual';
      readonly detail: string;
    }
  /** The type has no check digit and no fixed shape. */
  | { readonly result: 'no-check' };

/** How a type is checked: its shape, and the computed check character with the place it belongs to. */
interface CheckRule {
  readonly shape: RegExp;
  readonly expects: string;
  readonly digit?: (value: string) => string | undefined;
}

const CHECKS: Readonly<Partial<Record<RefType, CheckRule>>> = {
  container: {
    shape: /^[A-Z]{3}[UJZ]\d{7}$/,
    expects: 'three letters, U, J or Z, seven digits (ISO 6346)',
    digit: containerCheckDigit,
  },
  mrn: {
    shape: /^\d{2}[A-Z]{2}[A-Z0-9]{13}\d$/,
    expects: 'two digits of year, country, thirteen characters, a check digit',
    digit: mrnCheckDigit,
  },
  sscc: {
    shape: /^\d{18}$/,
    expects: '18 digits (GS1)',
    digit: (value) => gs1CheckDigit(value.slice(0, 17)),
  },
  awb: { shape: /^\d{11}$/, expects: 'three digits of prefix and eight digits (IATA)', digit: awbCheckDigit },
  vessel: { shape: /^\d{7}$/, expects: 'seven digits (IMO)', digit: imoCheckDigit },
  itn: { shape: /^X\d{14}$/, expects: 'X, a date CCYYMMDD, six digits (15 CFR 30)' },
  entry: {
    shape: /^(?:[A-Z0-9]{3}\d{8}|\d{2}[A-Z]{2}[A-Z0-9]{14})$/,
    expects: 'filer code, seven digits and a check digit (US), or an MRN',
  },
  ducr: {
    shape: /^\d[A-Z]{2}[A-Z0-9]{1,15}-[A-Z0-9()-]{1,19}$/,
    expects: 'year digit, EORI, dash, reference (UK)',
  },
};

/** Parcel carriers number as they like; two forms have a check digit. */
const PARCELS: readonly {
  readonly shape: RegExp;
  readonly at: number;
  digit(text: string): string | undefined;
}[] = [
  { shape: /^1Z[A-Z0-9]{16}$/, at: 17, digit: upsCheckDigit },
  { shape: /^[A-Z]{2}\d{9}[A-Z]{2}$/, at: 10, digit: postalCheckDigit },
];

function checkParcel(value: string): RefCheck {
  const form = PARCELS.find(({ shape }) => shape.test(value));
  return form === undefined ? { result: 'no-check' } : compared(form.digit(value), value[form.at]);
}

const compared = (computed: string | undefined, written: string | undefined): RefCheck =>
  computed === written
    ? { result: 'valid' }
    : {
        result: 'invalid',
        reason: 'check-digit-wrong',
        detail: `check digit ${written}, computed ${computed}`,
      };

/** Tells whether an identifier in canonical form agrees with its standard. Flag it, never reject it. */
export function checkRef(ref: Ref): RefCheck {
  if (ref.type === 'parcel') return checkParcel(ref.value);
  const rule = CHECKS[ref.type];
  if (rule === undefined) return { result: 'no-check' };
  // Without the shape there is no telling which character would be the check digit.
  if (!rule.shape.test(ref.value) || (ref.type === 'itn' && !isItn(ref.value))) {
    return { result: 'invalid', reason: 'shape-unusual', detail: `expected ${rule.expects}` };
  }
  if (rule.digit === undefined) return ref.type === 'itn' ? { result: 'valid' } : { result: 'no-check' };
  return compared(rule.digit(ref.value), ref.value.at(-1));
}
