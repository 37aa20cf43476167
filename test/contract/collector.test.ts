import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import t from 'tap';
import { freePort } from '../../agent/engines/ports.ts';
import { collectorTools, createCollector } from '../../collectors/catalog.ts';
import type { Collector } from '../../collectors/collector.ts';
import type { SourceConfig } from '../../collectors/settings.ts';
import { CollectorWorld, START_MS } from '../support/collector-world.ts';
import { eventually, withNats } from '../support/engines.ts';
import { json, withHttpServer } from '../support/http-server.ts';
import { withSftpServer } from '../support/sftp-server.ts';
import { signedDelivery } from '../support/signed-delivery.ts';
import {
  dcsaSettings,
  filesSettings,
  httpSettings,
  natsSettings,
  odataSettings,
  oracleSettings,
  sftpSettings,
  webhookSettings,
} from '../support/source-settings.ts';

interface Teardown {
  teardown(handler: () => void | Promise<void>): void;
}

/** A real source of one kind, and a collector for it. */
interface Subject {
  /** A collector as a new process would make it. */
  create(): Promise<Collector>;
  /** Lets the source have records with these ids. A subscribed source hears them only while it runs. */
  add(ids: readonly string[]): Promise<void>;
  /** What the source needs to do so that a proof of life can be given. */
  live(): Promise<void>;
  /** From now on requests are left unanswered, where the source answers requests. */
  stall?(): void;
  /** False for a subject that nobody keeps while we are away. */
  readonly keeps: boolean;
}

type Make = (t: Teardown) => Promise<Subject>;

const noNats = () => Promise.reject(new Error('no NATS here'));

/** A source that is polled over HTTP: what its server answers from the records there are, and the settings of its collector. */
const polled =
  (
    answer: (ids: readonly string[], url: URL) => { readonly body: unknown; readonly headers?: Headers },
    settings: (url: string) => SourceConfig,
  ): Make =>
  async (t) => {
    const ids: string[] = [];
    let stalled = false;
    const server = await withHttpServer(t, (_, response, url) => {
      if (stalled) return;
      const { body, headers } = answer(ids, url);
      json(response, body, headers);
    });
    return {
      create: () => createCollector(settings(server.url), collectorTools(noNats)),
      add: async (more) => void ids.push(...more),
      live: async () => undefined,
      stall: () => {
        stalled = true;
      },
      keeps: true,
    };
  };

type Headers = Readonly<Record<string, string>>;

/** Two records a page, from the place that `parameter` names. */
const pageAt = (ids: readonly string[], url: URL, parameter: string) => {
  const from = Number(url.searchParams.get(parameter) ?? 0);
  return { page: ids.slice(from, from + 2), next: from + 2, more: from + 2 < ids.length };
};

const http = polled(
  (ids, url) => {
    const { page, next, more } = pageAt(ids, url, 'cursor');
    return {
      body: { items: page.map((id) => ({ id })) },
      ...(more && { headers: { 'next-page': `${next}` } }),
    };
  },
  (url) => httpSettings(`${url}/events`),
);

const odata = polled(
  (ids, url) => {
    const { page, next, more } = pageAt(ids, url, '$skiptoken');
    const results = page.map((id) => ({ DeliveryDocument: id, LastChangeDate: null }));
    return { body: { d: { results, ...(more && { __next: `${url.pathname}?$skiptoken=${next}` }) } } };
  },
  (url) => odataSettings(`${url}/sap/opu/odata/sap/API`),
);

const oracle = polled(
  (ids, url) => {
    const { page, more } = pageAt(ids, url, 'offset');
    const items = page.map((id) => ({ id, ShipmentId: id, LastUpdateDate: `2026-03-02T07:00:0${id}Z` }));
    return { body: { items, hasMore: more } };
  },
  (url) => oracleSettings(`${url}/fscmRestApi`, { pageSize: 2 }),
);

const dcsa = polled(
  (ids, url) => {
    const { page, next } = pageAt(ids, url, 'cursor');
    const events = page.map((id) => ({ id, eventID: id }));
    // The last page may be empty.
    return { body: { events }, ...(next <= ids.length && { headers: { 'next-page-cursor': `${next}` } }) };
  },
  (url) => dcsaSettings(`${url}/v3`),
);

