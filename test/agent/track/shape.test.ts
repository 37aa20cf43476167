import t from 'tap';
import { type SavedShape, Shape } from '../../../agent/track/shape.ts';
import type { Value } from '../../../collectors/formats/format.ts';

const ORDINARY = { id: 'x', at: '2026', legs: [{ from: 'A' }, { from: 'B', to: 'C' }], weight: 3 };

/** The windows one after the other, ten messages each; what each said. */
function told(shape: Shape, ...windows: readonly ((n: number) => Value)[]): string[][] {
  return windows.map((message) => {
    for (let n = 0; n < 10; n += 1) shape.look(message(n));
    return shape.conclude().map(({ kind, path, value, why }) => `${kind} ${path} ${value}: ${why}`);
  });
}

const four = [0, 1, 2, 3].map(() => () => ORDINARY);
const learned = (): Shape => {
  const shape = new Shape();
  told(shape, ...four);
  return shape;
};

t.test('nothing is a change while it is learned what is usual', async (t) => {
  t.same(
    told(
      new Shape(),
      () => ORDINARY,
      () => ({ other: 1 }),
      () => ORDINARY,
      () => ({ id: 7 }),
    ).flat(),
    [],
  );
});

t.test('fields that come, go, and change their type are told once, by the outermost', async (t) => {
  const { weight: _, ...light } = ORDINARY;
  t.same(
    told(
      learned(),
      () => ({ ...ORDINARY, vessel: { imo: '9', name: 'n' } }),
      () => ORDINARY,
    ),
    [['new-field /vessel object: no message had it before'], []],
  );
  t.same(
    told(
      learned(),
      () => light,
      () => light,
    ),
    [['missing-field /weight number: every message had it'], []],
  );
  t.same(
    told(
      learned(),
      () => ({ ...ORDINARY, weight: '3 kg' }),
      () => ({ ...ORDINARY, weight: '3' }),
    ),
    [['changed-type /weight text: it was number'], []],
  );
  t.same(
    told(
      learned(),
      () => ({ ...ORDINARY, legs: [{ from: { code: 'A' } }] }),
      () => ({ ...ORDINARY, legs: [] }),
    ),
    [['changed-type /legs/*/from object: it was text'], []],
  );
});

t.test(
  'what only some messages have or lack is usual, and so are null and names that are data',
  async (t) => {
    const now = learned();
    t.same(
      told(now, (n) => (n < 4 ? { ...ORDINARY, seldom: true } : ORDINARY)),
      [[]],
    );
    t.same(
      told(now, (n) => (n < 9 ? { ...ORDINARY, weight: null } : ORDINARY)),
      [[]],
      'one has it',
    );
    t.same(
      told(now, () => ({ ...ORDINARY, seldom: true })),
      [[]],
      'met before',
    );
    const keyed = new Shape();
    t.same(
      told(
        keyed,
        ...Array.from({ length: 9 }, (_, w) => (n: number) => ({ [`8000${w}${n}`]: { status: 'A' } })),
      ).flat(),
      [],
    );
  },
);

t.test('it is the same after a restart, in the middle of a window too', async (t) => {
  const shape = learned();
  for (let n = 0; n < 5; n += 1) shape.look({ ...ORDINARY, extra: 1 });
  const again = new Shape(JSON.parse(JSON.stringify(shape.dump())) as SavedShape);
  for (const each of [shape, again]) for (let n = 0; n < 5; n += 1) each.look(ORDINARY);
  t.same(again.conclude(), shape.conclude());
  t.same(again.dump(), shape.dump());
});

t.test('a partner that writes data where names should be does not fill memory', async (t) => {
  const shape = new Shape();
  const words = (w: number) => (n: number) =>
    Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`${String.fromCharCode(97 + w)}-${n}-${i}`, 1]),
    );
  for (let w = 0; w < 9; w += 1) told(shape, words(w));
  t.ok(shape.dump().fields.length <= 400);
  t.same(told(shape, words(20)), [[]], 'and is not told of');
});
