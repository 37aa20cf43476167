import fc from 'fast-check';
import t from 'tap';
import { compileExpression } from '../../rules/expression.ts';
import {
  type Ast,
  type CompareOp,
  type Operand,
  parseExpression,
  printExpression,
} from '../../rules/expression-syntax.ts';

const holds = (text: string, attributes: Record<string, string | number | boolean>): boolean => {
  const result = compileExpression(text);
  if (!('expr' in result)) throw new Error(`${text}: ${result.error}`);
  return result.expr.test(attributes);
};

t.test('conditions that people write', async (t) => {
  const nl = { mode: 'sea', 'destination.country': 'NL', pieces: 12, 'goods.dangerous': true };
  t.ok(holds('mode == "sea" and destination.country == "NL"', nl));
  t.ok(holds('destination.country in [\'NL\', "BE",]', nl));
  t.notOk(holds('destination.country not in ["NL"]', nl));
  t.ok(holds('not (mode == "air" or pieces < 12)', nl));
  t.ok(holds('mode == "air" or mode == "sea" and pieces >= 12', nl), 'and binds closer than or');
  t.ok(holds('goods.dangerous == true and pieces > -1.5e1', nl));
  t.ok(holds('destination.country matches "^N"', nl));
  t.ok(holds('destination.country matches "(?i)l"', nl), 'anywhere in the text');
  t.notOk(holds('destination.country matches "^L"', nl));
  t.ok(holds('origin.country != destination.country', { ...nl, 'origin.country': 'CN' }));
});

t.test('what a shipment does not have makes a comparison false, either way', async (t) => {
  t.notOk(holds('mode == "sea"', {}));
  t.notOk(holds('mode != "sea"', {}));
  t.notOk(holds('mode not in ["sea"]', {}));
  t.notOk(holds('mode matches ""', {}));
  t.ok(holds('not mode == "sea"', {}));
  t.ok(holds('not exists(mode)', {}));
  t.ok(holds('exists(mode)', { mode: '' }));
  t.notOk(holds('exists(constructor) or toString != "x"', {}), 'nothing is inherited');
});

t.test('different types are never equal and never in order', async (t) => {
  t.notOk(holds('pieces == "12"', { pieces: 12 }));
  t.ok(holds('pieces != "12"', { pieces: 12 }));
  t.notOk(holds('pieces < "13"', { pieces: 12 }));
  t.notOk(holds('pieces in ["12"]', { pieces: 12 }));
});

t.test('errors name the column and what to write', async (t) => {
  const cases: [string, number, RegExp, RegExp?][] = [
    ['mode = "sea"', 6, /no operator/, /==/],
    ['a == 1 && b == 2', 8, /no operator/, /and/],
    ['mode == "sea', 9, /not closed/],
    ['mode in [NL]', 10, /values, not attributes/, /"NL"/],
    ['(mode == "sea"', 15, /expected \)/],
    ['mode == "sea" mode', 15, /expected "and" or "or"/],
    ['mode', 5, /after mode/, /exists\(mode\)/],
    ['mode matches "("', 14, /pattern/],
    ['a == €', 6, /no meaning/],
    ['', 1, /empty/],
    [`${'('.repeat(500)}a == 1${')'.repeat(500)}`, 101, /nested/],
  ];
  for (const [text, column, error, fix] of cases) {
    const result = compileExpression(text);
    if ('expr' in result) t.fail(`${text} should be refused`);
    else t.match(result, fix === undefined ? { column, error } : { column, error, fix }, text.slice(0, 30));
  }
});

t.test('the attributes it reads', async (t) => {
  const result = compileExpression('b == 1 and (a.c == b or not exists(d))');
  t.match(result, { expr: { attributes: ['a.c', 'b', 'd'] } });
});

t.test('no pattern takes long', async (t) => {
  t.notOk(
    holds('mode matches "^(a+)+$"', { mode: `${'a'.repeat(50_000)}b` }),
    'answers, where backtracking would hang',
  );
  t.match(compileExpression('a matches "((a{1000}){1000}){1000}"'), { error: /repeat count/ });
});

const attribute = fc
  .constantFrom('mode', 'destination.country', 'duty.amount', 'a_b')
  .map((name): Operand => ({ kind: 'attribute', name, column: 0 }));
const literal = fc
  .oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('"', "'", '\\', 'a') }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
  )
  .map((value) => ({
    kind: 'literal' as const,
    value: Object.is(value, -0) ? 0 : value,
    column: 0,
    length: 0,
  }));
const operand = fc.oneof(attribute, literal);
const asts = fc.letrec<{ ast: Ast }>((tie) => ({
  ast: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.record({
      kind: fc.constant('compare' as const),
      op: fc.constantFrom<CompareOp>('==', '!=', '<', '<=', '>', '>='),
      left: operand,
      right: operand,
    }),
    fc.record({
      kind: fc.constant('in' as const),
      negated: fc.boolean(),
      operand,
      values: fc.array(literal, { maxLength: 3 }),
    }),
    attribute.map((a): Ast => ({ kind: 'exists', attribute: a as Extract<Operand, { kind: 'attribute' }> })),
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), left: tie('ast'), right: tie('ast') }),
    fc.record({ kind: fc.constant('not' as const), operand: tie('ast') }),
  ),
})).ast;

/** Places differ, and nothing else may. */
const bare = (ast: Ast): string =>
  JSON.stringify(ast, (key, value) => (key === 'column' || key === 'length' ? undefined : value));

t.test('what is printed reads back as the same', async () => {
  fc.assert(
    fc.property(asts, (ast) => {
      const text = printExpression(ast);
      const again = parseExpression(text);
      return text.length > 4000 || ('ast' in again && bare(again.ast) === bare(ast));
    }),
    { numRuns: 2000 },
  );
});

t.test('any text whatever is an expression or an error with a column in it', async () => {
  const words = fc.constantFrom(
    'a',
    'and',
    'or',
    'not',
    'in',
    'matches',
    'exists',
    '(',
    ')',
    '[',
    ']',
    ',',
    '==',
    '!=',
    '<',
    '"x"',
    "'",
    '"',
    '1',
    '-',
    '.',
    ' ',
    '\\',
    '\n',
  );
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(words, { maxLength: 20 }).map((w) => w.join(' ')),
  );
  fc.assert(
    fc.property(anything, (text) => {
      const result = compileExpression(text);
      if ('expr' in result) {
        result.expr.test({ a: 1 });
        return true;
      }
      return result.column >= 1 && result.column <= text.length + 1 && result.length >= 1;
    }),
    { numRuns: 3000 },
  );
});
