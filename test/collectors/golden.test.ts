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
  ['x12/315-test_2.edi', 'x12-315'],
  ['x12/315-test_3.edi', 'x12-315'],
  ['x12/315-test_315.edi', 'x12-315'],
];

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
  t.same(readdirSync(at('../fixtures/golden')).sort(), SAMPLES.map(([sample]) => goldenName(sample)).sort());
});
