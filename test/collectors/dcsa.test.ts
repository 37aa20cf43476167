import { readFile } from 'node:fs/promises';
import t from 'tap';
import { dcsaCollector, eventKey, eventsUrl } from '../../collectors/dcsa/dcsa.ts';
import { HostGates } from '../../collectors/http-client-gate.ts';
import { CollectorWorld, START_MS } from '../support/collector-world.ts';
import { json, withHttpServer } from '../support/http-server.ts';
import { dcsaSettings } from '../support/source-settings.ts';

const event = (id: string, other: object = {}) => ({
  eventID: id,
  eventUpdatedDateTime: '2026-03-01T10:00:00Z',
  eventRouting: { originatingParty: { partyCode: 'EXCO', codeListProvider: 'SMDG', codeListName: 'LCL' } },
  ...other,
});

t.test('the URL of the API or of its events, always with a time', async (t) => {
  const query = { carrierBookingReference: 'ABC 1' };
  for (const url of ['https://api.example/v3', 'https://api.example/v3/', 'https://api.example/v3/events']) {
    t.equal(
      eventsUrl({ url, query, pageSize: 50 }, START_MS).href,
      'https://api.example/v3/events?carrierBookingReference=ABC%201&eventUpdatedDateTimeMin=2026-03-02T08%3A00%3A00Z&limit=50',
    );
  }
});

t.test('an event is told by who originated it and its id', async (t) => {
  t.equal(eventKey(event('e1')), 'EXCO/SMDG/LCL e1');
  const parties = [
    { partyCode: 'B', codeListProvider: 'SMDG' },
    { partyCode: 'A', codeListProvider: 'SMDG' },
  ];
  t.equal(
    eventKey({ eventID: 'e', eventRouting: { originatingParties: parties } }),
    'A/SMDG/+B/SMDG/ e',
    'in any order',
  );
  t.equal(eventKey({ eventID: 'e' }), 'e');
  t.equal(
    eventKey({ metadata: { eventID: 'new', retractedEventID: 'old' } }),
    'old',
    'a retraction of the 2023 beta',
  );
  t.equal(eventKey({}), undefined);
});

t.test('cursors go with all of the parameters; the last page may be empty; feedback is told', async (t) => {
  const server = await withHttpServer(t, (_, response, url) => {
    const cursor = url.searchParams.get('cursor');
    if (cursor === null) {
      json(response, { events: [event('e1'), event('e2')] }, { 'next-page-cursor': 'c+1' });
    } else if (cursor === 'c+1') {
      const feedbackElements = [
        { severity: 'INFO', message: 'hello' },
        { severity: 'WARN', message: 'one is missing' },
      ];
      json(response, { events: [event('e3')], feedbackElements }, { 'next-page-cursor': 'c2' });
    } else json(response, { events: [] });
  });
  const world = new CollectorWorld();
  const settings = dcsaSettings(server.url, { query: { equipmentReference: 'APZU4812090' }, pageSize: 2 });
  const run = world.start(dcsaCollector(settings, new HostGates()));
  await world.until('a poll', () => world.proofs.length > 0);
  await run.stop();
  t.same(
    world.messages.map(({ sourceId }) => sourceId),
    ['EXCO/SMDG/LCL e1', 'EXCO/SMDG/LCL e2', 'EXCO/SMDG/LCL e3'],
  );
  t.equal(world.messages[0]?.revision?.order, Date.UTC(2026, 2, 1, 10));
  t.equal(server.requests.length, 3);
  for (const { path } of server.requests) {
    t.match(path, /equipmentReference=APZU4812090&eventUpdatedDateTimeMin=[^&]+&limit=2/);
  }
  t.match(
    world.events.filter(({ kind }) => kind === 'refused'),
    [{ reason: 'feedback of the server: WARN one is missing' }],
  );
});

t.test('a cursor that is good for one use only: an answer that is lost means beginning again', async (t) => {
  const spent = new Set<string>();
  const server = await withHttpServer(t, (request, response, url) => {
    const cursor = url.searchParams.get('cursor');
    if (cursor === null) {
      json(response, { events: [event('e1')] }, { 'next-page-cursor': `c${spent.size}` });
    } else if (spent.has(cursor)) {
      response.writeHead(400, { 'content-type': 'application/json' }).end('{}');
    } else {
      spent.add(cursor);
      if (spent.size === 1) request.socket.destroy();
      else json(response, { events: [event('e2')] });
    }
  });
  const world = new CollectorWorld();
  const run = world.start(dcsaCollector(dcsaSettings(server.url), new HostGates()));
  await world.until('a poll', () => world.proofs.length > 0);
  await run.stop();
  t.same(
    world.messages.map(({ sourceId }) => sourceId?.slice(-2)),
    ['e1', 'e2'],
    'each once',
  );
  t.same(world.faults, ['connection-lost'], 'the first answer was lost; the rest is the walk itself');
});

t.test('a server that refuses every cursor it gives is named', async (t) => {
  const server = await withHttpServer(t, (_, response, url) => {
    if (url.searchParams.has('cursor')) response.writeHead(410).end();
    else json(response, { events: [event('e1')] }, { 'next-page-cursor': 'c' });
  });
  const world = new CollectorWorld();
  const run = world.start(dcsaCollector(dcsaSettings(server.url), new HostGates()));
  await world.until('a fault', () => world.faults.length > 0);
  await run.stop();
  t.same([...new Set(world.faults)], ['cursor-spent']);
  t.equal(server.requests.length, 6, 'three walks');
  t.equal(world.proofs.length, 0);
});

t.test('an update and a retraction are revisions of the same event', async (t) => {
  let events = [event('e1')];
  const server = await withHttpServer(t, (_, response) => json(response, { events }));
  const world = new CollectorWorld();
  const run = world.start(dcsaCollector(dcsaSettings(server.url), new HostGates()));
  await world.until('a poll', () => world.proofs.length > 0);
  events = [event('e1', { eventUpdatedDateTime: '2026-03-01T11:00:00Z', isRetracted: true })];
  await world.until('the retraction', () => world.messages.length > 1);
  await run.stop();
  t.same(
    world.messages.map(({ sourceId, revision }) => [sourceId, new Date(revision!.order).getUTCHours()]),
    [
      ['EXCO/SMDG/LCL e1', 10],
      ['EXCO/SMDG/LCL e1', 11],
    ],
  );
});

t.test('the published samples, a page and the next', async (t) => {
  const sample = (name: string) =>
    readFile(new URL(`../fixtures/samples/dcsa-tnt-3.0/${name}.json`, import.meta.url), 'utf8');
  const [first, second] = [await sample('tnt-300-response'), await sample('tnt-300-response-nextpage')];
  const server = await withHttpServer(t, (_, response, url) => {
    if (url.searchParams.has('cursor')) json(response, second);
    else json(response, first, { 'next-page-cursor': 'next' });
  });
  const world = new CollectorWorld();
  const run = world.start(dcsaCollector(dcsaSettings(server.url), new HostGates()));
  await world.until('a poll', () => world.proofs.length > 0);
  await run.stop();
  t.equal(world.messages.length, 10);
  t.ok(
    world.messages.every(({ sourceId, revision }) => sourceId?.startsWith('EXCO/SMDG/LCL evt-') && revision),
  );
});
