import { findDeadLetters } from '../../store/queries.ts';
import { readDeadLetterBytes } from '../../store/tower.ts';
import { COMMENT, given, moment, notFound, PAGE, pageOf, word } from '../parameters.ts';
import { epochMsOf } from '../request.ts';
import type { Route } from '../route.ts';
import { page } from '../schema.ts';
import { ACCEPTED } from '../shapes.ts';
import { DEAD_LETTER } from '../shapes-letters.ts';

export const listDeadLetters: Route = {
  method: 'GET',
  path: '/api/v1/dead-letters',
  name: 'listDeadLetters',
  summary: 'Messages that could not be understood, the newest first, with their first 2,000 bytes',
  role: 'viewer',
  query: {
    status: word('open, dismissed or redriven', 'open', 'dismissed', 'redriven'),
    source: word('name of a source'),
    code: word('why, in one word'),
    from: moment('entered the log then or later'),
    to: moment('entered the log then or before'),
    id: word('one of them'),
    ...PAGE,
  },
  answer: page(DEAD_LETTER),
  asksStore: true,
  async handle({ query }, services) {
    const [from, to] = [epochMsOf(query.from), epochMsOf(query.to)];
    const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
    const filter = { ...given(query, 'status', 'source', 'code', 'id'), ...range, ...pageOf(query) };
    return { json: await findDeadLetters(services.store(), filter) };
  },
};

export const deadLetterRaw: Route = {
  method: 'GET',
  path: '/api/v1/dead-letters/{id}/raw',
  name: 'readDeadLetterRaw',
  summary: 'The bytes of a dead letter, exactly as they came',
  role: 'viewer',
  answer: { media: 'application/octet-stream' },
  asksStore: true,
  async handle({ path }, services) {
    const bytes = await readDeadLetterBytes(services.store(), path.id!);
    if (bytes === undefined) throw notFound(`dead letter ${path.id}`);
    return { bytes, fileName: `dead-letter-${path.id}.bin` };
  },
};

export const dismissDeadLetter: Route = {
  method: 'POST',
  path: '/api/v1/dead-letters/{id}/dismiss',
  name: 'dismissDeadLetter',
  summary: 'Say that a dead letter holds nothing that a clock could wait for',
  role: 'operator',
  body: { properties: COMMENT, required: ['comment'] },
  answer: ACCEPTED,
  asksStore: true,
  async handle({ path, body, caller }, services) {
    const subject = path.id!;
    const { rows } = await findDeadLetters(services.store(), { id: subject, limit: 1 });
    if (rows.length === 0) throw notFound(`dead letter ${subject}`);
    const action = 'dismiss-dead-letter';
    const comment = String(body.comment);
    return { json: await services.main.append({ action, subject, by: caller!.name, comment }) };
  },
};
