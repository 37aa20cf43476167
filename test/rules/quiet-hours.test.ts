import t from 'tap';
import { Channels } from '../../rules/channels.ts';
import { afterWithoutQuiet, type QuietHours, quietUntil } from '../../rules/quiet-hours.ts';

const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds;
const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : Temporal.Instant.fromEpochMilliseconds(ms).toString();
const NIGHT: QuietHours = { fromMinute: 22 * 60, toMinute: 6 * 60, zone: 'Europe/Berlin' };
const MINUTE = 60_000;

t.test('a night is over midnight, in its zone, to the millisecond', async (t) => {
  t.equal(quietUntil(NIGHT, at('2026-03-02T20:59:59.999Z')), undefined);
  t.equal(iso(quietUntil(NIGHT, at('2026-03-02T21:00:00Z'))), '2026-03-03T05:00:00Z');
  t.equal(iso(quietUntil(NIGHT, at('2026-03-03T04:59:59.999Z'))), '2026-03-03T05:00:00Z');
  t.equal(quietUntil(NIGHT, at('2026-03-03T05:00:00Z')), undefined);
  const lunch = { fromMinute: 720, toMinute: 780, zone: 'Asia/Tokyo' };
  t.equal(iso(quietUntil(lunch, at('2026-03-02T03:30:00Z'))), '2026-03-02T04:00:00Z');
  t.equal(quietUntil(lunch, at('2026-03-02T12:30:00Z')), undefined);
});

t.test('the night in which the clocks change is an hour shorter', async (t) => {
  t.equal(iso(quietUntil(NIGHT, at('2026-03-28T22:00:00Z'))), '2026-03-29T04:00:00Z');
  const gap = { fromMinute: 150, toMinute: 180, zone: 'Europe/Berlin' };
  t.equal(quietUntil(gap, at('2026-03-29T01:00:00Z')), undefined, 'half past two does not exist');
});

t.test('waiting stands still meanwhile', async (t) => {
  const wait = (from: string, minutes: number) => iso(afterWithoutQuiet(NIGHT, at(from), minutes * MINUTE));
  t.equal(wait('2026-03-02T12:00:00Z', 30), '2026-03-02T12:30:00Z');
  t.equal(wait('2026-03-02T20:40:00Z', 20), '2026-03-02T21:00:00Z', 'up to the last moment');
  t.equal(wait('2026-03-02T20:40:00Z', 30), '2026-03-03T05:10:00Z');
  t.equal(wait('2026-03-02T23:00:00Z', 30), '2026-03-03T05:30:00Z');
  t.equal(wait('2026-03-02T20:00:00Z', 60 + 16 * 60 + 5), '2026-03-04T05:05:00Z', 'over two nights');
});

t.test('a channel that is not asked at night is not called blind for the night, nor heard', async (t) => {
  const channels = new Channels([
    {
      name: 'sap',
      partners: ['sap'],
      proves: ['goods.issued'],
      expectEveryMs: 30 * MINUTE,
      quietHours: NIGHT,
      reportingLagMs: 0,
      bestEffort: false,
      provenBy: 'polls',
    },
  ]);
  const last = at('2026-03-02T20:55:00Z');
  channels.proof({ source: 'sap', provedUntil: last }, last);
  t.same(channels.advance(at('2026-03-03T04:00:00Z')).transitions, [], 'no alarm in the night');
  t.match(
    channels.list(),
    [{ watermark: last, assumedUntil: last + 30 * MINUTE }],
    'nothing is proved of it either',
  );
  const late = at('2026-03-03T05:25:00Z');
  t.same(channels.advance(late - 1).transitions, []);
  t.match(
    channels.advance(late).transitions,
    [{ status: 'blind', from: last, at: late }],
    'in the morning it is',
  );
});
