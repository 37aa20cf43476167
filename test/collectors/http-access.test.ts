import { createServer as createPlain, request as forward } from 'node:http';
import { createServer as createTls } from 'node:https';
import { type AddressInfo, connect as dial } from 'node:net';
import t from 'tap';
import { HttpClient, type HttpClientSettings } from '../../collectors/http-client.ts';
import { HostGates } from '../../collectors/http-client-gate.ts';
import type { HttpAuth } from '../../collectors/settings.ts';
import { certificate } from '../support/certificates.ts';
import { CollectorWorld } from '../support/collector-world.ts';
import { eventually } from '../support/engines.ts';
import { type Handler, json, withHttpServer } from '../support/http-server.ts';
import { httpSettings, secret } from '../support/source-settings.ts';

type Test = Parameters<typeof withHttpServer>[0];

/** The promise rejects with a fault like this. */
async function failsWith(
  t: { match(value: unknown, pattern: object, message: string): boolean },
  promise: Promise<unknown>,
  expected: object,
  message?: string,
): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  t.match(error, expected, message ?? JSON.stringify(expected));
}

/** One GET by a client with these settings. */
function clientFor(t: Test, url: string, other: Partial<HttpClientSettings> = {}) {
  const world = new CollectorWorld();
  const client = new HttpClient({ ...httpSettings(url), ...other }, new HostGates(), world.context());
  t.teardown(() => client.close());
  const get = (path = '', signal = new AbortController().signal) =>
    client.get(new URL(url + path), { signal, accept: 'application/json' });
  return { world, get };
}

t.test('credentials go where they belong', async (t) => {
  const server = await withHttpServer(t, (_, response) => json(response, {}));
  const sent = async (auth: HttpAuth) => {
    await clientFor(t, server.url, { auth }).get("/x?$filter=a%20eq%20'b'");
    return server.requests.at(-1)!;
  };
  const basic = await sent({ kind: 'basic', user: 'LAYTIME', password: secret('p:ä') });
  t.equal(basic.headers.authorization, `Basic ${Buffer.from('LAYTIME:p:ä').toString('base64')}`);
  t.match(basic.headers['user-agent'], /^laytime\//);
  t.equal((await sent({ kind: 'bearer', token: secret('T') })).headers.authorization, 'Bearer T');
  const header = await sent({ kind: 'api-key', in: 'header', name: 'X-API-Key', key: secret('K') });
  t.equal(header.headers['x-api-key'], 'K');
  const query = await sent({ kind: 'api-key', in: 'query', name: 'key', key: secret('K&') });
  t.equal(query.path, '/x?$filter=a%20eq%20%27b%27&key=K%26', 'the rest of the query as it was');
});

t.test('an OAuth2 token is fetched once, renewed in time, and once more when it is refused', async (t) => {
  let tokens = 0;
  let valid = 0;
  const forms: string[] = [];
  const handler: Handler = async (request, response, url) => {
    if (url.pathname === '/token') {
      forms.push(await text(request));
      tokens += 1;
      valid = tokens;
      json(response, { access_token: `t${tokens}`, expires_in: 3600 });
    } else if (request.headers.authorization === `Bearer t${valid}`) json(response, {});
    else {
      response.writeHead(401);
      response.end();
    }
  };
  const server = await withHttpServer(t, handler);
  const oauth = (style: 'basic' | 'body'): HttpAuth => ({
    kind: 'oauth2',
    tokenUrl: `${server.url}/token`,
    clientId: 'me',
    clientSecret: secret('s/e c'),
    scope: 'events.read',
    style,
  });
  const { world, get } = clientFor(t, server.url, { auth: oauth('basic') });
  await get('/a');
  await get('/b');
  t.equal(tokens, 1, 'kept');
  t.equal(forms[0], 'grant_type=client_credentials&scope=events.read');
  const sent = server.requests[0]!.headers.authorization;
  t.equal(sent, `Basic ${Buffer.from('me:s%2Fe+c').toString('base64')}`, 'both parts form-encoded');
  world.nowMs += 3_541_000;
  await get('/c');
  t.equal(tokens, 2, 'renewed a minute before it runs out');
  valid = -1;
  await get('/d');
  t.equal(tokens, 3, 'renewed when refused');
  server.handler = (request, response, url) => {
    if (url.pathname === '/token') return handler(request, response, url);
    response.writeHead(401);
    response.end();
  };
  await failsWith(t, get('/e'), { fault: 'unauthorized', retry: { kind: 'attend' } });
  t.equal(tokens, 4, 'but only once');
  await clientFor(t, server.url, { auth: oauth('body') })
    .get('/f')
    .catch(() => undefined);
  t.match(forms.at(-1), /client_id=me&client_secret=s%2Fe\+c/);
});

async function text(request: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(request)).toString();
}

