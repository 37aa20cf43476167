import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { parseCsv } from '../../collectors/formats/csv.ts';
import { airportOf, allPlaces, placeOf, zoneOfCountry } from '../../collectors/places.ts';
import { AIRPORTS, PLACE_ALIASES } from '../../collectors/places-data.ts';

const at = (path: string): URL => new URL(path, import.meta.url);

function sampleRows(): readonly { country: string; location: string; name: string }[] {
  const parsed = parseCsv(readFileSync(at('../fixtures/samples/un-locode/un-locode-subset.csv')));
  return 'value' in parsed ? (parsed.value as { country: string; location: string; name: string }[]) : [];
}

t.test('every place of the sample list is known, with a zone that exists', async (t) => {
  const rows = sampleRows();
  t.equal(rows.length, 296);
  const lines = rows.map(({ country, location, name }) => {
    const place = placeOf(country + location);
    const other = place?.unlocode === country + location ? '' : ` is ${place?.unlocode} ${place?.name}`;
    return `${country}${location} ${name}${other}: ${place?.listed === true ? place.zone : 'not known'}`;
  });
  // Checked by eye: a zone for each, and the only codes that are another place's are the aliases.
  t.equal(
    `${lines.join('\n')}\n`,
    readFileSync(at('../fixtures/golden/un-locode_un-locode-subset.csv.txt'), 'utf8'),
  );
  const zones = new Set([...allPlaces()].map((p) => p.zone ?? 'none'));
  for (const zone of zones) {
    t.doesNotThrow(() => Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone), zone);
  }
});

t.test('codes are read as people write them', async (t) => {
  const rotterdam = { unlocode: 'NLRTM', name: 'Rotterdam', country: 'NL', zone: 'Europe/Amsterdam' };
  for (const text of ['NLRTM', 'nl rtm', 'NL-RTM', 'NL.RTM', ' NL/RTM ', 'nlrtm'])
    t.match(placeOf(text), rotterdam, text);
  t.match(placeOf('NLXYZ'), { listed: false, country: 'NL', zone: 'Europe/Amsterdam' });
  t.match(
    placeOf('USXYZ'),
    { listed: false, country: 'US', zone: undefined },
    'several zones: none is guessed',
  );
  t.equal(placeOf('NLRT0'), undefined, 'no zero in a UN/LOCODE');
  t.equal(placeOf('Rotterdam'), undefined);
});

t.test('codes that carriers use for a place are that place', async (t) => {
  for (const [used, listed] of Object.entries(PLACE_ALIASES)) {
    t.match(placeOf(used), { unlocode: listed, listed: true }, used);
    t.equal(PLACE_ALIASES[listed], undefined, `${listed} is no alias itself`);
  }
  t.match(placeOf('CNSHA'), { unlocode: 'CNSHG', zone: 'Asia/Shanghai' });
});

t.test('airports are known by their IATA code too, but only where a place is asked for', async (t) => {
  for (const [iata, unlocode] of Object.entries(AIRPORTS))
    t.match(airportOf(iata), { unlocode, listed: true }, iata);
  t.match(airportOf('lhr'), { unlocode: 'GBLHR', zone: 'Europe/London' });
  t.match(airportOf('SDF'), { unlocode: 'USLUI', zone: 'America/Kentucky/Louisville' });
  t.equal(airportOf('BEL'), undefined, 'Belem, not Belfast');
  t.equal(placeOf('FRA'), undefined, 'France, or Frankfurt: no UN/LOCODE');
});

t.test('a country has a zone when it has one only', async (t) => {
  t.equal(zoneOfCountry('DE'), 'Europe/Berlin');
  t.equal(zoneOfCountry('US'), undefined);
  t.equal(zoneOfCountry('XX'), undefined);
});

t.test('every place that a ready map or the demo names is known, with its zone', async (t) => {
  const maps = at('../../collectors/maps/');
  const demo = at('../../agent/demo/');
  const tables = readdirSync(maps)
    .filter((file) => file.endsWith('.yaml') && !file.endsWith('.test.yaml'))
    .flatMap((file) => [...readFileSync(new URL(file, maps), 'utf8').matchAll(/"\d{4}": ([A-Z]{5})\b/g)]);
  const stops = readdirSync(demo)
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [
      ...readFileSync(new URL(file, demo), 'utf8').matchAll(/unlocode: '([A-Z2-9]{5})', zone: '([^']+)'/g),
    ]);
  t.ok(tables.length > 20 && stops.length > 8, 'they were found');
  for (const [, code] of tables) t.match(placeOf(code!), { unlocode: code, listed: true, zone: /\// }, code!);
  for (const [, code, zone] of stops) t.match(placeOf(code!), { unlocode: code, listed: true, zone }, code!);
});
