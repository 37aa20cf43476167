import t from 'tap';
import { demoCalendars } from '../../../agent/demo/demo.ts';
import { DAY, HOUR } from '../../../agent/demo/shipment.ts';
import { makeWorld, type World } from '../../../agent/demo/world.ts';
import { checkRef, parseRef } from '../../../rules/refs.ts';

const END = Date.UTC(2026, 10, 23, 12);
const calendars = demoCalendars(2026);
const world = (seed: number, shipments = 300): World => makeWorld({ seed, shipments, endAt: END, calendars });

t.test('the same seed gives the same world, another seed another one', async (t) => {
  t.equal(JSON.stringify(world(7)), JSON.stringify(world(7)));
  t.not(JSON.stringify(world(7, 50).messages), JSON.stringify(world(8, 50).messages));
  t.equal(world(7, 40).shipments.length, 40);
});

t.test('there is something of everything', async (t) => {
  const { shipments, messages } = world(1);
  const lanes = new Set(shipments.map(({ journey }) => journey.lane.name));
  t.equal(lanes.size, 4);
  t.ok(
    shipments.some(({ hold }) => hold !== undefined && hold.removedAt - hold.placedAt > 4 * DAY),
    'long holds',
  );
  t.ok(
    shipments.some(({ declarations }) => declarations.length === 2),
    'rejections',
  );
  t.ok(
    shipments.some(({ dutyPostedAt, dutyAssessedAt }) => dutyAssessedAt && !dutyPostedAt),
    'missing postings',
  );
  t.ok(
    shipments.some(({ journey }) => journey.loadingPlans.length > 1),
    'replans',
  );
  t.ok(
    shipments.some(({ goodsIssues }) => goodsIssues.length > 1),
    'cancelled goods issues',
  );
  t.ok(
    shipments.some(({ journey }) => journey.transshipment),
    'a transshipment',
  );
  t.ok(new Set(shipments.map(({ journey }) => journey)).size < shipments.length, 'shared containers');
  t.ok(
    shipments.some(({ deliveredAt }) => deliveredAt > END),
    'shipments that are still open',
  );
  t.ok(new Set(messages.map(({ body }) => body)).size < messages.length, 'duplicates');
  t.ok(
    messages.some(({ says }) => says.length === 0),
    'broken messages',
  );
});

t.test('every identifier fits its check digit', async (t) => {
  const { shipments } = world(2);
  for (const { journey, declarations, entry } of shipments) {
    const refs = [
      `container:${journey.container}`,
      `awb:${journey.awb}`,
      ...declarations.flatMap(({ mrn }) => (mrn === undefined ? [] : [`mrn:${mrn}`])),
      ...(entry === undefined ? [] : [`entry:${entry.number.replaceAll('-', '')}`]),
    ];
    for (const ref of refs) if (checkRef(parseRef(ref)).result === 'invalid') t.fail(ref);
  }
  t.equal(new Set(shipments.map(({ delivery }) => delivery)).size, shipments.length);
});

/** The `reporting_lag` of laytime.yaml. */
const LAG: Readonly<Record<string, number>> = {
  tms: 2 * HOUR,
  'customs-import': HOUR / 6,
  'customs-export': HOUR / 6,
  'ocean-a': 6 * HOUR,
  'ocean-b': 6 * HOUR,
  'sap-deliveries': HOUR / 2,
};

t.test('what is told is told within the reporting lag, unless the first message was broken', async (t) => {
  const { messages, ocean, deliveries, times } = world(3);
  const told = [
    ...messages.map((message) => ({ ...message, name: message.subject })),
    ...[...ocean['ocean-a'], ...ocean['ocean-b'], ...deliveries].map((state) => ({
      ...state,
      name: state.key,
    })),
  ].sort((a, b) => a.at - b.at);
  const broken = new Set(told.filter(({ says }) => says.length === 0).map(({ name }) => name));
  const first = new Map<string, { name: string; late: boolean }>();
  for (const { at, says, name } of told) {
    for (const said of says) {
      const { source, milestone, role = '', subject = '', classifier, ref } = said;
      if (classifier !== 'actual') continue;
      const key = [source, milestone, role, subject, ref].join('|');
      if (!first.has(key))
        first.set(key, { name, late: said.at >= times.startAt && at - said.at > LAG[source]! });
    }
  }
  t.ok(first.size > 1500);
  t.ok(broken.size > 3);
  const unexplained = [...first]
    .filter(([, { name, late }]) => late && !broken.has(name))
    .map(([key]) => key);
  t.strictSame(unexplained, []);
});
