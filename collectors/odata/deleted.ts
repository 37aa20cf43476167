import { valueAt } from '../json-slices.ts';

/**
 * The link of an entity that a delta says is gone; undefined for one that is there. OData 4.01: `"@removed": {…}` with `@id`;
 * 4.0: a context that ends in `$deletedEntity`, with `id`. Version 2 has no form of its own in JSON: services write a change mode into
 * the entity (SAP's extractors: `ODQ_CHANGEMODE` = `D`), which is for the map to read.
 */
export function deletedLink(value: unknown): string | undefined {
  const context = valueAt(value, ['@odata.context']) ?? valueAt(value, ['@context']);
  const gone =
    valueAt(value, ['@removed']) !== undefined ||
    valueAt(value, ['@odata.removed']) !== undefined ||
    (typeof context === 'string' && context.endsWith('$deletedEntity'));
  if (!gone) return undefined;
  const link = ['@id', '@odata.id', 'id']
    .map((name) => valueAt(value, [name]))
    .find((text) => typeof text === 'string');
  return typeof link === 'string' && link !== '' ? link : undefined;
}

/**
 * The key in `…/A_SalesOrder('4711')` or `…(SupplierInvoice='1',FiscalYear='2026')`, its parts in the order of `keys` and joined by a
 * slash, as a map joins them and as the ids of entities that are still there are made. Undefined when the link has no key of that shape.
 */
export function keyOfLink(link: string, keys: readonly string[]): string | undefined {
  const predicate = /\(([^()]*)\)$/.exec(decode(link))?.[1];
  if (predicate === undefined) return undefined;
  const parts = [...predicate.matchAll(/(?:([A-Za-z_]\w*)=)?(?:'((?:[^']|'')*)'|([^,']+))(?:,|$)/g)].map(
    ([, name, quoted, bare]) => ({ name, value: quoted?.replaceAll("''", "'") ?? bare! }),
  );
  if (parts.length !== keys.length) return undefined;
  const values = keys.map(
    (key, i) =>
      parts.find(({ name }) => name === key)?.value ?? (keys.length === 1 ? parts[i]!.value : undefined),
  );
  return values.includes(undefined) ? undefined : values.join('/');
}

function decode(link: string): string {
  try {
    return decodeURIComponent(link);
  } catch {
    return link;
  }
}
