import t from 'tap';
import { BREACH_WORDS, END_WORDS, withdrawalWords } from '../../../agent/notify/render-reason.ts';
import { hubJudge, type Said, saidBy, takeAll } from '../../support/judge.ts';

const at = (text: string): number => Date.parse(`2026-06-${text}:00Z`);
const said = (id: string, type: Said['type'], when: string, more: Said['more'] = {}): [Said, number] => [
  { id, type, at: new Date(at(when)).toISOString(), refs: { delivery: '80000001' }, more },
  at(when),
];

function told(rule: string, ...events: readonly [Said, number][]) {
  const judge = hubJudge({ rules: `rules:\n  r: { title: Rule, notify: desk, ${rule} }\n` });
  return takeAll(
    judge,
    events.map(([each, observedAt], index) => saidBy(each, observedAt, index + 1)),
  ).alerts.map(({ text }) => [text.headline, ...text.lines]);
}

t.test('books that differ, and the values that do', async (t) => {
  const [fired, resolved] = told(
    'values: [duty.amount of duty.assessed, duty.posted.amount], tolerance: 5',
    said('a', 'duty.assessed', '01T08:00', { attributes: { 'duty.amount': 100, 'duty.currency': 'GBP' } }),
    said('p', 'duty.posted', '01T09:00', { attributes: { 'duty.posted.amount': 120 } }),
    said('p', 'duty.posted', '01T10:00', { attributes: { 'duty.posted.amount': 101 } }),
  );
  t.equal(fired![0], 'BREACHED: Rule, delivery 80000001, the values differ');
  t.ok(fired!.includes('Found: duty.amount of duty.assessed = 100 GBP (hub)'));
  t.ok(fired!.includes('Found: duty.posted.amount = 120 (hub)'));
  t.equal(resolved![0], 'RESOLVED: Rule, delivery 80000001, the values agree');
});

t.test('out of order, declared twice, too often', async (t) => {
  const [order] = told(
    'event: gate.out, not_before: customs.released',
    said('g', 'gate.out', '01T08:00'),
    said('r', 'customs.released', '01T09:00'),
  );
  t.equal(order![0], 'BREACHED: Rule, delivery 80000001, it happened before it was allowed');
  const declared = (id: string, when: string) =>
    said(id, 'customs.accepted', when, { subject: id, attributes: { 'goods.hs': '847130' } });
  const [twice] = told(
    'event: customs.accepted, same: goods.hs',
    declared('A', '01T08:00'),
    declared('B', '01T09:00'),
  );
  t.equal(twice![0], 'BREACHED: Rule, delivery 80000001, the same goods are declared already');
  t.ok(twice!.includes('Found: B declares what A declares: the same goods.hs'));
  const [often] = told(
    'event: customs.rejected, at_most: 1',
    said('x', 'customs.rejected', '01T08:00', { subject: 'A' }),
    said('y', 'customs.rejected', '01T09:00', { subject: 'A' }),
  );
  t.equal(often![0], 'BREACHED: Rule, delivery 80000001, it happened too often');
  t.ok(often!.includes('Found: happened 2 times to A; at most 1 allowed'));
});

t.test('quiet, and heard of again', async (t) => {
  const [quiet, again] = told(
    'from: goods.issued, until: delivered, quiet_for: 6h',
    said('i', 'goods.issued', '01T08:00'),
    [{ id: 'o', type: 'goods.issued', at: '2026-06-01T15:00:00Z', refs: { delivery: '99' } }, at('01T15:00')],
    said('d', 'departed', '01T16:00'),
  );
  t.match(quiet![0], /^(PROBABLY )?BREACHED.*: Rule, delivery 80000001, quiet for 7 h$/);
  t.equal(again![0], 'RESOLVED: Rule, delivery 80000001, heard of again');
});

t.test('every word of a reason stands by itself', async (t) => {
  for (const words of [...Object.values(BREACH_WORDS), ...Object.values(END_WORDS)]) t.match(words, /^, \w/);
  const withdrawn = (
    ['heard-of', 'in-order', 'declared-once', 'within-count', 'hold-open', 'under-way'] as const
  ).map((reason) => withdrawalWords(reason, 'Rule'));
  t.equal(new Set(withdrawn).size, withdrawn.length);
  t.notOk(withdrawn.includes('the deadline moved'));
});