const files: Make = async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'laytime-drop-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  let n = 0;
  return {
    create: () => createCollector(filesSettings(directory), collectorTools(noNats)),
    add: async (ids) => {
      n += 1;
      const path = join(directory, `batch-${n}.ndjson`);
      await writeFile(`${path}.tmp`, ids.map((id) => `${JSON.stringify({ id })}\n`).join(''));
      await rename(`${path}.tmp`, path);
    },
    live: async () => undefined,
    keeps: true,
  };
};

const sftp: Make = async (t) => {
  const server = await withSftpServer(t);
  let n = 0;
  return {
    create: () => createCollector(sftpSettings(server.port, server.hostKey), collectorTools(noNats)),
    add: async (ids) => {
      n += 1;
      await server.put(`batch-${n}.ndjson`, ids.map((id) => `${JSON.stringify({ id })}\n`).join(''));
    },
    live: async () => undefined,
    stall: () => {
      server.behaviour.silent = true;
    },
    keeps: true,
  };
};

const nats: Make = async (t) => {
  const server = await withNats(t);
  const connection = await connect({ servers: server.url });
  t.teardown(() => connection.close());
  const settings = natsSettings({
    capture: 'best-effort',
    heartbeatSubject: 'alive.broker',
    connection: { servers: [server.url] },
  });
  return {
    create: () => createCollector(settings, collectorTools(noNats)),
    add: async (ids) => {
      for (const id of ids) connection.publish('broker.nl.status', JSON.stringify({ id }));
      await connection.flush();
    },
    live: async () => {
      connection.publish('alive.broker');
      await connection.flush();
    },
    keeps: false,
  };
};

/** A partner keeps what it could not deliver, and tries again and again, in order. */
const webhook: Make = async (t) => {
  const port = await freePort();
  // Virtual time runs far while a delivery waits for the log.
  const settings = webhookSettings(port, { id: '/id', replayWindowMs: 365 * 86_400_000 });
  const open: string[] = [];
  let alive = false;
  let gone = false;
  const post = async (body: string, id: string): Promise<boolean> => {
    const { url, init } = signedDelivery(settings, body, { id, at: START_MS });
    const response = await fetch(url, init).catch(() => undefined);
    return response?.ok === true;
  };
  const trying = (async () => {
    while (!gone) {
      const [id] = open;
      if (id !== undefined && (await post(JSON.stringify({ id }), `delivery-${id}`))) open.shift();
      else if (id === undefined && alive && (await post('', 'alive'))) alive = false;
      else await new Promise((wake) => setTimeout(wake, 5));
    }
  })();
  t.teardown(() => {
    gone = true;
    return trying;
  });
  return {
    create: () => createCollector(settings, collectorTools(noNats)),
    add: async (ids) => {
      open.push(...ids);
    },
    live: async () => {
      alive = true;
    },
    keeps: true,
  };
};

const idsOf = (world: CollectorWorld): string[] =>
  world.texts().map((text) => {
    const value = JSON.parse(text) as { id?: string; DeliveryDocument?: string };
    return value.id ?? value.DeliveryDocument ?? '';
  });

const unique = (ids: readonly string[]): string[] => [...new Set(ids)].sort();

/** Signs of life until one arrives. */
const heard = (subject: Subject, world: CollectorWorld, before: number): Promise<boolean> =>
  eventually('a sign of life is heard', async () => {
    await subject.live();
    return world.proofs.length > before;
  });

/** Whose place is kept by the log, or by the partner. */
const WITHOUT_CURSOR = new Set(['nats', 'webhook']);

const IDS = ['1', '2', '3', '4', '5'];

