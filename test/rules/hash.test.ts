import fc from 'fast-check';
import t from 'tap';
import { hashId, murmur128, parseHashId, textOfWords } from '../../rules/hash.ts';

const hex = (text: string): string =>
  murmur128(text)
    .map((word) => word.toString(16).padStart(8, '0'))
    .join('');

t.test('an identity is 22 characters of base64url, the same for ever', async (t) => {
  t.match(hashId('shipment', 'acme', 'delivery:80001234'), /^[A-Za-z0-9_-]{22}$/);
  t.equal(hashId(''), 'AAAAAAAAAAAAAAAAAAAAAA');
  t.equal(hashId('a', 'b'), hashId('a\u001fb'));
});

t.test('an identity can be kept as its four words', async (t) => {
  const words = new Int32Array(4);
  fc.assert(
    fc.property(fc.string(), (text) => {
      const id = hashId(text);
      t.ok(parseHashId(id, words));
      t.same([...words], [...Int32Array.from(murmur128(text))]);
      t.equal(textOfWords(words, 0), id);
    }),
    { numRuns: 100 },
  );
  const id = hashId('x');
  for (const other of [
    id.slice(1),
    `${id}A`,
    `${id.slice(0, 21)}B`,
    `${id.slice(0, 9)}.${id.slice(10)}`,
    `é${id.slice(1)}`,
  ]) {
    t.notOk(parseHashId(other, words), other);
  }
});

t.test('where parts are cut matters', async (t) => {
  t.not(hashId('ab', 'c'), hashId('a', 'bc'));
  t.not(hashId('a'), hashId('a', ''));
});

t.test('texts that differ only in a trailing NUL or in length have other hashes', async (t) => {
  t.not(hex('a'), hex('a\0'));
  t.not(hex('abcdefgh'), hex('abcdefgh\0'));
});

t.test(
  'different texts have different identities; one changed bit changes about half of the bits',
  async (t) => {
    const seen = new Map<string, string>();
    for (let i = 0; i < 50_000; i++) {
      const id = hashId('shipment', 'acme', `delivery:${80_000_000 + i}`);
      if (seen.has(id)) t.fail(`${i} collides with ${seen.get(id)}`);
      seen.set(id, String(i));
    }
    let flipped = 0;
    let tries = 0;
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 60 }), fc.nat(59), fc.nat(15), (text, at, bit) => {
        const i = at % text.length;
        const other =
          text.slice(0, i) + String.fromCharCode(text.charCodeAt(i) ^ (1 << bit)) + text.slice(i + 1);
        const [a, b] = [murmur128(text), murmur128(other)];
        for (let word = 0; word < 4; word++) {
          for (let x = (a[word]! ^ b[word]!) >>> 0; x !== 0; x >>>= 1) flipped += x & 1;
        }
        tries++;
      }),
      { numRuns: 500 },
    );
    t.ok(flipped / tries > 56 && flipped / tries < 72, `${flipped / tries} of 128 bits on average`);
  },
);
