import t from 'tap';
import { alertRenderer } from '../../../agent/notify/render.ts';
import { formatDuration, formatMoment, formatTwice } from '../../../agent/notify/words.ts';
import type { AlertRecord } from '../../../agent/track/outcome.ts';
import { hubJudge, type Said, saidBy, takeAll } from '../../support/judge.ts';

const RULES = `
calendars:
  uk-customs: { zone: Europe/London, open: { Mon-Fri: "08:00-18:00" } }
rules:
  release:
    title: Customs release within 8 business hours of arrival
    from: arrived at destination
    to: customs.released
    within: 8bh
    warn: 2bh before
    calendar: uk-customs
    wait_for_feeds: 2h
    owner: customs broker
    basis: agreed with the broker, 2026-01
    notify: desk
`;
const arrival: Said = {
  id: 'a',
  type: 'arrived',
  at: '2026-06-01T08:00:00Z',
  refs: { delivery: '80000001', 'customer-ref': 'PO-77', container: 'APZU4812090' },
  more: {
    role: 'destination',
    attributes: { mode: 'sea', 'origin.unlocode': 'CNSHG', 'destination.unlocode': 'GBFXT' },
  },
};
const at = (text: string): number => Date.parse(`2026-06-${text}:00Z`);

function alerts(...said: [Said, number][]): readonly AlertRecord[] {
  const judge = hubJudge({ rules: RULES });
  return takeAll(
    judge,
    said.map(([each, observedAt], index) => saidBy(each, observedAt, index + 1)),
  ).alerts;
}
const later: Said = { id: 'l', type: 'goods.issued', at: '2026-06-01T17:30:00Z', refs: { delivery: '99' } };

t.test('a breach says what, where, since when, how late, whose, and why we are sure', async (t) => {
  const [atRisk, fired] = alerts([arrival, at('01T08:05')], [later, at('01T17:30')]);
  t.equal(
    atRisk?.text.headline,
    'AT RISK: Customs release within 8 business hours of arrival, delivery 80000001, due in 2 h',
  );
  t.match(fired?.text.headline, /^BREACHED: .*delivery 80000001, late by 1 h 30 min$/);
  t.same(fired?.text.lines, [
    'Shipment: delivery 80000001; customer reference PO-77; container APZU4812090',
    'Lane: CNSHG to GBFXT, by sea',
    'Milestone: Customs released',
    'Clock started: Mon 1 Jun 2026, 09:00 UTC+1 (Mon 1 Jun 2026, 10:00 UTC+2 for you)',
    'Due: Mon 1 Jun 2026, 17:00 UTC+1 (Mon 1 Jun 2026, 18:00 UTC+2 for you)',
    'Who should act: customs broker',
    'Why we are sure: hub/hub was heard until Mon 1 Jun 2026, 18:30 UTC+1 (Mon 1 Jun 2026, 19:30 UTC+2 for you), and it was not reported',
    'Basis: agreed with the broker, 2026-01',
  ]);
  t.match(fired?.labels, {
    rule: 'release',
    lane: 'CNSHG-GBFXT',
    place: 'GBFXT',
    mode: 'sea',
    partner: 'hub',
  });
});

t.test(
  'an unconfirmed breach says what was not heard; its end says how late, or why it is taken back',
  async (t) => {
    const judge = hubJudge({ rules: RULES });
    judge.take(saidBy(arrival, at('01T08:05'), 1));
    judge.advance(at('01T19:00'));
    const unconfirmed = judge.drain().alerts.at(-1);
    t.match(unconfirmed?.text.headline, /^PROBABLY BREACHED \(unconfirmed\): .*late by 2 h$/);
    t.match(
      unconfirmed?.text.lines.join('\n'),
      /Why we are not sure: hub\/hub is known only until Mon 1 Jun 2026, 09:05 UTC\+1/,
    );

    const released: Said = {
      id: 'r',
      type: 'customs.released',
      at: '2026-06-01T17:30:00Z',
      refs: { delivery: '80000001' },
    };
    const [late] = takeAll(judge, [saidBy(released, at('01T20:00'), 2)]).alerts;
    t.match(late?.text.headline, /^RESOLVED: .*done late by 1 h 30 min$/);
    const corrected = { ...released, at: '2026-06-01T15:30:00Z', recordedAt: '2026-06-01T21:00:00Z' };
    const [withdrawn] = takeAll(judge, [saidBy(corrected, at('01T21:00'), 3)]).alerts;
    t.match(withdrawn?.text.headline, /^WITHDRAWN: .*it was done in time and reported late$/);
  },
);

t.test('a link leads to the shipment; a channel is one alert with what waits for it', async (t) => {
  const render = alertRenderer({ readerZone: 'UTC', baseUrl: 'https://laytime.acme.example' });
  const judge = hubJudge({ rules: RULES, channel: { expectEveryMs: 3_600_000 } });
  judge.take(saidBy(arrival, at('01T08:05'), 1));
  judge.advance(at('01T17:00'));
  const channel = judge.drain().alerts.find((alert) => alert.aboutChannel);
  t.equal(channel?.text.headline, 'SILENT: channel hub/hub is not heard');
  const { change } = channel!;
  const rendered = render({
    about: 'channel',
    change,
    channel: judge.parts.channels.list()[0]!,
    waitingShipments: 3,
  });
  t.match(
    rendered.text.lines.join('\n'),
    /Overdue clocks that wait for it: 3; they are unknown, not breached/,
  );
  t.equal(rendered.text.link, 'https://laytime.acme.example/channels');
});

t.test('lengths of time read as people say them; moments name their zone', async (t) => {
  t.same([30_000, 60_000, 59 * 60_000, 3_600_000, 5_400_000, 86_400_000, 90_000_000].map(formatDuration), [
    'under a minute',
    '1 min',
    '59 min',
    '1 h',
    '1 h 30 min',
    '1 d',
    '1 d 1 h',
  ]);
  const newYear = Date.UTC(2026, 0, 1);
  t.equal(formatMoment(newYear, 'UTC'), 'Thu 1 Jan 2026, 00:00 UTC');
  t.equal(formatMoment(newYear, 'America/New_York'), 'Wed 31 Dec 2025, 19:00 UTC-5');
  t.equal(formatMoment(newYear, 'Asia/Kolkata'), 'Thu 1 Jan 2026, 05:30 UTC+5:30');
  t.equal(formatTwice(newYear, 'UTC', 'UTC'), 'Thu 1 Jan 2026, 00:00 UTC');
});
