import { AIRPORTS, PLACE_ALIASES, PLACES_TEXT } from './places-data.ts';

/** A place of trade as UN/LOCODE knows it. */
export interface Place {
  readonly unlocode: string;
  /** Absent for a code that is well formed and not in our list. */
  readonly name?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** IANA zone; absent when the code is not listed and its country has several. */
  readonly zone?: string;
  /** False: only the country could be told from the code. */
  readonly listed: boolean;
}

/** UN/LOCODE: two letters of ISO 3166, then three of A to Z and 2 to 9 (UNECE Recommendation 16). */
const FORM = /^[A-Z]{2}[A-Z2-9]{3}$/;

const places = new Map<string, Place>();
const countryZones = new Map<string, string>();
read(PLACES_TEXT);

function read(text: string): void {
  for (const line of text.split('\n')) {
    const parts = /^([A-Z]{2})(\*?) ([\w/+-]+):(.*)$/.exec(line);
    if (parts === null) continue;
    const [, country = '', several, zone = '', list = ''] = parts;
    if (several === '') countryZones.set(country, zone);
    for (const entry of list.split(';')) {
      const [, code, name] = /^ ?(\S{3}) (.+)$/.exec(entry) ?? [];
      if (code === undefined || name === undefined) continue;
      const unlocode = country + code;
      places.set(unlocode, { unlocode, name, country, zone, listed: true });
    }
  }
}

/** Codes seen before, so that a feed's few hundred places are looked up once each; bounded because codes are input. */
const seen = new Map<string, Place>();
const SEEN_LIMIT = 20_000;

/**
 * The place that a UN/LOCODE names: blanks, hyphens, dots and letter case do not matter, aliases are resolved. Undefined when the text has not the form of a
 * UN/LOCODE; `listed: false` when it has, and we know only its country (and the zone, where the country has one).
 */
export function placeOf(code: string): Place | undefined {
  const known = seen.get(code);
  if (known !== undefined) return known;
  const place = lookUp(code.replace(/[\s./-]+/g, '').toUpperCase());
  if (place === undefined) return undefined;
  if (seen.size >= SEEN_LIMIT) seen.clear();
  seen.set(code, place);
  return place;
}

function lookUp(code: string): Place | undefined {
  if (!FORM.test(code)) return undefined;
  const unlocode = PLACE_ALIASES[code] ?? code;
  const listed = places.get(unlocode);
  if (listed !== undefined) return listed;
  const country = unlocode.slice(0, 2);
  const zone = countryZones.get(country);
  return zone === undefined
    ? { unlocode, country, listed: false }
    : { unlocode, country, zone, listed: false };
}

/** The place of an airport by its IATA code; undefined when it is none that we know. */
export function airportOf(code: string): Place | undefined {
  const unlocode = AIRPORTS[code.trim().toUpperCase()];
  return unlocode === undefined ? undefined : placeOf(unlocode);
}

/** The zone of every place in a country (ISO 3166-1 alpha-2); undefined when it has several, or is not in our list. */
export const zoneOfCountry = (country: string): string | undefined => countryZones.get(country);

/** All listed places, by code. */
export const allPlaces = (): IterableIterator<Place> => places.values();
