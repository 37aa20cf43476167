import fc from 'fast-check';
import t from 'tap';
import { Channels } from '../../rules/channels.ts';
import { type ChannelSource, channelIdOf } from '../../rules/channels-channel.ts';
import { compileExpression, type Expr } from '../../rules/expression.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';

const compile = (text: string): Expr => {
  const result = compileExpression(text);
  if (!('expr' in result)) throw new Error(text);
  return result.expr;
};
const MINUTE = 60_000;
const DAY = 86_400_000;

const broker: ChannelSource = {
  name: 'broker',
  partners: ['acme'],
  proves: ['customs.released', 'customs.accepted'],
  expectEveryMs: 30 * MINUTE,
  reportingLagMs: 0,
  bestEffort: false,
  provenBy: 'messages',
};
const carriers: ChannelSource = {
  name: 'carriers',
  partners: 'from-messages',
  proves: ['arrived'],
  reportingLagMs: 10 * MINUTE,
  bestEffort: true,
  provenBy: 'polls',
};
const shipment = (partners: string[] = [], attributes: Record<string, string> = {}) => ({
  partners,
  attributes,
});
const released = (channels: Channels, partners?: string[]) =>
  channels.provers('customs.released', shipment(partners));

t.test('a message proves its channel up to itself, an assumption does not', async (t) => {
  const channels = new Channels([broker]);
  t.equal(released(channels)[0]?.status, 'never-heard');
  t.equal(released(channels)[0]?.watermark, Number.NEGATIVE_INFINITY);
  const { transitions, moved } = channels.heard('broker', 'acme', 1000);
  t.match(transitions, [{ channelId: 'broker/acme', status: 'hearing', from: 1000, reason: 'first-heard' }]);
  t.same(moved, [{ channelId: 'broker/acme', watermark: 1000, unblocked: false }]);
  t.match(released(channels), [{ watermark: 1000, assumedUntil: 1000 + 30 * MINUTE, status: 'hearing' }]);
});

t.test('silence beyond expect_every is blindness since the last proof', async (t) => {
  const channels = new Channels([broker]);
  channels.heard('broker', 'acme', 1000);
  const expiry = 1000 + 30 * MINUTE;
  t.same(channels.advance(expiry - 1).transitions, [], 'not a millisecond early');
  t.match(channels.advance(expiry).transitions, [
    { status: 'blind', from: 1000, at: expiry, reason: 'expected-not-heard', watermark: 1000 },
  ]);
  t.match(released(channels), [{ status: 'blind', blindSince: 1000, watermark: 1000, assumedUntil: 1000 }]);
  t.equal(channels.nextAt(), Number.POSITIVE_INFINITY);
  t.match(channels.heard('broker', 'acme', expiry + 5).transitions, [
    { status: 'hearing', from: expiry + 5, reason: 'heard-again' },
  ]);
});

t.test('a configured channel that never speaks is told of once', async (t) => {
  const channels = new Channels([broker]);
  channels.advance(0);
  t.equal(channels.nextAt(), 30 * MINUTE);
  t.match(channels.advance(30 * MINUTE).transitions, [
    { status: 'never-heard', reason: 'never-heard', from: 0 },
  ]);
  t.same(channels.advance(60 * MINUTE).transitions, []);
});

t.test('a watermark never passes an unresolved dead letter', async (t) => {
  const channels = new Channels([broker]);
  channels.heard('broker', 'acme', 1000);
  channels.deadLetter('d1', 'broker', 'acme', 2000);
  channels.deadLetter('d2', 'broker', undefined, 3000);
  channels.heard('broker', 'acme', 5000);
  t.equal(released(channels)[0]?.watermark, 2000);
  t.same(channels.resolveDeadLetter('d1').moved, [
    { channelId: 'broker/acme', watermark: 3000, unblocked: true },
  ]);
  t.same(channels.resolveDeadLetter('d2').moved, [
    { channelId: 'broker/acme', watermark: 5000, unblocked: true },
  ]);
  t.same(channels.resolveDeadLetter('d2').moved, [], 'resolving twice is harmless');
});

