import { createTransport } from 'nodemailer';
import type { SmtpConfig } from '../../config-notify.ts';
import type { NotifyChannel, SendResult } from '../route.ts';
import { groupHeadline, recordLines } from './text.ts';

export interface EmailSettings {
  readonly to: readonly string[];
  readonly smtp: SmtpConfig;
  /** Certificates for the connection, as node:tls takes them. */
  readonly tls?: Readonly<Record<string, string>>;
}

/** Plain-text e-mail over SMTP. The Message-ID is made of the idempotency key, so that mail systems drop repeats. */
export function emailChannel({ to, smtp, tls }: EmailSettings): NotifyChannel {
  const { from, host, port, security } = smtp;
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(tls && { tls }),
    ...(smtp.user !== undefined && { auth: { user: smtp.user, pass: smtp.password?.reveal() ?? '' } }),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  });
  const domain = from.slice(from.indexOf('@') + 1).replace(/>.*$/, '') || 'laytime';
  return {
    kind: 'email',
    render: (group) => ({
      subject: groupHeadline(group),
      contentType: 'text/plain; charset=utf-8',
      body: `${group.records.map((record) => recordLines(record).join('\n')).join('\n\n')}\n`,
    }),
    async send(message): Promise<SendResult> {
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: message.subject,
          text: message.body,
          messageId: `<${message.idempotencyKey}@${domain}>`,
          headers: {
            'X-Laytime-Idempotency-Key': message.idempotencyKey,
            'Auto-Submitted': 'auto-generated',
          },
        });
        return { kind: 'sent' };
      } catch (error) {
        return judgeSmtpError(error);
      }
    },
    async close() {
      transport.close();
    },
  };
}

/** RFC 5321, section 4.2.1: 5yz replies are permanent, everything else may be tried again. */
function judgeSmtpError(error: unknown): SendResult {
  const reason = error instanceof Error ? error.message : String(error);
  const code = (error as { responseCode?: unknown }).responseCode;
  return typeof code === 'number' && code >= 500 ? { kind: 'failed', reason } : { kind: 'retry', reason };
}
