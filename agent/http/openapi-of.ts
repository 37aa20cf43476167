import type { HttpSettings } from './contract.ts';
import { isSchema, type Parameter, type Route } from './route.ts';
import { number, object, type Schema, text } from './schema.ts';

const PROBLEM: Schema = object({ type: text, title: text, status: number, detail: text });

/** The OpenAPI 3.1 document of the routes: it cannot say what they do not do. */
export function openapiOf(
  routes: readonly Route[],
  { version, publicUrl, tokens }: Pick<HttpSettings, 'version' | 'publicUrl' | 'tokens'>,
): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = paths[route.path] ?? {};
    path[route.method.toLowerCase()] = operationOf(route);
    paths[route.path] = path;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Laytime',
      version,
      description: 'Shipments, their milestones and SLA clocks, and alerts.',
    },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
    ...(tokens.length > 0 && { security: [{ token: [] }] }),
  };
}

function operationOf(route: Route): object {
  const { name, summary, role, path, query = {}, body, answer } = route;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => ({
    name: parameter,
    in: 'path',
    required: true,
    schema: text,
  }));
  const inQuery = Object.entries(query).map(([parameter, { describe, schema }]: [string, Parameter]) => ({
    name: parameter,
    in: 'query',
    description: describe,
    schema,
  }));
  const content = isSchema(answer)
    ? { 'application/json': { schema: answer } }
    : { [answer.media]: { schema: { type: 'string' } } };
  return {
    operationId: name,
    summary,
    description: role === 'anyone' ? 'Needs no token.' : `Needs the role ${role}.`,
    ...(role === 'anyone' && { security: [] }),
    parameters: [...inPath, ...inQuery],
    ...(body !== undefined && {
      requestBody: {
        required: (body.required ?? []).length > 0,
        content: { 'application/json': { schema: object(body.properties, optionalOf(body)) } },
      },
    }),
    responses: {
      200: { description: 'As asked', content },
      default: {
        description: 'A problem (RFC 9457)',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

const optionalOf = ({ properties, required = [] }: NonNullable<Route['body']>): string[] =>
  Object.keys(properties).filter((name) => !required.includes(name));
