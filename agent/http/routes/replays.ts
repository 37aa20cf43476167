import { compileMap } from '../../../collectors/maps/compile.ts';
import { formatProblem } from '../../../rules/problem.ts';
import type { Difference } from '../../replay/differences.ts';
import { COMMENT, moment, word } from '../parameters.ts';
import { HttpProblem } from '../problem.ts';
import { briefOf } from '../read-again.ts';
import { type ReplayPage, replayPage } from '../replay-page.ts';
import { epochMsOf } from '../request.ts';
import type { Route } from '../route.ts';
import { text } from '../schema.ts';
import type { Services } from '../services.ts';
import { REPLAYED } from '../shapes-letters.ts';

const MOST_MESSAGES = 200;
/** Statements in one record of the log: it must stay far below what the server takes. */
const MOST_STATEMENTS = 100;
const LONGEST_MAP = 200_000;
const FAR_FUTURE = Date.UTC(2299, 0, 1);

export const replayHistory: Route = {
  method: 'POST',
  path: '/api/v1/replays',
  name: 'replayHistory',
  summary:
    'Map a page of stored messages of a source by another map: what would be different (`try`), or make it so as new revisions (`apply`)',
  role: 'operator',
  longBody: true,
  body: {
    properties: {
      mode: word('try shows, apply does', 'try', 'apply').schema,
      id: { type: 'string', description: 'names the replay: the same for all of its pages' },
      source: word('name of a source').schema,
      map: { type: 'string', description: 'the text of the map', maxLength: LONGEST_MAP },
      from: moment('messages that entered the log then or later').schema,
      to: moment('messages that entered the log then or before').schema,
      limit: { type: 'integer', minimum: 1, maximum: MOST_MESSAGES, default: MOST_MESSAGES },
      cursor: text,
      ...COMMENT,
    },
    required: ['mode', 'id', 'source', 'map', 'from', 'comment'],
  },
  answer: REPLAYED,
  asksStore: true,
  async handle({ body, caller }, services) {
    const asked = body as Readonly<Record<string, string | undefined>>;
    const { source = '', cursor, comment = '', id = '' } = asked;
    const binding = services.bindings().get(source);
    if (binding === undefined) throw new HttpProblem(404, 'not-found', `there is no source "${source}"`);
    const map = compiled(asked.map ?? '');
    const page = await replayPage(services, binding, {
      ...{ source, map },
      from: epochMsOf(asked.from) ?? 0,
      to: epochMsOf(asked.to) ?? FAR_FUTURE,
      limit: Number(asked.limit ?? MOST_MESSAGES),
      ...(cursor !== undefined && { cursor }),
    });
    if (asked.mode === 'apply')
      await apply(page.differences, services, { id, source, by: caller!.name, comment });
    return { json: answerOf(page, map.version === binding.map.version) };
  },
};

function compiled(textOfMap: string) {
  const { map, problems } = compileMap(textOfMap, 'map');
  if (map !== undefined) return map;
  const told = problems.map((problem) => formatProblem(problem, textOfMap)).join('\n');
  throw new HttpProblem(400, 'bad-request', `the map has errors:\n${told}`);
}

async function apply(
  differences: readonly Difference[],
  services: Services,
  who: { readonly id: string; readonly source: string; readonly by: string; readonly comment: string },
): Promise<void> {
  for (let at = 0; at < differences.length; at += MOST_STATEMENTS) {
    const events = differences.slice(at, at + MOST_STATEMENTS).map(({ statement }) => statement);
    await services.main.restate({ ...who, events });
  }
}

const answerOf = (page: ReplayPage, configured: boolean): unknown => ({
  ...page,
  configured,
  differences: page.differences.map(({ kind, before, after, statement }) => ({
    kind,
    raw: `${statement.raw.stream}#${statement.raw.sequence}`,
    key: statement.key,
    before: before === undefined ? null : briefOf(before),
    after: after === undefined ? null : briefOf(after),
  })),
});
