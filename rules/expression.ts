import { RE2JS } from 're2js';
import {
  type Ast,
  type CompareOp,
  type ExpressionError,
  type Operand,
  parseExpression,
} from './expression-syntax.ts';

/** A condition over a shipment's attributes, compiled to a closure; linear time, no code. */
export interface Expr {
  readonly text: string;
  /** Attribute names that it reads. */
  readonly attributes: readonly string[];
  test(attributes: Readonly<Record<string, string | number | boolean>>): boolean;
}

type Attributes = Readonly<Record<string, string | number | boolean>>;
type Value = string | number | boolean;
type Test = (attributes: Attributes) => boolean;
type Get = (attributes: Attributes) => Value | undefined;

/**
 * Compiles a condition. An attribute that a shipment does not have makes every comparison with it false, `!=` and
 * `not in` included; say `not (x == 1)` or `not exists(x)` where absence should count. Values of different
 * types are never equal and never in order. `matches` searches anywhere in a text (anchor with ^ and $), in linear time (RE2 syntax).
 */
export function compileExpression(text: string): { readonly expr: Expr } | ExpressionError {
  const parsed = parseExpression(text);
  if ('error' in parsed) return parsed;
  const attributes = new Set<string>();
  try {
    const test = compile(parsed.ast, attributes);
    return { expr: { text, attributes: [...attributes].sort(), test } };
  } catch (e) {
    if (e instanceof PatternFault) return e.at;
    throw e;
  }
}

class PatternFault extends Error {
  readonly at: ExpressionError;
  constructor(at: ExpressionError) {
    super(at.error);
    this.at = at;
  }
}

function compile(ast: Ast, names: Set<string>): Test {
  switch (ast.kind) {
    case 'and': {
      const left = compile(ast.left, names);
      const right = compile(ast.right, names);
      return (a) => left(a) && right(a);
    }
    case 'or': {
      const left = compile(ast.left, names);
      const right = compile(ast.right, names);
      return (a) => left(a) || right(a);
    }
    case 'not': {
      const inner = compile(ast.operand, names);
      return (a) => !inner(a);
    }
    case 'compare':
      return compare(ast.op, getter(ast.left, names), getter(ast.right, names));
    case 'in': {
      const get = getter(ast.operand, names);
      const values = new Set<Value>(ast.values.map((v) => v.value));
      return (a) => {
        const value = get(a);
        return value !== undefined && values.has(value) !== ast.negated;
      };
    }
    case 'matches': {
      const get = getter(ast.operand, names);
      const pattern = compilePattern(String(ast.pattern.value), ast.pattern);
      return (a) => {
        const value = get(a);
        return value !== undefined && pattern.test(String(value));
      };
    }
    case 'exists': {
      const get = getter(ast.attribute, names);
      return (a) => get(a) !== undefined;
    }
  }
}

function getter(operand: Operand, names: Set<string>): Get {
  if (operand.kind === 'literal') return () => operand.value;
  const { name } = operand;
  names.add(name);
  // Attributes come from messages: a key such as `constructor` must not find Object.prototype.
  return (a) => (Object.hasOwn(a, name) ? a[name] : undefined);
}

const COMPARE: Readonly<Record<CompareOp, (x: Value, y: Value) => boolean>> = {
  '==': (x, y) => x === y,
  '!=': (x, y) => x !== y,
  '<': (x, y) => typeof x === typeof y && x < y,
  '<=': (x, y) => typeof x === typeof y && x <= y,
  '>': (x, y) => typeof x === typeof y && x > y,
  '>=': (x, y) => typeof x === typeof y && x >= y,
};

function compare(op: CompareOp, left: Get, right: Get): Test {
  const holds = COMPARE[op];
  return (a) => {
    const x = left(a);
    const y = right(a);
    return x !== undefined && y !== undefined && holds(x, y);
  };
}

function compilePattern(pattern: string, place: { column: number; length: number }): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (e) {
    const { column, length } = place;
    const why = e instanceof Error ? e.message.replace(/^error parsing regexp: /, '') : 'unknown';
    throw new PatternFault({ error: `the pattern cannot be read: ${why}`, column, length });
  }
}
