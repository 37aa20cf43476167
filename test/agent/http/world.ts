import { createHash } from 'node:crypto';
import type { Reloaded } from '../../../agent/app-reload.ts';
import type { ActionRequest, HttpMain, HttpSettings, ReadinessFacts } from '../../../agent/http/contract.ts';
import { type HttpServer, startHttp } from '../../../agent/http/server.ts';
import type { Redrive } from '../../../agent/log/redrive.ts';
import { recordRuleVersions } from '../../../agent/store/rule-versions.ts';
import { createStoreWriter } from '../../../agent/store/writer.ts';
import type { AlertRecord, JudgeBatch } from '../../../agent/track/outcome.ts';
import { alertIdOf } from '../../../rules/alert.ts';
import { compileRule } from '../../../rules/evaluate.ts';
import type { ShipmentEvent } from '../../../rules/event.ts';
import { parseRules } from '../../../rules/sla.ts';
import { instant } from '../../../rules/time.ts';
import { foldTrace, type Trace, type TraceEntry } from '../../../rules/trace.ts';
import { absorb } from '../../../rules/trace-absorb.ts';
import { batch, DAY, type Database, event, HOUR, record, sleep, T0 } from '../store/seed.ts';

export const RULE_FILE = {
  file: 'rules/eu.yaml',
  text: `calendars:
  nl-customs: { zone: Europe/Amsterdam, open: { Mon-Fri: "08:00-17:00" } }
rules:
  eu-import-release:
    title: Customs release within 8 business hours of arrival
    from: arrived at destination
    to: customs.released
    within: 8bh
    warn: 2bh before
    calendar: nl-customs
    pause_while: customs.hold
    notify: customs-desk
    owner: customs desk
`,
};
/** What the one configured source is read with. */
export const BROKER_MAP = {
  file: 'maps/broker.yaml',
  text: `map: broker
format: json
id: id
revision: { from: version }
refs: { delivery: delivery }
events:
  - { name: released, milestone: customs.released, time: at }
`,
};
export const RULES = parseRules([RULE_FILE], 2026);

/** Shipment `late`: arrived Monday 09:00 UTC, held, breached. `fine`: released in time. `early`: only departed. */
const at = { name: 'Rotterdam', unlocode: 'NLRTM', country: 'NL', zone: 'Europe/Amsterdam' };
const about = (shipment: string, number: number, over: Partial<ShipmentEvent>): ShipmentEvent =>
  event(number, {
    id: `${shipment}-${number}`,
    key: `${shipment}-${number}`,
    refs: [
      { type: 'container', value: shipment === 'fine' ? 'MSCU6639871' : 'MSCU6639870' },
      { type: 'delivery', value: `00800${shipment}` },
      { type: 'mrn', value: '26NL00051012345671' },
    ],
    attributes: {
      mode: 'sea',
      'origin.country': 'CN',
      'destination.country': 'NL',
      customer: 'Acme <Retail> & Söhne',
    },
    ...over,
  });
