import { type LetteredMessage, readLetteredMessages } from '../../store/letters.ts';
import { COMMENT, given, moment, word } from '../parameters.ts';
import { type Reading, readingOf } from '../read-again.ts';
import { epochMsOf } from '../request.ts';
import type { Route } from '../route.ts';
import { page } from '../schema.ts';
import type { Services } from '../services.ts';
import { REDRIVEN } from '../shapes-letters.ts';

/** Whole messages are read, so a page is short. */
const MOST_MESSAGES = 50;

export const redriveDeadLetters: Route = {
  method: 'POST',
  path: '/api/v1/dead-letters/redrive',
  name: 'redriveDeadLetters',
  summary:
    'Read open dead letters again through the current maps, the oldest first; `try` only shows what would come of it',
  role: 'operator',
  body: {
    properties: {
      mode: word('try shows, apply does', 'try', 'apply').schema,
      id: word('one letter; it may be settled').schema,
      source: word('name of a source').schema,
      code: word('why it was not read, in one word').schema,
      from: moment('entered the log then or later').schema,
      to: moment('entered the log then or before').schema,
      limit: { type: 'integer', minimum: 1, maximum: MOST_MESSAGES, default: MOST_MESSAGES },
      cursor: { type: 'string' },
      ...COMMENT,
    },
    required: ['mode', 'comment'],
  },
  answer: page(REDRIVEN),
  asksStore: true,
  async handle({ body, caller }, services) {
    const asked = body as Readonly<Record<string, string | undefined>>;
    const { limit, cursor, mode, comment = '' } = asked;
    const [from, to] = [epochMsOf(asked.from), epochMsOf(asked.to)];
    const filter = {
      ...given(asked, 'id', 'source', 'code'),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    };
    const found = await readLetteredMessages(services.store(), filter, {
      limit: Number(limit ?? MOST_MESSAGES),
      ...(cursor !== undefined && { cursor }),
    });
    const bindings = services.bindings();
    const rows = [];
    for (const message of found.messages) {
      const reading = readingOf(message, bindings);
      const redriven =
        mode === 'apply' && (await redrive(message, reading, services, { by: caller!.name, comment }));
      const { source, partner, stream, sequence, observedAt } = message;
      const observed_at = new Date(observedAt).toISOString();
      rows.push({ source, partner, stream, sequence, observed_at, ...reading, redriven });
    }
    return { json: { rows, ...(found.cursor !== undefined && { cursor: found.cursor }) } };
  },
};

/** Only what can be read now goes into the log: reading the rest again would tell nobody anything. */
async function redrive(
  message: LetteredMessage,
  { letters }: Reading,
  services: Services,
  who: { readonly by: string; readonly comment: string },
): Promise<boolean> {
  const readable = letters.filter(({ now_code }) => now_code === '').map(({ id }) => id);
  if (readable.length === 0) return false;
  const { source, stream, sequence, subject, observedAt, headers, data } = message;
  const unreadable = letters.filter(({ now_code }) => now_code !== '').map(({ id }) => id);
  await services.main.redrive({
    letters: readable,
    closed: [...message.closed, ...unreadable],
    ...who,
    original: { source, stream, sequence, subject, observedAt, headers, data },
  });
  return true;
}
