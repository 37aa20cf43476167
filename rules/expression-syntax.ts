/** The condition language as a tree. A pure syntax: nothing here knows what an attribute means. */
export type Ast =
  | { readonly kind: 'and' | 'or'; readonly left: Ast; readonly right: Ast }
  | { readonly kind: 'not'; readonly operand: Ast }
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly left: Operand; readonly right: Operand }
  | {
      readonly kind: 'in';
      readonly negated: boolean;
      readonly operand: Operand;
      readonly values: readonly Literal[];
    }
  | { readonly kind: 'matches'; readonly operand: Operand; readonly pattern: Literal }
  | { readonly kind: 'exists'; readonly attribute: Attribute };

export type CompareOp = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type Operand = Attribute | Literal;
export interface Attribute {
  readonly kind: 'attribute';
  readonly name: string;
  /** 1-based place in the expression's text. */
  readonly column: number;
}
export interface Literal {
  readonly kind: 'literal';
  readonly value: string | number | boolean;
  readonly column: number;
  /** Characters in the text. */
  readonly length: number;
}

/** Where and why a text is no expression; `column` is 1-based in the expression's text. */
export interface ExpressionError {
  readonly error: string;
  readonly column: number;
  readonly length: number;
  readonly fix?: string;
}

interface Token {
  readonly kind: 'name' | 'string' | 'number' | 'symbol' | 'end';
  readonly text: string;
  readonly value?: string | number;
  readonly column: number;
  readonly length: number;
}

const MAX_LENGTH = 4000;
const MAX_DEPTH = 100;
const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'matches', 'exists', 'true', 'false']);
/** What other languages write, and what it is here. */
const FOREIGN: Readonly<Record<string, string>> = {
  '&&': 'and',
  '||': 'or',
  '!': 'not',
  '=': '==',
  '=~': 'matches',
  '~': 'matches',
  '===': '==',
  '!==': '!=',
  '<>': '!=',
};

class SyntaxFault extends Error {
  readonly at: ExpressionError;
  constructor(at: ExpressionError) {
    super(at.error);
    this.at = at;
  }
}

function fault(token: { column: number; length: number }, error: string, fix?: string): never {
  const { column, length } = token;
  throw new SyntaxFault(fix === undefined ? { error, column, length } : { error, column, length, fix });
}

