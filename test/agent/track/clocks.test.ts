import fc from 'fast-check';
import t from 'tap';
import { type ClockMemory, packClocks, unpackClocks } from '../../../agent/track/clocks.ts';
import { TextInterner } from '../../../agent/track/interner.ts';

const text = fc.string({ unit: 'binary', maxLength: 30 });
const alert = fc.option(
  fc.record(
    {
      status: fc.constantFrom(
        'at-risk' as const,
        'firing' as const,
        'resolved' as const,
        'withdrawn' as const,
      ),
      confirmed: fc.boolean(),
      change: fc.integer({ min: 1, max: 1_000_000 }),
    },
    { noNullPrototype: true },
  ),
  { nil: undefined },
);
const clock: fc.Arbitrary<ClockMemory> = fc.record(
  {
    clockId: fc.oneof(
      fc.base64String({ minLength: 24, maxLength: 24 }).map((id) => id.slice(2)),
      text,
    ),
    rule: text,
    occurrence: fc.record(
      {
        role: fc.constantFrom('origin' as const, 'transshipment' as const, 'destination' as const),
        leg: text,
        subject: text,
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
    state: fc.constantFrom('waiting' as const, 'breached' as const, 'not-applicable' as const),
    alert,
  },
  { noNullPrototype: true },
);

t.test('clocks come back as they were packed, on one line without tabs', async (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(clock, { selector: ({ clockId }) => clockId, maxLength: 6 }), (clocks) => {
      const names = new TextInterner();
      const packed = packClocks(clocks, names);
      if (/[^\x20-\x7e]/.test(packed)) throw new Error(`not plain: ${JSON.stringify(packed)}`);
      t.same([...unpackClocks(packed, names).values()], clocks);
    }),
    { numRuns: 300 },
  );
});

t.test('a damaged text is told', async (t) => {
  const names = new TextInterner();
  const packed = packClocks(
    [{ clockId: 'x'.repeat(22), rule: 'r', occurrence: {}, state: 'met', alert: undefined }],
    names,
  );
  t.throws(() => unpackClocks(packed.slice(0, -3), names), RangeError);
});
