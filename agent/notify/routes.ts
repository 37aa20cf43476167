import { Agent, request } from 'undici';
import { Credentials } from '../../collectors/http-client-auth.ts';
import type { TlsSettings } from '../../collectors/settings.ts';
import type { NotifyRouteConfig, NotifyTarget, SmtpConfig } from '../config-notify.ts';
import { slackChannel, teamsChannel } from './channels/chat.ts';
import { emailChannel } from './channels/email.ts';
import { logChannel } from './channels/log.ts';
import { type NatsChannelSettings, natsChannel } from './channels/nats.ts';
import { webhookChannel } from './channels/webhook.ts';
import type { NotifyChannel, Route } from './route.ts';

/** What channels use of the process. */
export interface RouteEdges {
  readonly smtp: SmtpConfig | undefined;
  readonly publish: NatsChannelSettings['publish'];
  readonly writeLine: (text: string) => void;
  readonly now: () => number;
}

/** The configured routes, by name. */
export function routesOf(
  configs: readonly NotifyRouteConfig[],
  edges: RouteEdges,
): ReadonlyMap<string, Route> {
  return new Map(
    configs.map(({ name, target, groupBy, groupWaitMs }) => [
      name,
      { name, channel: channelOf(target, edges), groupBy, groupWaitMs },
    ]),
  );
}

function channelOf(target: NotifyTarget, edges: RouteEdges): NotifyChannel {
  const { now } = edges;
  switch (target.kind) {
    case 'log':
      return logChannel(edges.writeLine);
    case 'nats':
      return natsChannel({ subject: target.subject, publish: edges.publish });
    case 'slack':
      return slackChannel({ url: target.url, now });
    case 'teams':
      return teamsChannel({ url: target.url, now });
    case 'webhook': {
      const { url, secret, tls } = target;
      return webhookChannel({
        url,
        now,
        ...(secret !== undefined && { secret }),
        ...(tls !== undefined && { dispatcher: new Agent({ connect: tlsOptions(tls) }) }),
        credentials: credentialsOf(target, now),
      });
    }
    case 'email':
      // parseConfig refuses an e-mail route without smtp:.
      if (edges.smtp === undefined) throw new Error('an e-mail route needs smtp: in the configuration');
      return emailChannel({ to: target.to, smtp: edges.smtp, tls: tlsOptions(edges.smtp.tls ?? {}) });
  }
}

/** What a webhook's receiver wants to see beside the signature: a header, or a key in the query. */
function credentialsOf(
  { auth }: Extract<NotifyTarget, { kind: 'webhook' }>,
  now: () => number,
): (url: URL, headers: Record<string, string>) => Promise<void> {
  const credentials = new Credentials(auth);
  return (url, headers) =>
    credentials.apply(url, headers, now, async ({ url: tokenUrl, headers: tokenHeaders, form }) => {
      const { statusCode, body } = await request(tokenUrl, {
        method: 'POST',
        headers: tokenHeaders,
        body: form,
      });
      return { status: statusCode, body: new Uint8Array(await body.arrayBuffer()) };
    });
}

const tlsOptions = (tls: TlsSettings): Record<string, string> => ({
  ...(tls.ca !== undefined && { ca: tls.ca }),
  ...(tls.cert !== undefined && { cert: tls.cert }),
  ...(tls.key !== undefined && { key: tls.key.reveal() }),
  ...(tls.serverName !== undefined && { servername: tls.serverName }),
});
