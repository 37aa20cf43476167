import Router from '@koa/router';
import Koa, { type Context, type Next } from 'koa';
import { authorize, callerOf, checkOrigins } from './auth.ts';
import { detailsOf, HttpProblem, problemOf } from './problem.ts';
import { readBody, readQuery } from './request.ts';
import { type Answer, type ApiRequest, isSchema, type Route } from './route.ts';
import type { HealthServices } from './services.ts';

/** Everything that the page needs comes from here, and nothing may frame it or run in it. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** A body is an operator's comment, not a document, unless its route says so. */
const MAX_BODY_BYTES = 16_384;
const MAX_LONG_BODY_BYTES = 512_000;

const nothingThere = (path: string): HttpProblem =>
  new HttpProblem(404, 'not-found', `nothing is at ${path}`);

/** The server: headers → problems → host and origin → route (role → parameters → limits → answer). */
export function httpApp<S extends HealthServices>(
  services: S,
  routes: readonly Route<S>[],
  missing = nothingThere,
): Koa {
  const app = new Koa();
  // Errors are answered by the first stage; what is left is the connection's own.
  app.silent = true;
  app.use((ctx, next) => tellProblems(ctx, next, services));
  app.use((ctx, next) => {
    const { method, headers } = ctx.request;
    checkOrigins(
      {
        host: ctx.host,
        origin: headers.origin,
        site: ctx.get('sec-fetch-site') || undefined,
        changes: method !== 'GET' && method !== 'HEAD',
      },
      services.settings,
    );
    return next();
  });
  const router = new Router();
  for (const route of routes) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    const serve = (ctx: Context): Promise<void> => answer(ctx, route, services);
    if (route.method === 'GET') router.get(path, serve);
    else router.post(path, serve);
  }
  app.use(router.routes());
  app.use((ctx) => {
    const other = routes.filter(({ path }) => matches(path, ctx.path)).map(({ method }) => method);
    if (other.length === 0) throw missing(ctx.path);
    ctx.set('allow', other.join(', '));
    throw new HttpProblem(405, 'method-not-allowed', `${ctx.path} takes ${other.join(', ')}`);
  });
  return app;
}

const matches = (template: string, path: string): boolean =>
  new RegExp(`^${template.replaceAll(/[.]/g, '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`).test(path);

async function tellProblems(ctx: Context, next: Next, { fault }: HealthServices): Promise<void> {
  ctx.set(HEADERS);
  try {
    await next();
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code === 'internal' || problem.code === 'store-away')
      fault(`${ctx.method} ${ctx.path}: ${String(error)}`);
    if (problem.code === 'unauthorized') ctx.set('www-authenticate', 'Bearer realm="laytime"');
    if (problem.retryAfter !== undefined) ctx.set('retry-after', String(problem.retryAfter));
    ctx.status = problem.status;
    ctx.body = JSON.stringify(detailsOf(problem));
    ctx.type = 'application/problem+json';
  }
}

async function answer<S extends HealthServices>(ctx: Context, route: Route<S>, services: S): Promise<void> {
  const { tokens } = services.settings;
  const caller = callerOf(ctx.get('authorization') || undefined, tokens);
  if (route.role !== 'anyone') authorize(caller, route.role);
  const request: ApiRequest = {
    path: pathParameters(ctx),
    query: readQuery(route, new URLSearchParams(ctx.querystring)),
    body: route.method === 'POST' ? readBody(route, await jsonBody(ctx, route.longBody === true)) : {},
    caller,
  };
  const handle = (): Promise<Answer> => route.handle(request, services);
  const { gate } = services;
  const given = !route.asksStore
    ? handle()
    : route.method === 'GET'
      ? gate.share(ctx.url, handle)
      : gate.run(handle);
  send(ctx, route, await given);
  if (route.method === 'POST') gate.clear();
}

function pathParameters(ctx: Context): Readonly<Record<string, string>> {
  const params = (ctx as Context & { readonly params?: Readonly<Record<string, string>> }).params ?? {};
  for (const [name, value] of Object.entries(params)) {
    if (value.length > 500)
      throw new HttpProblem(400, 'bad-request', `${name} is longer than 500 characters`);
  }
  return params;
}

/** A form of another site cannot send this media type without being asked first (CORS), and we never agree. */
async function jsonBody(ctx: Context, long: boolean): Promise<unknown> {
  const most = long ? MAX_LONG_BODY_BYTES : MAX_BODY_BYTES;
  if (!ctx.is('application/json')) {
    throw new HttpProblem(415, 'unsupported-media-type', 'send content-type: application/json');
  }
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of ctx.req as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > most) throw new HttpProblem(413, 'too-large', `a body has at most ${most} bytes`);
    parts.push(part);
  }
  if (size === 0) return {};
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    throw new HttpProblem(400, 'bad-request', 'the body is no JSON');
  }
}

function send(ctx: Context, route: Pick<Route, 'answer'>, given: Answer): void {
  if ('json' in given) {
    ctx.status = given.status ?? 200;
    ctx.type = 'application/json';
    ctx.body = JSON.stringify(given.json);
    return;
  }
  if ('text' in given) {
    ctx.status = given.status ?? 200;
    ctx.type = given.type;
    ctx.body = given.text;
    return;
  }
  ctx.status = 200;
  // What partners sent must never be shown as a page of ours.
  ctx.type = isSchema(route.answer) ? 'application/octet-stream' : route.answer.media;
  ctx.set('content-disposition', `attachment; filename="${given.fileName.replaceAll(/[^\w.-]/g, '_')}"`);
  ctx.body = Buffer.from(given.bytes);
}