export const EVENTS: Readonly<Record<string, readonly ShipmentEvent[]>> = {
  late: [
    about('late', 1, {
      milestone: 'departed',
      occurrence: { role: 'origin' },
      occurredAt: instant(T0 - 20 * DAY, 'Asia/Shanghai'),
      observedAt: T0 - 20 * DAY,
    }),
    about('late', 2, {
      milestone: 'arrived',
      occurrence: { role: 'destination' },
      classifier: 'planned',
      occurredAt: instant(T0 - HOUR, 'Europe/Amsterdam'),
      observedAt: T0 - 10 * DAY,
      revision: { order: T0 - 10 * DAY, tag: '' },
    }),
    about('late', 22, {
      milestone: 'arrived',
      occurrence: { role: 'destination' },
      classifier: 'planned',
      occurredAt: instant(T0 - 3 * DAY, 'Europe/Amsterdam'),
      observedAt: T0 - 19 * DAY,
      revision: { order: T0 - 19 * DAY, tag: '' },
    }),
    about('late', 3, {
      milestone: 'arrived',
      occurrence: { role: 'destination' },
      occurredAt: instant(T0, 'Europe/Amsterdam'),
      observedAt: T0 + HOUR,
      location: at,
    }),
    about('late', 4, {
      milestone: 'customs.hold.placed',
      occurredAt: instant(T0 + 2 * HOUR, 'Europe/Amsterdam'),
      observedAt: T0 + 3 * HOUR,
      attributes: { 'hold.agency': 'NVWA', 'hold.reason': 'exam' },
    }),
    about('late', 5, {
      milestone: 'customs.hold.removed',
      occurredAt: instant(T0 + 4 * HOUR, 'Europe/Amsterdam'),
      observedAt: T0 + 5 * HOUR,
      attributes: { 'hold.agency': 'NVWA' },
    }),
  ],
  fine: [
    about('fine', 6, {
      milestone: 'arrived',
      occurrence: { role: 'destination' },
      occurredAt: instant(T0, 'Europe/Amsterdam'),
      observedAt: T0 + HOUR,
    }),
    about('fine', 7, { occurredAt: instant(T0 + 3 * HOUR, 'Europe/Amsterdam'), observedAt: T0 + 4 * HOUR }),
  ],
  early: [
    about('early', 8, {
      milestone: 'customs.rejected',
      occurrence: { subject: 'LRN-77' },
      occurredAt: instant(T0, 'Europe/Amsterdam'),
      observedAt: T0 + HOUR,
    }),
  ],
};
/** The moment at which the world is judged. */
export const NOW = T0 + 4 * DAY;
export const CHANNELS: ReadinessFacts['channels'] = [
  {
    id: 'broker-nl/broker',
    source: 'broker-nl',
    partner: 'broker',
    status: 'hearing',
    watermark: NOW,
    bestEffort: false,
    reportingLagMs: 900_000,
    measuredLag: { ms: 5_400_000, of: 120 },
    feeds: [
      {
        rule: 'broker-speaks',
        says: 'every channel of broker-nl: heard at least every 2h',
        state: 'breached',
        reason: 'feed-slow',
        because: 'too late',
        dueAt: NOW,
        evidence: ['slowest@1'],
      },
    ],
  },
];
const view = {
  provers: () =>
    CHANNELS.map(({ watermark = 0, ...channel }) => ({ ...channel, watermark, assumedUntil: watermark })),
};

function traceOf(id: string): Trace {
  const entries = new Map<string, TraceEntry>();
  for (const one of EVENTS[id]!) absorb(entries, one);
  return foldTrace(id, 'acme', EVENTS[id]![0]!.refs, entries.values(), () => 0);
}

const [rule] = RULES.ruleSet.rules;
const compiled = compileRule(rule!, RULES.ruleSet.calendars.get('nl-customs'));
const states = Object.keys(EVENTS).map((id) => {
  const trace = traceOf(id);
  return { trace, clocks: compiled.evaluate(trace, view, NOW) };
});
export const LATE_CLOCK = states[0]!.clocks[0]!.clockId;
export const LATE_ALERT = alertIdOf(LATE_CLOCK);

const alert = (number: number, kind: 'at-risk' | 'fired'): AlertRecord => ({
  change: {
    alertId: LATE_ALERT,
    number,
    kind,
    reason: kind === 'fired' ? 'deadline-passed-proved' : 'warn-reached',
    at: T0 + (20 + number) * HOUR,
    after: { status: kind === 'fired' ? 'firing' : 'at-risk', confirmed: true, change: number },
  },
  clockId: LATE_CLOCK,
  shipmentId: 'late',
  rule: rule!.name,
  ruleVersion: rule!.version,
  severity: 'critical',
  tenant: 'acme',
  notify: ['customs-desk'],
  aboutChannel: false,
  labels: { partner: 'broker', lane: 'CN-NL' },
  text: {
    headline: 'BREACHED: Customs release within 8 business hours of arrival, delivery 00800late',
    lines: ['Due: Tue 3 Nov 2026, 12:00 GMT+1', 'Who should act: customs desk'],
    link: 'http://127.0.0.1:8080/shipments/late',
  },
});