for (const [kind, make] of Object.entries({ http, odata, oracle, dcsa, files, sftp, nats, webhook })) {
  /** Starts it and lets the source say `ids`: first what is kept, or once it listens. */
  const begin = async (subject: Subject, world: CollectorWorld, ids: readonly string[]) => {
    if (subject.keeps) await subject.add(ids);
    const run = world.start(await subject.create());
    if (!subject.keeps) {
      await world.until('it listens', () => world.events.some((event) => event.kind === 'refused'));
      // Heartbeats are heard once the subscription is there, and so are messages.
      await heard(subject, world, 0);
      world.journal.length = 0;
      await subject.add(ids);
    }
    await subject.live();
    return run;
  };

  t.test(`${kind}: delivers everything, proves it afterwards, then moves its cursor`, async (t) => {
    const world = new CollectorWorld();
    const run = await begin(await make(t), world, IDS);
    await world.until('all and a proof', () => world.messages.length >= 5 && world.proofs.length > 0);
    await world.until('a cursor', () => WITHOUT_CURSOR.has(kind) || world.cursors.size > 0);
    await run.stop();
    t.same(idsOf(world), IDS, 'in order, once each');
    const kinds = world.journal.map((entry) => entry.kind);
    const finalCursor = kinds.lastIndexOf('cursor');
    t.ok(kinds.indexOf('proved') > kinds.lastIndexOf('delivered'), 'proved after what it vouches for');
    t.ok(WITHOUT_CURSOR.has(kind) || finalCursor > kinds.indexOf('proved'), 'the cursor moved last');
    t.ok(
      world.messages.every(({ source }) => source === world.messages[0]?.source),
      'named by its source',
    );
    t.ok(
      world.proofs.every(({ provedUntil }) => provedUntil <= world.nowMs),
      'nothing is proved of the future',
    );
  });

  t.test(`${kind}: while the log has not taken the messages, the cursor stands still`, async (t) => {
    const world = new CollectorWorld();
    const held = Promise.withResolvers<void>();
    world.hold = held.promise;
    const run = await begin(await make(t), world, IDS);
    await world.until('a delivery waits', () => world.waitingDeliveries > 0);
    t.same(
      world.journal.filter((entry) => entry.kind !== 'delivered'),
      [],
      'no cursor, no proof',
    );
    world.hold = undefined;
    held.resolve();
    await world.until('all', () => unique(idsOf(world)).length === 5 && world.proofs.length > 0);
    await run.stop();
  });

  t.test(`${kind}: a log that is away loses nothing`, async (t) => {
    const world = new CollectorWorld();
    const subject = await make(t);
    world.failDeliveries = 7;
    world.failProofs = subject.keeps ? 2 : 0;
    const run = await begin(subject, world, IDS);
    await world.until('all', () => unique(idsOf(world)).length === 5 && world.proofs.length > 0);
    await run.stop();
    t.same(unique(idsOf(world)), IDS);
    t.ok(world.faults.includes('log-unavailable'), 'and it is said what was wrong');
    const kinds = world.journal.map((entry) => entry.kind);
    t.ok(kinds.indexOf('proved') > kinds.lastIndexOf('delivered'), 'proved after what it vouches for');
  });

  t.test(`${kind}: a restart goes on where it was`, async (t) => {
    const world = new CollectorWorld();
    const subject = await make(t);
    const run = await begin(subject, world, ['1', '2', '3']);
    await world.until('the first', () => world.messages.length >= 3 && world.proofs.length > 0);
    await world.until('a cursor', () => WITHOUT_CURSOR.has(kind) || world.cursors.size > 0);
    await run.stop();
    const proofs = world.proofs.length;
    if (subject.keeps) await subject.add(['4', '5']);
    const again = world.start(await subject.create());
    if (!subject.keeps) {
      await heard(subject, world, proofs);
      await subject.add(['4', '5']);
    }
    await world.until('the rest', () => unique(idsOf(world)).length === 5);
    await again.stop();
    t.same(unique(idsOf(world)), IDS);
  });

  t.test(`${kind}: killed while the log was away, nothing is lost`, async (t) => {
    const world = new CollectorWorld();
    const subject = await make(t);
    if (!subject.keeps) {
      t.pass('nobody keeps a plain subject; it is labelled best effort');
      return;
    }
    world.failDeliveries = 1_000_000;
    const run = await begin(subject, world, IDS);
    await world.until('it failed', () => world.faults.includes('log-unavailable'));
    await run.stop();
    world.failDeliveries = 0;
    const again = world.start(await subject.create());
    await world.until('all', () => unique(idsOf(world)).length === 5);
    await again.stop();
    t.same(unique(idsOf(world)), IDS);
  });

  t.test(`${kind}: ends when told to, asleep or in the middle of a request`, async (t) => {
    const world = new CollectorWorld();
    const subject = await make(t);
    const asleep = await begin(subject, world, IDS);
    await world.until('a proof', () => world.proofs.length > 0);
    await asleep.stop();
    if (subject.stall !== undefined) {
      subject.stall();
      const busy = world.start(await subject.create());
      await new Promise((wake) => setTimeout(wake, 30));
      await busy.stop();
      t.equal(world.faults.length, 0, 'and being told to stop is no fault');
    }
    t.pass('ended');
  });
}
