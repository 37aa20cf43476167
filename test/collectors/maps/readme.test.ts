import { readFileSync } from 'node:fs';
import t from 'tap';
import { BUILTIN_MAPS } from '../../../collectors/maps/builtin.ts';
import { compileMap } from '../../../collectors/maps/compile.ts';
import { describeEvent } from '../../../collectors/maps/testing.ts';
import { formatProblem } from '../../../rules/problem.ts';

const readme = readFileSync(new URL('../../../collectors/maps/README.md', import.meta.url), 'utf8');

t.test('the example of the manual compiles and reads what it says', async (t) => {
  const yaml = /```yaml\n(map: [\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const { map, problems } = compileMap(yaml, 'README.md');
  t.same(problems.map((p) => formatProblem(p, yaml)).join('\n'), '');
  const declaration = {
    declarationId: 'D1',
    updatedAt: '2026-03-02T09:00:00',
    status: 'REL',
    localReference: 'lrn-1',
    customs: { mrn: 'MRN 21GB3TTVL27HKYKCR8' },
    containers: [{ number: 'APZU4812090' }, { number: 'CSQU3054383' }],
    transportMode: '1',
    portOfEntry: 'NLRTM',
    version: '2',
    control: { type: 'scan', agency: 'Douane', open: true, date: '2026-03-01', time: '08:30' },
    duties: [
      { kind: 'A00', amount: '200.10', currency: 'EUR' },
      { kind: 'B00', amount: '0.20', currency: 'EUR' },
      { kind: 'X', amount: '99', currency: 'EUR' },
    ],
    dutiesAt: '2026-03-02',
  };
  const source = { name: 'broker-nl', tenant: 'default', partner: 'broker', fallbackZone: 'UTC' };
  const data = new TextEncoder().encode(JSON.stringify({ declarations: [declaration] }));
  const message = {
    stream: 'S',
    sequence: 1,
    subject: 's',
    observedAt: 1,
    contentType: 'application/json',
    data,
  };
  const result = map?.map(message, source);
  const events = result?.kind === 'events' ? result.events.map((e) => describeEvent(e)) : [];
  t.match(events, [
    { milestone: 'customs.released', at: '2026-03-02T08:00:00Z', subject: 'LRN-1', place: 'NLRTM' },
    { milestone: 'customs.hold.placed', at: '2026-03-01T07:30:00Z', attributes: { 'hold.agency': 'Douane' } },
    {
      milestone: 'duty.assessed',
      at: '2026-03-02',
      attributes: { 'duty.amount': 200.3, 'duty.currency': 'EUR' },
    },
  ]);
  t.match(events[0], {
    refs: ['container:APZU4812090', 'container:CSQU3054383', 'lrn:LRN-1', 'mrn:21GB3TTVL27HKYKCR8'],
    attributes: { mode: 'sea', 'destination.country': 'NL', 'declaration.version': 2 },
  });
});

t.test('every ready map has its row', async (t) => {
  const rows = [...readme.matchAll(/^\| `([\w.-]+)` \|/gm)].map((m) => m[1]);
  for (const name of BUILTIN_MAPS) t.ok(rows.includes(name), name);
});