t.test('an unmatched event holds back only the milestone that it could prove, for thirty days', async (t) => {
  const channels = new Channels([broker]);
  channels.heard('broker', 'acme', 1000);
  channels.unmatched('e1', 'broker', 'acme', 'customs.released', 2000);
  channels.heard('broker', 'acme', 2000);
  channels.heard('broker', 'acme', 9000);
  t.equal(released(channels)[0]?.watermark, 2000);
  t.equal(channels.provers('customs.accepted', shipment())[0]?.watermark, 9000);
  t.same(channels.matched('e1').moved, [{ channelId: 'broker/acme', watermark: 9000, unblocked: true }]);
  t.equal(released(channels)[0]?.watermark, 9000);
  channels.unmatched('e2', 'broker', 'acme', 'customs.released', 10_000);
  channels.heard('broker', 'acme', 20 * DAY);
  t.equal(released(channels)[0]?.watermark, 10_000);
  const { moved } = channels.advance(10_000 + 30 * DAY);
  t.match(moved, [{ channelId: 'broker/acme', unblocked: true }]);
  t.equal(released(channels)[0]?.watermark, 20 * DAY);
  t.same(channels.matched('e2').moved, []);
});

t.test('only a complete poll proves a polled source, less the reporting lag', async (t) => {
  const channels = new Channels([carriers]);
  channels.heard('carriers', 'msk', 100 * MINUTE);
  t.equal(channels.provers('arrived', shipment(['msk']))[0]?.watermark, Number.NEGATIVE_INFINITY);
  channels.proof({ source: 'carriers', provedUntil: 99 * MINUTE }, 101 * MINUTE);
  t.equal(channels.provers('arrived', shipment(['msk']))[0]?.watermark, 89 * MINUTE);
  channels.heard('carriers', 'cma', 102 * MINUTE);
  t.equal(
    channels.provers('arrived', shipment(['cma']))[0]?.watermark,
    89 * MINUTE,
    'a partner heard of later has the proof of the whole source',
  );
  channels.proof({ source: 'carriers', provedUntil: 500 * MINUTE }, 103 * MINUTE);
  t.equal(
    channels.provers('arrived', shipment(['cma']))[0]?.watermark,
    93 * MINUTE,
    'the future is not proved',
  );
});

t.test('which channels can prove a milestone', async (t) => {
  const uk = { ...broker, name: 'cds', serves: compile('destination.country == "GB"') };
  const channels = new Channels([broker, uk, carriers]);
  const ids = (milestone: MilestoneCode, partners: string[], attributes = {}) =>
    channels.provers(milestone, shipment(partners, attributes)).map(({ id }) => id);
  t.same(
    ids('customs.released', []),
    ['broker/acme'],
    'a partner who has not spoken yet may be the one who will',
  );
  t.same(ids('customs.released', ['acme'], { 'destination.country': 'GB' }), ['broker/acme', 'cds/acme']);
  t.same(ids('delivered', []), []);
  t.same(ids('arrived', []), ['carriers/*'], 'nobody known: the source itself, not yet heard');
  const { moved } = channels.proof({ source: 'carriers', partner: 'msk', provedUntil: 5 }, 5);
  t.same(
    moved.map(({ channelId }) => channelId),
    ['carriers/msk', 'carriers/*'],
    'clocks that waited for nobody in particular are judged again',
  );
  channels.proof({ source: 'carriers', partner: 'cma', provedUntil: 6 }, 6);
  t.same(ids('arrived', []), ['carriers/msk', 'carriers/cma']);
  t.same(ids('arrived', ['cma', 'acme']), ['carriers/cma']);
});

