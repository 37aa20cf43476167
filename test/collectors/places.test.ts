import { readFileSync } from 'node:fs';
import t from 'tap';
import { parseCsv } from '../../collectors/formats/csv.ts';
import { allPlaces, placeOf } from '../../collectors/places.ts';
import { PLACE_ALIASES } from '../../collectors/places-data.ts';

t.test('every place of the sample list is known, with a zone that exists', async (t) => {
  const file = new URL('../fixtures/samples/un-locode/un-locode-subset.csv', import.meta.url);
  const parsed = parseCsv(readFileSync(file));
  const rows = 'value' in parsed ? (parsed.value as { country: string; location: string }[]) : [];
  t.equal(rows.length, 296);
  const missing = rows.map((r) => r.country + r.location).filter((code) => !placeOf(code)?.listed);
  t.same(
    missing.filter((code) => PLACE_ALIASES[code] === undefined),
    [],
  );
  const zones = new Set([...allPlaces()].map((p) => p.zone ?? 'none'));
  for (const zone of zones) {
    t.doesNotThrow(() => Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone), zone);
  }
});

t.test('codes are read as people write them', async (t) => {
  t.match(placeOf('nl rtm'), {
    unlocode: 'NLRTM',
    name: 'Rotterdam',
    country: 'NL',
    zone: 'Europe/Amsterdam',
  });
  t.match(placeOf('CNSHA'), { unlocode: 'CNSHG', zone: 'Asia/Shanghai' }, 'an alias is resolved');
  t.match(placeOf('NLXYZ'), { listed: false, country: 'NL', zone: 'Europe/Amsterdam' });
  t.match(
    placeOf('USXYZ'),
    { listed: false, country: 'US', zone: undefined },
    'several zones: none is guessed',
  );
  t.equal(placeOf('NLRT0'), undefined, 'no zero in a UN/LOCODE');
  t.equal(placeOf('Rotterdam'), undefined);
});
