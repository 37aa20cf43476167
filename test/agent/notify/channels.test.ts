import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import t, { type Test } from 'tap';
import { slackChannel, teamsChannel } from '../../../agent/notify/channels/chat.ts';
import { emailChannel } from '../../../agent/notify/channels/email.ts';
import { logChannel } from '../../../agent/notify/channels/log.ts';
import { natsChannel } from '../../../agent/notify/channels/nats.ts';
import { webhookChannel } from '../../../agent/notify/channels/webhook.ts';
import type { NotifyChannel, OutboundMessage, SendResult } from '../../../agent/notify/route.ts';
import { alertRecord } from '../../support/alerts.ts';

const group = {
  route: 'desk',
  labels: { place: 'GBFXT' },
  records: [alertRecord('a', 1), alertRecord('b', 2, { kind: 'resolved' })],
};

interface Request {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function listen(
  t: Test,
  answer: (request: Request) => { status: number; headers?: Record<string, string> },
): Promise<{ url: string; requests: Request[] }> {
  const requests: Request[] = [];
  const server = createServer(async (incoming, outgoing) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    const request = { path: incoming.url ?? '', headers: incoming.headers, body };
    requests.push(request);
    const { status, headers } = answer(request);
    outgoing.writeHead(status, headers).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

function send(channel: NotifyChannel, key = 'key-1'): Promise<SendResult> {
  const message: OutboundMessage = { ...channel.render(group), idempotencyKey: key };
  return channel.send(message, new AbortController().signal);
}

t.test('a webhook carries a signature that the receiver can check', async (t) => {
  const { url, requests } = await listen(t, () => ({ status: 204 }));
  const secret = `whsec_${Buffer.from('a secret of some bytes').toString('base64')}`;
  const channel = webhookChannel({
    url,
    secret: { reveal: () => secret },
    now: () => 1_700_000_000_500,
  });
  t.same(await send(channel), { kind: 'sent' });
  const { headers, body } = requests[0]!;
  t.equal(headers['webhook-id'], 'key-1');
  t.equal(headers['idempotency-key'], 'key-1');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const expected = createHmac('sha256', 'a secret of some bytes').update(signed).digest('base64');
  t.equal(headers['webhook-signature'], `v1,${expected}`);
  t.match(JSON.parse(body), {
    type: 'laytime.alerts',
    group: { place: 'GBFXT' },
    alerts: [
      { alertId: 'a', kind: 'fired', change: 1 },
      { alertId: 'b', kind: 'resolved', change: 2 },
    ],
  });
});

t.test('a redirect is refused, and nothing is asked of the address it names', async (t) => {
  const inside = await listen(t, () => ({ status: 200 }));
  const outside = await listen(t, () => ({ status: 307, headers: { location: `${inside.url}/metadata` } }));
  const result = await send(webhookChannel({ url: outside.url, now: () => 0 }));
  t.match(result, { kind: 'failed', reason: /redirects are not followed/ });
  t.equal(inside.requests.length, 0);
});

t.test('what a receiver answers decides whether to try again', async (t) => {
  const answers = new Map([
    ['/busy', { status: 429, headers: { 'retry-after': '12' } }],
    ['/later', { status: 503, headers: { 'retry-after': new Date(60_000).toUTCString() } }],
    ['/gone', { status: 410 }],
    ['/odd', { status: 500, headers: { 'retry-after': 'soon' } }],
  ]);
  const { url } = await listen(t, ({ path }) => answers.get(path) ?? { status: 200 });
  const ask = (path: string) => send(webhookChannel({ url: `${url}${path}`, now: () => 30_000 }));
  t.match(await ask('/busy'), { kind: 'retry', afterMs: 12_000 });
  t.match(await ask('/later'), { kind: 'retry', afterMs: 30_000 });
  t.match(await ask('/gone'), { kind: 'failed' });
  t.same(await ask('/odd'), { kind: 'retry', reason: 'the receiver answered 500' });
  t.match(await send(webhookChannel({ url: 'http://127.0.0.1:1', now: () => 0 })), {
    kind: 'retry',
  });
});

t.test('Slack and Teams get what their incoming webhooks take', async (t) => {
  const { url, requests } = await listen(t, () => ({ status: 200 }));
  const settings = { url: { reveal: () => url }, now: () => 0 };
  t.same(await send(slackChannel(settings)), { kind: 'sent' });
  t.same(await send(teamsChannel(settings)), { kind: 'sent' });
  t.match(JSON.parse(requests[0]!.body), {
    text: /2 alerts for GBFXT/,
    blocks: [
      {
        type: 'section',
        text: { type: 'mrkdwn', text: /\*<https:\/\/laytime.example\/shipments\/1\|fired a>\*/ },
      },
    ],
  });
  t.match(JSON.parse(requests[1]!.body), {
    attachments: [
      { contentType: 'application/vnd.microsoft.card.adaptive', content: { type: 'AdaptiveCard' } },
    ],
  });
});

t.test('e-mail reaches the desk with a Message-ID that names the message, not the attempt', async (t) => {
  const mails: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('nobody')
        ? done(Object.assign(new Error('no such user'), { responseCode: 550 }))
        : done(),
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (chunk) => {
        text += chunk;
      });
      stream.on('end', () => {
        mails.push(text);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.server.address() as AddressInfo;
  const channel = (to: string) =>
    emailChannel({
      to: [to],
      smtp: { host: '127.0.0.1', port, security: 'none', from: 'Laytime <alerts@acme.example>' },
    });
  const desk = channel('customs@acme.example');
  t.same(await send(desk), { kind: 'sent' });
  t.match(mails[0], /^Message-ID: <key-1@acme.example>/m);
  t.match(mails[0], /^Subject: 2 alerts for GBFXT/m);
  t.match(mails[0], /Shipment: delivery 80000001/);
  t.match(
    await send(channel('nobody@acme.example')),
    { kind: 'failed' },
    'a refused address is not tried again',
  );
  await desk.close?.();
});

t.test('a NATS subject and the log get the same words', async (t) => {
  const published: [string, string, Readonly<Record<string, string>>][] = [];
  const nats = natsChannel({
    subject: 'alerts.desk',
    publish: async (subject, body, headers) => {
      published.push([subject, body, headers]);
    },
  });
  t.same(await send(nats), { kind: 'sent' });
  t.match(published[0]![2], { 'Nats-Msg-Id': 'key-1' });
  const away = natsChannel({ subject: 'x', publish: () => Promise.reject(new Error('no responders')) });
  t.match(await send(away), { kind: 'retry', reason: 'no responders' });
  const lines: string[] = [];
  await send(logChannel((text) => lines.push(text)));
  t.match(lines[0], /fired a\n {2}Shipment: delivery 80000001/);
});
