import { closest } from '../../rules/problem.ts';
import { HttpProblem } from './problem.ts';
import type { Route } from './route.ts';
import type { Schema } from './schema.ts';

const MAX_TEXT = 500;

/** The query of a request, checked against the route: unknown and repeated names are mistakes, not ignored. */
export function readQuery(
  route: Pick<Route, 'query' | 'anyQuery'>,
  query: URLSearchParams,
): Readonly<Record<string, string | undefined>> {
  if (route.anyQuery === true) return {};
  const known = route.query ?? {};
  const out: Record<string, string> = {};
  for (const [name, value] of query) {
    const parameter = Object.hasOwn(known, name) ? known[name] : undefined;
    if (parameter === undefined) {
      const near = closest(name, Object.keys(known));
      throw bad(`there is no parameter "${name}"${near === undefined ? '' : `; did you mean ${near}?`}`);
    }
    if (Object.hasOwn(out, name)) throw bad(`${name} is given twice`);
    if (value === '') continue;
    const wrong = wrongValue(parameter.schema, value);
    if (wrong !== undefined) throw bad(`${name}: ${wrong}`);
    out[name] = value;
  }
  return out;
}

/** The same for the properties of a body. */
export function readBody(route: Pick<Route, 'body'>, body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw bad('the body must be a JSON object');
  const { properties = {}, required = [] } = route.body ?? {};
  const given = body as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(given)) {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (schema === undefined) {
      const near = closest(name, Object.keys(properties));
      throw bad(`there is no property "${name}"${near === undefined ? '' : `; did you mean ${near}?`}`);
    }
    if (typeof value !== 'string') throw bad(`${name}: expected a text`);
    const wrong = wrongValue(schema, value);
    if (wrong !== undefined) throw bad(`${name}: ${wrong}`);
  }
  for (const name of required) {
    if (given[name] === undefined || given[name] === '') throw bad(`${name} is missing`);
  }
  return given;
}

function wrongValue(
  { type, format, enum: values, minimum, maximum, maxLength }: Schema,
  value: string,
): string | undefined {
  if (values !== undefined && !values.includes(value)) return `expected one of ${values.join(', ')}`;
  if (format === 'date-time' && !isInstant(value)) {
    return 'expected a time with its offset, such as 2026-06-01T09:00:00Z';
  }
  if (type === 'integer') {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= (minimum ?? 0) && number <= (maximum ?? Number.MAX_SAFE_INTEGER))) {
      return `expected a whole number from ${minimum ?? 0} to ${maximum ?? Number.MAX_SAFE_INTEGER}`;
    }
  }
  const longest = maxLength ?? MAX_TEXT;
  return value.length > longest ? `longer than ${longest} characters` : undefined;
}

function isInstant(text: string): boolean {
  try {
    Temporal.Instant.from(text);
    return true;
  } catch {
    return false;
  }
}

const bad = (detail: string): HttpProblem => new HttpProblem(400, 'bad-request', detail);

/** Epoch ms of a checked time; undefined for none. */
export const epochMsOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Temporal.Instant.from(text).epochMilliseconds;
