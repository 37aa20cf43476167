import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import type { BuiltinMap } from '../../collectors/maps/builtin.ts';
import { loadBuiltinMap } from '../../collectors/maps/compile.ts';
import { goldenText } from '../support/golden.ts';

/**
 * What a careful reader finds in the public samples: milestones, times, refs, dead letters. Each file under test/fixtures/golden was checked
 * by eye against its sample; when a map changes, check the new text the same way before it replaces the old.
 */
const SAMPLES: readonly (readonly [sample: string, map: BuiltinMap, zone?: string])[] = [
  ['edifact/d00b_iftsta.edi', 'edifact-iftsta'],
  ['edifact/IFTSTA-parse_iftsta.edi', 'edifact-iftsta'],
  ['edifact/IFTSTA-parse_iftsta_with_unb.edi', 'edifact-iftsta'],
  ['eu-ens/CC313A-schemaValidSample-v11-2.xml', 'eu-ens', 'Europe/London'],
  ['eu-ens/CC315A-schemaValidSample-v11-2.xml', 'eu-ens', 'Europe/London'],
  ['eu-ens/ruleTestCases313/ITENUMGDS7.0.03.xml', 'eu-ens', 'Europe/London'],
  ['eu-ens/ruleTestCases315/TOTNUMOFPACHEA306.2.10.xml', 'eu-ens', 'Europe/London'],
  ['dcsa-tnt-2.2/tnt-220-response.json', 'dcsa-tnt-2.2'],
  ['dcsa-tnt-2.2/tnt-220-response-wrong-attribute-values.json', 'dcsa-tnt-2.2'],
  ['dcsa-tnt-3.0/tnt-300-response.json', 'dcsa-tnt-3.0'],
  ['dcsa-tnt-3.0/tnt-300-response-nextpage.json', 'dcsa-tnt-3.0'],
  ['sap-odata/A_OutbDeliveryHeader_queryAll.json', 'sap-outbound-delivery', 'Europe/Berlin'],
  ['uk-cds-TT_IM15a/1. DMSTAX(1).xml', 'uk-cds-notification'],
  ['uk-cds-TT_IM15a/2. DMSACC.xml', 'uk-cds-notification'],
  ['uk-cds-TT_IM15a/3. DMSCTL.xml', 'uk-cds-notification'],
  ['uk-cds-TT_IM15a/4. DMSTAX(2).xml', 'uk-cds-notification'],
  ['uk-cds-TT_IM15a/5. DMSCLE.xml', 'uk-cds-notification'],
  ['x12/309-test_1.masked.edi', 'x12-309', 'America/Sao_Paulo'],
  ['x12/315-test_2.edi', 'x12-315'],
  ['x12/315-test_3.edi', 'x12-315'],
  ['x12/315-test_315.edi', 'x12-315'],
];

/** What places.test.ts reads. */
const PLACES = 'un-locode/un-locode-subset.csv';

const at = (path: string): URL => new URL(path.split('/').map(encodeURIComponent).join('/'), import.meta.url);
const goldenName = (sample: string): string => `${sample.replaceAll(/[ /]/g, '_')}.txt`;

for (const [sample, map, zone] of SAMPLES) {
  t.test(sample, async (t) => {
    const message = {
      stream: 'S',
      sequence: 1,
      subject: sample,
      observedAt: Date.UTC(2026, 0, 1),
      contentType: 'application/octet-stream',
      data: readFileSync(at(`../fixtures/samples/${sample}`)),
    };
    const source = {
      name: 'sample',
      tenant: 'default',
      partner: 'partner',
      fallbackZone: 'UTC',
      ...(zone && { zone }),
    };
    const golden = readFileSync(at(`../fixtures/golden/${goldenName(sample)}`), 'utf8');
    t.equal(goldenText(loadBuiltinMap(map).map(message, source)), golden);
  });
}

t.test('every golden file belongs to a sample', async (t) => {
  const expected = [...SAMPLES.map(([sample]) => sample), PLACES].map(goldenName);
  t.same(readdirSync(at('../fixtures/golden')).sort(), expected.sort());
});
