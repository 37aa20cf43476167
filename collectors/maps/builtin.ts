import { existsSync, readFileSync } from 'node:fs';

/** The ready maps, each a YAML file in this folder with its tests beside it. */
export const BUILTIN_MAPS = [
  'cloudevents',
  'dcsa-tnt-2.2',
  'dcsa-tnt-3.0',
  'dhl-unified',
  'edifact-codeco',
  'edifact-contrl',
  'edifact-cusdec',
  'edifact-cusres-export',
  'edifact-cusres',
  'edifact-desadv',
  'edifact-iftmbc',
  'edifact-iftsta',
  'edifact-invoic',
  'epcis',
  'eu-aes',
  'eu-ens',
  'eu-ncts',
  'maersk-tracking',
  'oracle-shipment',
  'sap-billing-document',
  'sap-outbound-delivery',
  'sap-sales-order',
  'sap-supplier-invoice',
  'terminal49',
  'tms-shipment',
  'uk-cds-export',
  'uk-cds-notification',
  'ups-tracking',
  'wms',
  'x12-214',
  'x12-309',
  'x12-310',
  'x12-315',
  'x12-350',
  'x12-355',
  'x12-810',
  'x12-824',
  'x12-856',
  'x12-997',
] as const;
export type BuiltinMap = (typeof BUILTIN_MAPS)[number];

const PREFIX = 'builtin:';

/** Beside the sources; from a built package the YAML files are three folders up, where the sources were. */
const FOLDERS = [new URL('./', import.meta.url), new URL('../../../collectors/maps/', import.meta.url)];

/** The text of a ready map, by its name with or without `builtin:`; undefined when there is none. */
export function builtinMapText(name: string): string | undefined {
  const bare = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  if (!BUILTIN_MAPS.some((map) => map === bare)) return undefined;
  const file = FOLDERS.map((folder) => new URL(`${bare}.yaml`, folder)).find((url) => existsSync(url));
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}