t.test(
  'after a restart every channel is blind until it proves itself, and its watermark stays',
  async (t) => {
    const before = new Channels([broker]);
    before.heard('broker', 'acme', 1000);
    before.deadLetter('d1', 'broker', 'acme', 2000);
    before.unmatched('e1', 'broker', 'acme', 'customs.accepted', 3000);
    const saved = JSON.parse(JSON.stringify(before.dump()));
    const after = new Channels([broker], saved);
    t.same(after.dump(), before.dump(), 'a snapshot loses nothing');
    t.same(after.list(), before.list());
    t.match(after.restarted(4000).transitions, [
      { status: 'blind', from: 2000, reason: 'restarted', at: 4000 },
    ]);
    t.match(released(after), [{ status: 'blind', watermark: 2000, blindSince: 2000 }]);
    t.match(after.advance(4000 + 30 * MINUTE).transitions, [
      { status: 'blind', reason: 'expected-not-heard' },
    ]);
    t.match(after.heard('broker', 'acme', 4000 + 31 * MINUTE).transitions, [{ reason: 'heard-again' }]);
  },
);

t.test('inputs for sources that are not configured any more are ignored', async (t) => {
  const channels = new Channels([]);
  t.same(channels.heard('gone', 'x', 1), { transitions: [], moved: [] });
  t.same(channels.deadLetter('d', 'gone', 'x', 1).moved, []);
  t.same(new Channels([], new Channels([broker]).dump()).list(), []);
});

type Input =
  | { kind: 'heard' | 'deadLetter'; partner: number }
  | { kind: 'unmatched'; partner: number; key: number }
  | { kind: 'resolve'; id: number };

const input: fc.Arbitrary<Input> = fc.oneof(
  fc.record({ kind: fc.constantFrom('heard' as const, 'deadLetter' as const), partner: fc.nat(2) }),
  fc.record({ kind: fc.constant('unmatched' as const), partner: fc.nat(2), key: fc.nat(20) }),
  fc.record({ kind: fc.constant('resolve' as const), id: fc.nat(30) }),
);
const three: ChannelSource = { ...broker, partners: ['p0', 'p1', 'p2'] };

t.test('property: a watermark never passes an unresolved dead letter, and never goes back', async () => {
  fc.assert(
    fc.property(fc.array(input, { maxLength: 60 }), (inputs) => {
      const channels = new Channels([three]);
      const open = new Map<string, { partner: string; at: number }>();
      const last = new Map<string, number>();
      inputs.forEach((one, at) => {
        if (one.kind === 'resolve') {
          channels.resolveDeadLetter(`d${one.id}`);
          open.delete(`d${one.id}`);
        } else {
          const partner = `p${one.partner}`;
          if (one.kind === 'heard') channels.heard('broker', partner, at);
          else if (one.kind === 'unmatched') {
            channels.unmatched(`e${one.key}`, 'broker', partner, 'customs.accepted', at);
          } else {
            channels.deadLetter(`d${at}`, 'broker', partner, at);
            open.set(`d${at}`, { partner, at });
          }
        }
        for (const { id, partner, watermark } of channels.list()) {
          for (const letter of open.values()) {
            if (letter.partner === partner && watermark > letter.at)
              throw new Error(`${id} passed a dead letter`);
          }
          if (watermark < (last.get(id) ?? Number.NEGATIVE_INFINITY)) throw new Error(`${id} went back`);
          last.set(id, watermark);
        }
      });
      const loaded = new Channels([three], JSON.parse(JSON.stringify(channels.dump())));
      if (JSON.stringify(loaded.list()) !== JSON.stringify(channels.list()))
        throw new Error('a snapshot differs');
    }),
    { numRuns: 300 },
  );
});

t.test('property: how messages of several channels interleave does not matter', async () => {
  const message = fc.record({ partner: fc.nat(2), at: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 40 }), fc.infiniteStream(fc.nat(1000)), (messages, keys) => {
      const sorted = [...messages].sort((a, b) => a.at - b.at || a.partner - b.partner);
      const shuffled = messages
        .map((one) => ({ one, key: keys.next().value ?? 0 }))
        .sort((a, b) => a.one.at - b.one.at || a.key - b.key)
        .map(({ one }) => one);
      const play = (list: typeof messages): string => {
        const channels = new Channels([three]);
        for (const { partner, at } of list) channels.heard('broker', `p${partner}`, at);
        return JSON.stringify(channels.list());
      };
      if (play(sorted) !== play(shuffled)) throw new Error('watermarks differ');
    }),
    { numRuns: 200 },
  );
});

t.equal(channelIdOf('broker', 'acme'), 'broker/acme');