/** Fills a database with the world. */
export async function seedWorld(db: Database): Promise<void> {
  await recordRuleVersions(db.client, db.database, RULES.ruleSet.rules, T0 - DAY);
  const writer = createStoreWriter({
    ...db,
    epoch: 1,
    judgeFrom: {},
    limits: { commitDelayMs: 1 },
    onFault: () => undefined,
    now: () => T0,
    sleep,
  });
  await new Promise<void>((resolve) => writer.onFloor(() => resolve()));
  const events = Object.values(EVENTS).flat();
  const links = Object.entries(EVENTS).flatMap(([shipmentId, own]) =>
    own.map(({ id, observedAt }) => ({ eventId: id, shipmentId, linked: true, at: observedAt })),
  );
  const interval = { source: 'broker-nl', partner: 'broker', bestEffort: false };
  const one: JudgeBatch = batch(9, 9, {
    records: [record(3, { data: Buffer.from('<raw/>') })],
    events,
    links,
    shipments: states,
    alerts: [alert(1, 'at-risk'), alert(2, 'fired')],
    channels: [
      {
        ...interval,
        channelId: 'broker-nl/broker',
        status: 'hearing',
        from: T0 - 30 * DAY,
        watermark: T0,
        reason: 'heard-again',
      },
      {
        ...interval,
        channelId: 'carrier/Ocean',
        source: 'carrier',
        partner: 'Ocean',
        status: 'blind',
        from: T0,
        watermark: T0,
        reason: 'expected-not-heard',
      },
    ],
    deadLetters: [
      {
        id: 'dead1',
        source: 'broker-nl',
        partner: 'broker',
        stream: 'RAW',
        sequence: 9,
        observedAt: T0,
        code: 'bad-time',
        reason: '"tomorrow" is no time',
        path: '/when',
        sourceId: 'x',
        contentType: 'text/html',
        subject: 'laytime.log.message.x',
        headers: [],
        data: Buffer.concat([Buffer.from('<script>alert(1)</script>'), Buffer.alloc(3_000, 'x')]),
      },
    ],
  });
  writer.offer(one);
  await writer.flush();
  await writer.stop(5_000);
}

/** The main thread as the server sees it: what it was asked to append is kept. */
export class FakeMain implements HttpMain {
  readonly appended: ActionRequest[] = [];
  readonly redriven: Redrive[] = [];
  facts: ReadinessFacts = {
    role: 'both',
    judging: true,
    fenced: false,
    waitsForStore: false,
    positions: { RAW: 9 },
    storeFloor: { RAW: 9 },
    storeLevel: true,
    channels: CHANNELS,
  };
  stuck = false;
  reloads = 0;
  reloaded: Reloaded = { outcome: 'reloaded', changed: ['eu-import-release'], problems: [] };

  async metrics(): Promise<string> {
    if (this.stuck) await new Promise(() => undefined);
    return '# HELP laytime_up up\nlaytime_up 1\n';
  }
  async readiness(): Promise<ReadinessFacts> {
    return this.facts;
  }
  async append(action: ActionRequest): Promise<{ id: string }> {
    if (action.comment === 'refuse me') throw new Error('the log is away');
    this.appended.push(action);
    return { id: `op${this.appended.length}` };
  }
  async restate(): Promise<{ id: string }> {
    return { id: 'restate1' };
  }
  async reloadRules(): Promise<Reloaded> {
    this.reloads += 1;
    return this.reloaded;
  }
  async redrive(redrive: Redrive): Promise<{ id: string }> {
    this.redriven.push(redrive);
    return { id: `redrive${this.redriven.length}` };
  }
}

export const token = (name: string, role: 'viewer' | 'operator' | 'admin', text: string) => ({
  name,
  role,
  sha256: createHash('sha256').update(text).digest('hex'),
});

/** A server on a free port of loopback, ended with the test. */
export async function serve(
  t: { teardown(f: () => Promise<void>): void },
  where: { readonly url: string; readonly database: string },
  over: Partial<HttpSettings> = {},
  main = new FakeMain(),
): Promise<HttpServer & { readonly main: FakeMain }> {
  const server = await startHttp({
    listen: { host: '127.0.0.1', port: 0 },
    clickhouse: { url: where.url, user: 'default', password: '', database: where.database },
    tokens: [],
    publicUrl: 'http://127.0.0.1:8080',
    version: '1.2.3',
    timezone: 'Europe/Berlin',
    sources: [
      { name: 'broker-nl', partner: 'broker', tenant: 'acme', proves: ['customs.released'], map: BROKER_MAP },
    ],
    rules: [RULE_FILE],
    year: 2026,
    main,
    ...over,
  });
  t.teardown(() => server.stop());
  return { ...server, main };
}
