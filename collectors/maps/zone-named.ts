import { x12Zone } from './x12-zones.ts';
import { isZone, sapZone } from './zones.ts';

/** The zone that a text names: an SAP key, an X12 time code, an IANA zone or an offset. SAP keys first: `EST` is a key and an IANA zone, and they differ in summer. */
export const zoneNamed = (name: string): string | undefined =>
  sapZone(name) ?? x12Zone(name) ?? (isZone(name) ? name : undefined);
