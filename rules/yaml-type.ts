import type { DurationMs } from './time.ts';
import { type Fields, readFields } from './yaml-reader.ts';
import type { YamlReport } from './yaml-report.ts';
import type { YamlEntry, YamlNode } from './yaml-tree.ts';
import {
  type NumberLimits,
  readDuration,
  readFlag,
  readNumber,
  readOneOf,
  readText,
  readTexts,
} from './yaml-values.ts';

/** JSON Schema (2020-12) of a value. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** How values of one type are written: what reads them, and what editors and the reference page are told of them. */
export interface ValueType<T> {
  /** One word or two for the reference page, where `words` explain it; '' for a choice of words that explain themselves. */
  readonly name: string;
  readonly words: string;
  /** Accepts whatever `read` accepts, and refuses what has another shape. */
  readonly schema: JsonSchema;
  /** Reports what is wrong under the name of the key; `example` is what could stand there. */
  readonly read: (node: YamlNode, report: YamlReport, key: string, example: string) => T | undefined;
}

/** A key of a mapping that people write. */
export interface Key<T = unknown> {
  readonly type: ValueType<T>;
  readonly meaning: string;
  /** A value as it is written. */
  readonly example: string;
  readonly required?: boolean;
  /** What counts when the key is absent. */
  readonly otherwise?: T | undefined;
  /** What counts when the key is absent, as the reference page says it. */
  readonly default?: string;
}

export type Keys = Readonly<Record<string, Key>>;

/** What {@link readKeys} makes of a mapping: a key has a value for sure where something counts in its place. */
export type KeyValues<K extends Keys> = {
  readonly [Name in keyof K]: K[Name] extends Key<infer T>
    ? K[Name] extends { readonly otherwise: T }
      ? T
      : T | undefined
    : never;
};

export const required = <T>(type: ValueType<T>, meaning: string, example: string) =>
  ({ type, meaning, example, required: true }) as const satisfies Key<T>;

export const optional = <T>(type: ValueType<T>, meaning: string, example: string, byDefault?: string) =>
  ({ type, meaning, example, ...(byDefault !== undefined && { default: byDefault }) }) satisfies Key<T>;

/** A key in whose place `otherwise` counts, which is written `text`. */
export const withDefault = <T>(
  type: ValueType<T>,
  meaning: string,
  example: string,
  otherwise: NoInfer<T>,
  text = String(otherwise),
) => ({ type, meaning, example, otherwise, default: text }) satisfies Key<T>;

/** Reads every key of a table; what is wrong or missing is reported, and undefined or the default in its place. */
export function readKeys<K extends Keys>(fields: Fields, keys: K): KeyValues<K> {
  const values = Object.entries(keys).map(([name, key]) => [name, readKey(fields, name, key)] as const);
  return Object.fromEntries(values) as KeyValues<K>;
}

export function readKey<T>(fields: Fields, name: string, key: Key<T>): T | undefined {
  const { type, example, otherwise } = key;
  const read = (node: YamlNode): T | undefined => type.read(node, fields.report, name, example);
  if (key.required === true) return fields.required(name, read, example);
  const node = fields.get(name);
  return (node === undefined ? undefined : read(node)) ?? otherwise;
}

/** A value of this type: by its name in `$defs`, where it has one. */
export const schemaOf = ({ name, schema }: ValueType<unknown>): JsonSchema =>
  name === '' ? schema : { $ref: `#/$defs/${name.replaceAll(' ', '-')}` };

/** A mapping of these keys and no other; those without which nothing works must be there, unless the mapping may be `partial`. */
export function mappingSchema(keys: Keys, { partial = false } = {}): JsonSchema {
  const required = Object.keys(keys).filter((name) => keys[name]!.required === true && !partial);
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(keys).map(([name, key]) => [name, keySchema(key, required.includes(name))]),
    ),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** A key that may be absent may also be empty. */
function keySchema({ type, meaning, example, otherwise, ...key }: Key, mustBeThere: boolean): JsonSchema {
  const scalar = typeof otherwise === 'boolean' ? otherwise : key.default;
  return {
    description: example === '' ? meaning : `${meaning}. Example: ${example}`,
    ...(otherwise !== undefined && typeof otherwise !== 'object' && { default: scalar }),
    ...(mustBeThere ? schemaOf(type) : { anyOf: [schemaOf(type), { type: 'null' }] }),
  };
}

/** A number is taken as it was written. */
export const TEXT_SCHEMA = { type: ['string', 'number'], minLength: 1 } as const;

/** One of them, or a list. */
export const oneOrMore = (item: JsonSchema, minItems = 0): JsonSchema => ({
  anyOf: [item, { type: 'array', items: item, ...(minItems > 0 && { minItems }) }],
});

export const TEXT: ValueType<string> = {
  name: 'text',
  words: 'any text; in quotes where YAML would take it for something else',
  schema: TEXT_SCHEMA,
  read: readText,
};

export const TEXTS: ValueType<readonly string[]> = {
  name: 'texts',
  words: 'one text, or a list of them',
  schema: oneOrMore(TEXT_SCHEMA),
  read: readTexts,
};

export const FLAG: ValueType<boolean> = {
  name: '',
  words: '`true`, `false`',
  schema: { type: 'boolean' },
  read: readFlag,
};

export const DURATION: ValueType<DurationMs> = {
  name: 'duration',
  words: 'elapsed time: `30m`, `2h`, `1h30m`, `7d`, `PT36H`',
  schema: {
    type: 'string',
    pattern:
      '^\\s*((\\d+(\\.\\d+)?\\s*(ms|s|m|h|d|w)\\s*)+|P(?=.*\\d)(\\d+W)?(\\d+D)?(T(\\d+H)?(\\d+M)?(\\d+(\\.\\d+)?S)?)?)\\s*$',
  },
  read: (node, report, key) => readDuration(node, report, key),
};

export const oneOf = <const T extends string>(choices: readonly T[]): ValueType<T> => ({
  name: '',
  words: choices.map((choice) => `\`${choice}\``).join(', '),
  schema: { enum: choices },
  read: (node, report, key) => readOneOf(node, report, key, choices),
});

export const wholeNumber = ({ min = 0, max }: Omit<NumberLimits, 'integer'>): ValueType<number> => ({
  name: '',
  words: max === undefined ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`,
  schema: { type: 'integer', minimum: min, ...(max !== undefined && { maximum: max }) },
  read: (node, report, key) =>
    readNumber(node, report, key, { min, integer: true, ...(max !== undefined && { max }) }),
});

/** A mapping whose keys are names that a person chose. */
export const NAMED: ValueType<readonly YamlEntry[]> = {
  name: '',
  words: 'a mapping of names',
  schema: { type: 'object' },
  read: (node, report, key) => readFields(node, report, key)?.all(),
};

/** The pattern of a text in any case: JSON Schema has no flag for that. */
export const anyCase = (text: string): string =>
  text.replace(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);
