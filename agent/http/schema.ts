/** The part of JSON Schema 2020-12 (the dialect of OpenAPI 3.1) that answers are described in. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly default?: number | string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
}

export const text: Schema = { type: 'string' };
export const maybeText: Schema = { type: ['string', 'null'] };
export const count: Schema = { type: 'integer' };
export const number: Schema = { type: 'number' };
export const maybeNumber: Schema = { type: ['number', 'null'] };
export const flag: Schema = { type: 'boolean' };
/** RFC 3339 in UTC, with milliseconds. */
export const time: Schema = { type: 'string', format: 'date-time' };
export const maybeTime: Schema = { type: ['string', 'null'], format: 'date-time' };
export const texts: Schema = { type: 'array', items: text };

export const list = (items: Schema): Schema => ({ type: 'array', items });
export const mapOf = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });

/** An object that has all of these; `optional` ones may be absent. */
export const object = (
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});

/** One page of rows, and the cursor of the next one unless it is the last. */
export const page = (row: Schema): Schema => object({ rows: list(row), cursor: text }, ['cursor']);