/** Parses a condition such as `mode == "sea" and destination.country in ["NL", "BE"]`. Never throws. */
export function parseExpression(text: string): { readonly ast: Ast } | ExpressionError {
  if (text.length > MAX_LENGTH) {
    return { error: `the condition is longer than ${MAX_LENGTH} characters`, column: 1, length: 1 };
  }
  try {
    return { ast: new Parser(tokenize(text)).whole() };
  } catch (e) {
    if (e instanceof SyntaxFault) return e.at;
    throw e;
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern =
    /\s+|([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)|(-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(===|!==|=~|<>|[=!<>]=|&&|\|\||[=<>!~()[\],])/gsuy;
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    const m = pattern.exec(text);
    const column = at + 1;
    if (m === null) {
      const open = text[at] === '"' || text[at] === "'";
      if (open)
        fault({ column, length: text.length - at }, 'this text is not closed', `end it with ${text[at]}`);
      const char = String.fromCodePoint(text.codePointAt(at)!);
      fault({ column, length: char.length }, `${JSON.stringify(char)} has no meaning here`);
    }
    const [whole, name, number, string, symbol] = m;
    const length = whole.length;
    if (name !== undefined) tokens.push({ kind: 'name', text: name, column, length });
    else if (number !== undefined) {
      const value = Number(number);
      if (!Number.isFinite(value)) fault({ column, length }, `${number} is too large a number`);
      tokens.push({ kind: 'number', text: number, value, column, length });
    } else if (string !== undefined) {
      tokens.push({ kind: 'string', text: string, value: unquote(string), column, length });
    } else if (symbol !== undefined) {
      const ours = FOREIGN[symbol];
      if (ours !== undefined) fault({ column, length }, `"${symbol}" is no operator here`, `write ${ours}`);
      tokens.push({ kind: 'symbol', text: symbol, column, length });
    }
    at += length;
  }
  tokens.push({ kind: 'end', text: '', column: text.length + 1, length: 1 });
  return tokens;
}

/** Only `\\` before a quote or another backslash is an escape: patterns keep their `\d`. */
const unquote = (quoted: string): string => quoted.slice(1, -1).replace(/\\(["'\\])/g, '$1');
const quote = (text: string): string => `"${text.replace(/(["\\])/g, '\\$1')}"`;

const show = (token: Token): string => (token.kind === 'end' ? 'the end' : token.text);

class Parser {
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  whole(): Ast {
    if (this.peek().kind === 'end') fault(this.peek(), 'the condition is empty', 'leave the key out');
    const ast = this.or();
    const rest = this.peek();
    if (rest.kind !== 'end') fault(rest, `expected "and" or "or" before ${show(rest)}`);
    return ast;
  }

  private peek(): Token {
    return this.tokens[this.at]!;
  }
  private next(): Token {
    return this.tokens[this.at++]!;
  }
  private take(text: string): boolean {
    const token = this.peek();
    if (token.kind === 'string' || token.text !== text) return false;
    this.at++;
    return true;
  }
  private expect(text: string): void {
    if (!this.take(text)) fault(this.peek(), `expected ${text}, found ${show(this.peek())}`);
  }

  private or(): Ast {
    let left = this.and();
    while (this.take('or')) left = { kind: 'or', left, right: this.and() };
    return left;
  }
  private and(): Ast {
    let left = this.unary();
    while (this.take('and')) left = { kind: 'and', left, right: this.unary() };
    return left;
  }

  private unary(): Ast {
    const token = this.peek();
    if (++this.depth > MAX_DEPTH) fault(token, 'the condition is nested too deep');
    let ast: Ast;
    if (this.take('not')) ast = { kind: 'not', operand: this.unary() };
    else if (this.take('(')) {
      ast = this.or();
      this.expect(')');
    } else if (this.take('exists')) {
      this.expect('(');
      const operand = this.operand();
      if (operand.kind !== 'attribute') fault(operand, 'exists takes the name of an attribute');
      this.expect(')');
      ast = { kind: 'exists', attribute: operand };
    } else ast = this.comparison();
    this.depth--;
    return ast;
  }

  private comparison(): Ast {
    const first = this.peek();
    const left = this.operand();
    const op = this.next();
    if (op.kind === 'symbol' && /^([=!]=|[<>]=?)$/.test(op.text)) {
      return { kind: 'compare', op: op.text as CompareOp, left, right: this.operand() };
    }
    if (op.kind === 'name' && op.text === 'in') return this.membership(left, false);
    if (op.kind === 'name' && op.text === 'not' && this.take('in')) {
      return this.membership(left, true);
    }
    if (op.kind === 'name' && op.text === 'matches') {
      const pattern = this.operand();
      if (pattern.kind !== 'literal' || typeof pattern.value !== 'string') {
        fault({ column: pattern.column, length: 1 }, 'matches takes a pattern in quotes', 'such as "^NL"');
      }
      return { kind: 'matches', operand: left, pattern };
    }
    return fault(
      op,
      `expected ==, !=, <, <=, >, >=, in or matches after ${show(first)}, found ${show(op)}`,
      left.kind === 'attribute' ? `compare it: ${left.name} == true, or exists(${left.name})` : undefined,
    );
  }

  private membership(operand: Operand, negated: boolean): Ast {
    return { kind: 'in', negated, operand, values: this.values() };
  }

  private values(): Literal[] {
    const out: Literal[] = [];
    this.expect('[');
    while (!this.take(']')) {
      if (out.length > 0) this.expect(',');
      if (out.length > 0 && this.take(']')) break;
      const value = this.operand();
      if (value.kind !== 'literal')
        fault(
          { column: value.column, length: value.name.length },
          'a list holds values, not attributes',
          `put quotes around it: "${value.name}"`,
        );
      out.push(value);
    }
    return out;
  }

  private operand(): Operand {
    const token = this.next();
    const { column, length } = token;
    if (token.kind === 'string' || token.kind === 'number') {
      return { kind: 'literal', value: token.value!, column, length };
    }
    if (token.kind === 'name' && (token.text === 'true' || token.text === 'false')) {
      return { kind: 'literal', value: token.text === 'true', column, length };
    }
    if (token.kind === 'name' && !KEYWORDS.has(token.text)) {
      return { kind: 'attribute', name: token.text, column };
    }
    if (token.kind === 'end') this.at--;
    return fault(token, `expected an attribute or a value, found ${show(token)}`);
  }
}

/** The canonical text of a condition: parsing it gives the same tree (places aside). */
export function printExpression(ast: Ast): string {
  switch (ast.kind) {
    case 'or':
      return `${printExpression(ast.left)} or ${inner(ast.right, ['or'])}`;
    case 'and':
      return `${inner(ast.left, ['or'])} and ${inner(ast.right, ['or', 'and'])}`;
    case 'not':
      return `not ${inner(ast.operand, ['or', 'and'])}`;
    case 'compare':
      return `${printOperand(ast.left)} ${ast.op} ${printOperand(ast.right)}`;
    case 'in':
      return `${printOperand(ast.operand)} ${ast.negated ? 'not in' : 'in'} [${ast.values.map(printOperand).join(', ')}]`;
    case 'matches':
      return `${printOperand(ast.operand)} matches ${printOperand(ast.pattern)}`;
    case 'exists':
      return `exists(${ast.attribute.name})`;
  }
}

const inner = (ast: Ast, brackets: readonly Ast['kind'][]): string =>
  brackets.includes(ast.kind) ? `(${printExpression(ast)})` : printExpression(ast);

const printOperand = (operand: Operand): string =>
  operand.kind === 'attribute'
    ? operand.name
    : typeof operand.value === 'string'
      ? quote(operand.value)
      : String(operand.value);
