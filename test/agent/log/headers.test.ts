import fc from 'fast-check';
import t from 'tap';
import {
  decodeToken,
  decodeValue,
  encodeToken,
  encodeValue,
  messageId,
  outgoingMessage,
} from '../../../agent/log/headers.ts';
import { readDelivery, recogniser, subjectMatcher } from '../../../agent/log/record.ts';
import { message } from './support.ts';

t.test('any text survives as a header value and as a subject token', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const value = encodeValue(text);
      t.notMatch(value, /[\r\n]/);
      t.equal(decodeValue(value.trim()), text);
      const token = encodeToken(text);
      t.match(token, /^[A-Za-z0-9_=-]+$/);
      t.equal(decodeToken(token), text);
    }),
    { numRuns: 200, examples: [['\u3000id\u00a0 '], ['\ufeff'], [' \t\u2028'], ['%e3%80%80']] },
  );
});

t.test(
  'a repeat has the same message id; a revision, other content and a later snapshot have not',
  async (t) => {
    const id = messageId(message(1));
    t.equal(messageId(message(1, { fetchedAt: 1 })), id, 'fetched again');
    t.not(messageId(message(1, { revision: { order: 2, tag: 'a' } })), id);
    t.not(messageId(message(1, { data: Buffer.from('{}') })), id);
    t.not(messageId(message(1, { source: 'other' })), id);
    const { revision: _, ...snapshot } = message(1);
    t.not(messageId({ ...snapshot, fetchedAt: 1 }), messageId({ ...snapshot, fetchedAt: 2 }), 'A, B, A');
    const pushed = { ...snapshot, deliveryId: 'd1' };
    t.equal(messageId({ ...pushed, fetchedAt: 1 }), messageId({ ...pushed, fetchedAt: 2 }), 'pushed again');
  },
);

t.test('a message longer than the server takes is cut, and says so', async (t) => {
  const out = outgoingMessage('p', message(1, { data: Buffer.alloc(100_000) }), undefined, 50_000);
  t.ok(out.data.length + out.headers.encode().length <= 50_000);
  t.match(Buffer.from(out.headers.encode()).toString(), 'Laytime-Truncated-From: 100000');
});

t.test('reply subjects of old and new servers are read alike, to the millisecond', async (t) => {
  const expected = { sequence: 17, appendedAt: 1_700_000_000_123, pending: 5 };
  t.strictSame(readDelivery('$JS.ACK.S.c.1.17.9.1700000000123999999.5'), expected);
  t.strictSame(readDelivery('$JS.ACK._.acc.S.c.1.17.9.1700000000123999999.5'), expected);
  t.strictSame(readDelivery('$JS.ACK.hub.acc.S.c.1.17.9.1700000000123999999.5.rnd'), expected);
});

t.test('subjects are recognised by filter, the first that matches', async (t) => {
  t.ok(subjectMatcher('a.*.c')('a.b.c'));
  t.notOk(subjectMatcher('a.*.c')('a.b.d'));
  t.notOk(subjectMatcher('a.*')('a.b.c'));
  t.ok(subjectMatcher('a.>')('a.b.c'));
  t.notOk(subjectMatcher('a.>')('a'));
  t.notOk(subjectMatcher('a.b.c')('a.b'));
  const subjects = [
    { filter: 'x.imports.>', source: 'imports' },
    { filter: 'x.>', source: 'rest' },
  ];
  const recognise = recogniser({ stream: 'X', subjects }, 'laytime.log');
  t.strictSame(recognise('x.imports.1'), { kind: 'message', source: 'imports' });
  t.strictSame(recognise('x.exports.1'), { kind: 'message', source: 'rest' });
  t.equal(recognise('y'), undefined);
});
