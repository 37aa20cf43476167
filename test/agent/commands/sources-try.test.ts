import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import t from 'tap';
import { runCli } from '../../../agent/commands/cli.ts';
import { COMMANDS } from '../../../agent/commands/commands.ts';
import { withNats, withTempDir } from '../../support/engines.ts';
import { json, withHttpServer } from '../../support/http-server.ts';

const samples = join(import.meta.dirname, '../../fixtures/samples');
const NOW = Date.UTC(2026, 2, 1);

async function laytime(cwd: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await runCli(['sources', 'try', ...args], COMMANDS, {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    env: () => undefined,
    clock: { now: () => NOW } as never,
    cwd,
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

const EVENT = {
  eventID: 'e1',
  eventCreatedDateTime: '2026-03-01T10:00:00Z',
  eventType: 'TRANSPORT',
  eventClassifierCode: 'ACT',
  eventDateTime: '2026-03-01T10:58:00',
  transportEventTypeCode: 'ARRI',
  transportCall: { UNLocationCode: 'USXYZ' },
  references: [{ referenceType: 'EQ', referenceValue: 'APZU4812091' }],
};

t.test('a ready map and a file', async (t) => {
  const file = join(samples, 'dcsa-tnt-2.2/tnt-220-response.json');
  const { code, out } = await laytime(samples, 'builtin:dcsa-tnt-2.2', file);
  t.equal(code, 0);
  t.match(out, /read {5}7 messages/);
  t.match(out, /mapped {3}2 events/);
  t.match(out, /arrived +actual +2021-01-09T13:12:56Z \(\+01:00\) {2}FRPAR/);
  t.match(out, /left out {5}the map leaves out the code SHI DRFT/);
  t.match(out, /container:APZU4812090 +check digit fits/);
});

t.test('what is not mapped, guessed or wrong is said', async (t) => {
  const dir = await withTempDir(t);
  const unknown = { ...EVENT, eventID: 'e2', transportEventTypeCode: 'OMIT' };
  const bad = { ...EVENT, eventID: 'e3', eventDateTime: 'soon' };
  await writeFile(join(dir, 'events.json'), JSON.stringify([EVENT, unknown, bad]));
  const { code, out } = await laytime(dir, 'dcsa-tnt-2.2', 'events.json');
  t.equal(code, 1, 'something would become a dead letter');
  t.match(out, /unknown-code +\/transportEventTypeCode "OMIT"/);
  t.match(out, /dead letter +bad-time at \/eventDateTime: transport: "soon" is not a time/);
  t.match(out, /unknown-place .*"USXYZ": not in our list of places/);
  t.match(out, /container:APZU4812091 +check-digit-wrong/);
  t.match(out, /1 time in an ASSUMED zone: set `zone:`/);
  t.match(out, /What could not be read\n {2}1× bad-time at \/eventDateTime/);
  t.match(out, /Codes .*\n {2}1× \/transportEventTypeCode "OMIT": .* \(first in events\.json:2\)/);
  t.match(out, /Places .*\n {2}2× \/location "USXYZ": not in our list of places \(first in /);
  t.match(out, /1 different container: 0 fit, 1 do not\n {4}APZU4812091: check-digit-wrong/);

  const zoned = await laytime(
    dir,
    '--json',
    '--zone',
    'America/Chicago',
    '--partner',
    'maeu',
    'dcsa-tnt-2.2',
    'events.json',
  );
  const report = JSON.parse(zoned.out);
  t.match(report, { map: 'dcsa-tnt-2.2', partner: 'maeu', messages: 3, events: 1, zonesAssumed: 0 });
  t.match(report.results[0].events[0], { at: '2026-03-01T16:58:00Z', zone_from: 'partner' });
  t.match(report.results[2], { kind: 'dead-letter', code: 'bad-time' });
});

const MAP = `map: broker
format: json
revision: snapshot
records: declarations
id: id
privacy: { drop: [person] }
refs: { delivery: delivery }
attributes: { mode: { from: mode, codes: modes } }
codes: { modes: { "1": sea } }
events:
  - { name: arrived, milestone: arrived, when: { party.role: CN }, time: at, occurrence: { role: { from: stop } } }
  - { name: released, milestone: customs.released, when: { status: REL }, time: at }
`;
const declaration = (id: number, more: object = {}) => ({
  declarations: [
    {
      id,
      delivery: `8000000${id}`,
      mode: '1',
      party: { role: 'CN', street: 'Kai 1' },
      at: '2026-02-01T10:00:00Z',
      ...more,
    },
  ],
});

t.test(
  'a folder is covered: sums, fields never read, what can be proved, which rules that serves',
  async (t) => {
    const dir = await withTempDir(t);
    await writeFile(join(dir, 'broker.yaml'), MAP);
    await mkdir(join(dir, 'in'));
    for (let i = 1; i <= 9; i++)
      await writeFile(
        join(dir, 'in', `${i}.json`),
        JSON.stringify(declaration(i, { extra: { code: `X${i}` }, person: 'Jo' })),
      );
    await writeFile(
      join(dir, 'in', 'a.json'),
      JSON.stringify(declaration(10, { mode: '7', stop: 'destination' })),
    );
    await writeFile(join(dir, 'in', 'b.json'), JSON.stringify(declaration(11, { mode: '7', at: 'soon' })));
    await writeFile(join(dir, 'in', 'c.json'), '{"declarations":');
    await writeFile(join(dir, 'in', '.part.json'), '{');
    const { code, out } = await laytime(dir, './broker.yaml', 'in');
    t.equal(code, 1);
    t.match(out, /12 messages: 10 understood, 0 left out, 2 dead letters/);
    t.match(out, /1× bad-time at \/declarations\/\*\/at: .*\(first in b\.json:1\)/);
    t.match(out, /1× withheld: not-parseable.*\(first in c\.json:1\)/);
    t.match(out, /1× \/declarations\/\*\/mode "7"/);
    t.match(
      out,
      /Fields that the map never reads\n {2}11× \/declarations\/\*\/party\/street {2}"Kai 1"\n {2}9× \/declarations\/\*\/extra\/code {2}"X1"\n\n/,
    );
    t.match(out, /arrived: can be proved, 10 actual; 9 of 10 name no stop/);
    t.match(out, /customs\.released: can be proved, not in these messages/);
    t.match(out, /Rules that it makes provable[\s\S]*uk-import-release: /);
    t.notMatch(out, 'Jo"', 'a private field is not shown');
    t.notMatch(out, /references\n/, 'many messages: only the sums');
    const { coverage, results } = JSON.parse(
      (await laytime(dir, '--json', '--details', './broker.yaml', 'in')).out,
    );
    t.equal(results.length, 12);
    t.match(coverage, { messages: 12, zones: { text: 10 }, ids: [{ type: 'delivery', different: 10 }] });
    t.match(
      coverage.rules.find(({ rule }: { rule: string }) => rule === 'uk-import-release'),
      { needs: [] },
    );

    await writeFile(
      join(dir, 'rules.yaml'),
      'rules:\n  mine: { title: Mine, from: departed, to: arrived, within: 5d, notify: desk }\n',
    );
    await writeFile(
      join(dir, 'laytime.yaml'),
      'nats: embedded\nclickhouse: embedded\nsources:\n  broker: { files: in, map: broker.yaml }\nrules: [rules.yaml]\nnotify:\n  desk: { log: true }\n',
    );
    const configured = JSON.parse((await laytime(dir, '--json', '--max', '3', 'broker', 'in')).out);
    t.equal(configured.messages, 3);
    t.same(configured.coverage.rules, [{ rule: 'mine', title: 'Mine', needs: ['departed'] }]);
  },
);

t.test('what a rule needs besides, what was taken back and left out', async (t) => {
  const dcsa = await laytime(samples, 'dcsa-tnt-2.2', 'dcsa-tnt-2.2/tnt-220-response.json');
  t.match(dcsa.out, /Left out on purpose\n {2}2× the map leaves out the code LOAD EMPTY \(first in /);
  t.match(dcsa.out, /transit-ends-in-time: .*; it also needs transit\.limit, a stop: arrived at destination/);
  t.match(dcsa.out, /container-collected: .*; it also needs mode\n/, 'its condition asks for the mode');
  t.match(dcsa.out, /transshipment-stay: [^;]*\n/);
  const sap = await laytime(samples, 'sap-outbound-delivery', 'sap-odata/A_OutbDeliveryHeader_queryAll.json');
  t.match(sap.out, /goods\.issued: can be proved, 3 planned, 2 actual, 1 that it does not hold\n/);
  t.match(sap.out, /Time zones\n(?:.*\n)* {4}3× \/response\/.*\/CreationDate: no zone is said /);
  t.match(
    sap.out,
    /Rules whose clock it can start\n(?:.*\n)* {2}pod-received: .*; it also needs pod\.received/,
  );
});

t.test('a map file with a mistake', async (t) => {
  const dir = await withTempDir(t);
  await writeFile(join(dir, 'my.yaml'), 'map: mine\nformat: json\nid: id\nevents:\n  - nmae: x\n');
  await writeFile(join(dir, 'x.json'), '{}');
  const { code, err } = await laytime(dir, 'my.yaml', 'x.json');
  t.equal(code, 1);
  t.match(err, /my\.yaml:5:5: error: an event has no key "nmae"/);
  t.match((await laytime(dir, 'builtin:dcsa', 'x.json')).err, /there is no ready map builtin:dcsa/);
  t.match((await laytime(dir, 'dcsa-tnt-2.2', 'no.json')).err, /there is no file no\.json/);
  t.match((await laytime(dir, 'nothing', 'x.json')).err, /no map, and there is no laytime\.yaml/);
  t.equal((await laytime(dir, 'dcsa-tnt-2.2')).code, 2);
});

t.test('a URL is polled once', async (t) => {
  const server = await withHttpServer(t, (_request, response) => json(response, [EVENT]));
  const dir = await withTempDir(t);
  const { code, out } = await laytime(dir, '--json', 'dcsa-tnt-2.2', `${server.url}/v2/events`);
  t.equal(code, 0);
  t.match(JSON.parse(out), { messages: 1, events: 1 });
  t.equal(server.requests.length, 1);
});

t.test('a source of the configuration and a subject, read from its stream and left as it is', async (t) => {
  const nats = await withNats(t);
  const dir = await withTempDir(t);
  await writeFile(
    join(dir, 'laytime.yaml'),
    `timezone: Europe/Berlin
nats: { url: "${nats.url}" }
clickhouse: embedded
sources:
  carrier:
    nats: { stream: CARRIER, subjects: [carrier.>] }
    map: builtin:dcsa-tnt-2.2
    zone: America/New_York
`,
  );
  const connection = await connect({ servers: nats.url });
  t.teardown(() => connection.close());
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'CARRIER', subjects: ['carrier.>'] });
  const js = jetstream(connection);
  for (let i = 0; i < 30; i++) await js.publish('carrier.x', JSON.stringify({ ...EVENT, eventID: `e${i}` }));
  await js.publish('carrier.y', '{}');

  const { code, out, err } = await laytime(dir, '--json', '--max', '5', 'carrier', 'carrier.x');
  t.equal(code, 0, err);
  const report = JSON.parse(out);
  t.match(report, { source: 'carrier', partner: 'carrier', messages: 5, events: 5 });
  t.equal(report.results[0].events[0].zone, 'America/New_York');
  const info = await manager.streams.info('CARRIER');
  t.equal(info.state.consumer_count, 0, 'no consumer is left behind');
  t.equal(info.state.messages, 31);
});

t.test('an interchange is known by how it begins, and its messages are told apart', async (t) => {
  const { code, out } = await laytime(samples, 'x12-315', 'x12/315-test_2.edi');
  t.equal(code, 0);
  t.match(out, /315-test_2\.edi:1 \(application\/edi-x12, 547 bytes\)/);
  t.match(out, /arrived +actual +2022-11-14T13:50:00Z .*transshipment MAPTM/);
  t.match(out, /envelope +\/segment\/15 "33366742"/);
  const wrong = await laytime(samples, 'x12-315', 'edifact/d00b_iftsta.edi');
  t.equal(wrong.code, 1);
  t.match(
    wrong.out,
    /dead letter +not-parseable: it does not begin with ISA; it looks like edifact, the map reads x12/,
  );
});