t.test('a token endpoint that says no, or nonsense, or nothing now', async (t) => {
  for (const [status, body, fault, retry] of [
    [400, '{"error":"invalid_client"}', 'token-refused', 'attend'],
    [200, '{"token":1}', 'token-malformed', 'attend'],
    [200, '<html>', 'token-malformed', 'attend'],
    [503, '', 'unavailable', 'back-off'],
  ] as const) {
    const server = await withHttpServer(t, (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body);
    });
    const auth: HttpAuth = {
      kind: 'oauth2',
      tokenUrl: `${server.url}/token`,
      clientId: 'me',
      clientSecret: secret('hush'),
      style: 'body',
    };
    const error = await clientFor(t, server.url, { auth })
      .get()
      .then(
        () => undefined,
        (e: unknown) => e,
      );
    t.match(error, { fault, retry: { kind: retry } });
    t.notMatch(String(error), /hush/, 'no secret in the message');
  }
});

t.test('a redirect within the host is followed, credentials with it', async (t) => {
  const server = await withHttpServer(t, (request, response, url) => {
    if (url.pathname === '/new') return json(response, { as: request.headers.authorization });
    response.writeHead(308, { location: '/new' });
    response.end();
  });
  const answer = await clientFor(t, server.url, { auth: { kind: 'bearer', token: secret('T') } }).get('/old');
  t.equal(Buffer.from(answer.body).toString(), '{"as":"Bearer T"}');
  t.equal(answer.url.pathname, '/new');
});

t.test('TLS: a CA of one’s own, a client certificate, and a named fault without', async (t) => {
  const options = {
    cert: await certificate('server.pem'),
    key: await certificate('server.key'),
    ca: await certificate('ca.pem'),
  };
  const server = createTls({ ...options, requestCert: true, rejectUnauthorized: true }, (_, response) =>
    json(response, {}),
  );
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  t.teardown(() => server.close());
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const tls = {
    ca: options.ca,
    cert: await certificate('client.pem'),
    key: secret(await certificate('client.key')),
  };
  t.equal((await clientFor(t, url, { tls }).get()).status, 200);
  await failsWith(t, clientFor(t, url, { tls: { cert: tls.cert, key: tls.key } }).get(), {
    fault: 'tls-failed',
    retry: { kind: 'attend' },
  });
  await t.rejects(clientFor(t, url, { tls: { ca: tls.ca } }).get(), 'and not without a certificate of ours');
});

t.test('a proxy carries both kinds of URL, and its refusal is named', async (t) => {
  const target = await withHttpServer(t, (_, response) => json(response, { via: 'proxy' }));
  const seen: string[] = [];
  const wanted = `Basic ${Buffer.from('u:p').toString('base64')}`;
  const proxy = createPlain((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (request.headers['proxy-authorization'] !== wanted) {
      response.writeHead(407);
      response.end();
      return;
    }
    const onward = forward(request.url!, { headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.end();
  });
  proxy.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url}`);
    if (request.headers['proxy-authorization'] !== wanted) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const onward = dial(Number(request.url!.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>((up) => proxy.listen(0, '127.0.0.1', up));
  t.teardown(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const good = { url, user: 'u', password: secret('p') };
  t.equal((await clientFor(t, target.url, { proxy: good }).get('/x')).status, 200);
  t.match(seen.at(-1), /GET http|CONNECT/, 'it went through the proxy');

  const [cert, key, ca] = await Promise.all([
    certificate('server.pem'),
    certificate('server.key'),
    certificate('ca.pem'),
  ]);
  const secure = createTls({ cert, key }, (_, response) => json(response, {}));
  await new Promise<void>((up) => secure.listen(0, '127.0.0.1', up));
  t.teardown(() => secure.close());
  const secureUrl = `https://localhost:${(secure.address() as AddressInfo).port}`;
  t.equal((await clientFor(t, secureUrl, { proxy: good, tls: { ca } }).get()).status, 200);
  t.match(seen.at(-1), /^CONNECT localhost/);
  for (const origin of [target.url, secureUrl]) {
    const refused = clientFor(t, origin, { proxy: { url }, tls: { ca } }).get();
    await failsWith(t, refused, { fault: 'proxy-failed' });
  }
});

t.test('names that do not resolve, ports where nobody listens, and being stopped', async (t) => {
  await failsWith(t, clientFor(t, 'http://127.0.0.1:1').get(), {
    fault: 'connection-refused',
    retry: { kind: 'back-off' },
  });
  await failsWith(t, clientFor(t, 'http://nowhere.invalid').get(), { fault: 'name-not-resolved' });
  const server = await withHttpServer(t, () => undefined);
  const abort = new AbortController();
  const { get } = clientFor(t, server.url);
  const [first, second] = [get('/1', abort.signal), get('/2', abort.signal)];
  // Both are listened to before either fails.
  const failed = [
    failsWith(t, first, { fault: 'aborted', retry: { kind: 'stop' } }),
    failsWith(t, second, { fault: 'aborted' }, 'the one that waited for its turn, too'),
  ];
  await eventually('the first has been asked for', () => server.requests.length === 1);
  abort.abort();
  await Promise.all(failed);
  t.equal(server.requests.length, 1);
});
