import type { AlertRecord } from '../../track/outcome.ts';
import type { NotificationGroup, NotifyChannel } from '../route.ts';
import { post } from './post.ts';
import { groupHeadline } from './text.ts';

export interface ChatSettings {
  /** The incoming webhook's address is its secret. */
  readonly url: { reveal(): string };
  readonly now: () => number;
}

/** More than this in one message is cut, with a line that says so: chat services refuse long ones. */
const MOST_RECORDS = 15;

/** Slack's incoming webhook: `text` for notifications and old clients, `blocks` for people (Slack API, "Block Kit"). */
export function slackChannel(settings: ChatSettings): NotifyChannel {
  return chatChannel('slack', settings, (group) => ({
    text: escapeSlack(groupHeadline(group)),
    blocks: [
      ...group.records.slice(0, MOST_RECORDS).map((record) => ({
        type: 'section',
        text: { type: 'mrkdwn', text: slackSection(record).slice(0, 3000) },
      })),
      ...(group.records.length > MOST_RECORDS
        ? [{ type: 'section', text: { type: 'mrkdwn', text: moreLine(group) } }]
        : []),
    ],
  }));
}

/** Teams' incoming webhook (workflow): a message with one Adaptive Card 1.4. */
export function teamsChannel(settings: ChatSettings): NotifyChannel {
  return chatChannel('teams', settings, (group) => ({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            ...group.records.slice(0, MOST_RECORDS).flatMap(teamsBlocks),
            ...(group.records.length > MOST_RECORDS
              ? [{ type: 'TextBlock', text: moreLine(group), wrap: true }]
              : []),
          ],
        },
      },
    ],
  }));
}

function chatChannel(
  kind: string,
  settings: ChatSettings,
  payload: (group: NotificationGroup) => object,
): NotifyChannel {
  return {
    kind,
    render: (group) => ({
      subject: groupHeadline(group),
      contentType: 'application/json',
      body: JSON.stringify(payload(group)),
    }),
    send: (message, signal) =>
      post(
        settings.url.reveal(),
        message,
        { 'idempotency-key': message.idempotencyKey },
        { signal, now: settings.now() },
      ),
  };
}

function slackSection({ text }: AlertRecord): string {
  const title =
    text.link === '' ? `*${escapeSlack(text.headline)}*` : `*<${text.link}|${escapeSlack(text.headline)}>*`;
  return [title, ...text.lines.map(escapeSlack)].join('\n');
}

function teamsBlocks({ text }: AlertRecord): object[] {
  const headline = text.link === '' ? text.headline : `[${text.headline}](${text.link})`;
  return [
    { type: 'TextBlock', text: headline, weight: 'Bolder', wrap: true },
    { type: 'TextBlock', text: text.lines.join('\n\n'), wrap: true, spacing: 'Small' },
  ];
}

const moreLine = (group: NotificationGroup): string => `… and ${group.records.length - MOST_RECORDS} more`;

/** Slack's three control characters ("Formatting text for app surfaces", escaping). */
const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
