import type { EpochMs } from '../../rules/time.ts';
import type { ODataSourceConfig } from '../settings.ts';

export type ODataVersion = 'v2' | 'v4';

/** What of the settings makes the query. */
export type QuerySettings = Pick<
  ODataSourceConfig,
  | 'url'
  | 'entity'
  | 'select'
  | 'expand'
  | 'filter'
  | 'changedAt'
  | 'createdAt'
  | 'stampType'
  | 'pageSize'
  | 'delta'
  | 'zone'
>;

/** A server whose zone nobody told us may write stamps up to so far behind UTC's. */
const UNKNOWN_ZONE_MS = 14 * 3_600_000;

/** What is known of an entity, so that nobody has to look it up. */
interface KnownEntity {
  readonly keys: readonly string[];
  readonly changedAt?: string;
  readonly createdAt?: string;
}

const DELIVERY: KnownEntity = {
  keys: ['DeliveryDocument'],
  changedAt: 'LastChangeDate',
  createdAt: 'CreationDate',
};

/** SAP S/4HANA business APIs: key fields of the entities; the stamps where they were seen in a real answer. */
const KNOWN: Readonly<Record<string, KnownEntity>> = {
  A_OutbDeliveryHeader: DELIVERY,
  A_InbDeliveryHeader: DELIVERY,
  A_OutbDeliveryItem: { keys: ['DeliveryDocument', 'DeliveryDocumentItem'] },
  A_SalesOrder: { keys: ['SalesOrder'] },
  A_PurchaseOrder: { keys: ['PurchaseOrder'] },
  A_BillingDocument: { keys: ['BillingDocument'] },
  A_SupplierInvoice: { keys: ['SupplierInvoice', 'FiscalYear'] },
};

/** SAP's gateways page only when asked to, and a month of deliveries is too much for one answer. */
const KNOWN_PAGE_SIZE = 1000;

/** The settings, completed by what is known of a well-known entity. What was configured stays. */
export function withKnown<T extends QuerySettings & Pick<ODataSourceConfig, 'keys'>>(settings: T): T {
  const known = Object.hasOwn(KNOWN, settings.entity) ? KNOWN[settings.entity] : undefined;
  if (known === undefined) return settings;
  const stamps = settings.changedAt === undefined && settings.createdAt === undefined ? known : settings;
  const { changedAt, createdAt } = stamps;
  return {
    ...settings,
    keys: settings.keys.length > 0 ? settings.keys : known.keys,
    pageSize: settings.pageSize ?? KNOWN_PAGE_SIZE,
    ...(changedAt === undefined ? {} : { changedAt }),
    ...(createdAt === undefined ? {} : { createdAt }),
  };
}

/**
 * A moment as a filter literal. v2: `datetime'2026-03-01T00:00:00'`, `datetimeoffset'2026-03-01T08:00:00Z'` (OData 2.0,
 * primitive literals); v4: `2026-03-01`, `2026-03-01T08:00:00Z` (OData 4.01 ABNF). A v2 `datetime` is very often a date at
 * midnight (SAP's LastChangeDate), which `ge` some hour of that day would never find: it is rounded down to its day like a
 * `date`. Stamps without offset are in the server's zone: `zone`, or, when nobody told it, as early as any could be.
 */
export function stampLiteral(
  at: EpochMs,
  type: ODataSourceConfig['stampType'],
  version: ODataVersion,
  zone: string | undefined,
): string {
  // Edm.DateTime is gone in v4: every moment there has its offset.
  if (type === 'datetimeoffset' || (version === 'v4' && type === 'datetime')) {
    const text = Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toString({ smallestUnit: 'second' });
    return version === 'v2' ? `datetimeoffset'${text}'` : text;
  }
  const shifted = Math.floor(zone === undefined ? at - UNKNOWN_ZONE_MS : at);
  const day = Temporal.Instant.fromEpochMilliseconds(shifted)
    .toZonedDateTimeISO(zone ?? 'UTC')
    .toPlainDate();
  return version === 'v2' ? `datetime'${day.toString()}T00:00:00'` : day.toString();
}

/**
 * Records changed or created since: `LastChangeDate` is null on a record never changed, and null is never `ge`, so a
 * creation shows only in the creation property. Undefined when the source has neither (every poll reads everything).
 */
export function changeFilter(
  settings: QuerySettings,
  version: ODataVersion,
  since: EpochMs,
): string | undefined {
  const literal = stampLiteral(since, settings.stampType, version, settings.zone);
  const properties = [settings.changedAt, settings.createdAt].filter((name) => name !== undefined);
  const changed = properties.map((name) => `(${name} ge ${literal})`).join(' or ');
  const parts = [settings.filter, changed].filter((part) => part !== undefined && part !== '');
  if (parts.length === 0) return undefined;
  return parts.length === 1 ? parts[0] : parts.map((part) => `(${part})`).join(' and ');
}

/** The URL of one window of the entity set: `skip` records in, at most `pageSize` long, in key order when keys are known. */
export function entityUrl(
  settings: QuerySettings,
  keys: readonly string[],
  window: { readonly version: ODataVersion; readonly since: EpochMs; readonly skip: number },
): URL {
  const url = new URL(settings.url);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${settings.entity}`;
  const options: [string, string][] = [];
  const filter = changeFilter(settings, window.version, window.since);
  if (filter !== undefined) options.push(['$filter', filter]);
  if (settings.select.length > 0) options.push(['$select', settings.select.join(',')]);
  if (settings.expand.length > 0) options.push(['$expand', settings.expand.join(',')]);
  // A server that tracks changes pages by itself: a walk that we cut into windows would have no end to hang the link on.
  if (settings.pageSize !== undefined && !settings.delta) {
    // Windows are stable only in a fixed order; without one a record can fall between two of them.
    if (keys.length > 0) options.push(['$orderby', keys.join(',')]);
    options.push(['$top', String(settings.pageSize)]);
    if (window.skip > 0) options.push(['$skip', String(window.skip)]);
  }
  if (window.version === 'v2') options.push(['$format', 'json']);
  // By hand: gateways do not read the `+` that URLSearchParams writes for a blank.
  const query = options.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const given = url.search.replace(/^\?/, '');
  url.search = [given, query].filter((part) => part !== '').join('&');
  return url;
}
