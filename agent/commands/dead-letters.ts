import { localText, parseTime } from '../../rules/testing-time.ts';
import type { DeadLetterRow } from '../store/query-rows.ts';
import { API_OPTIONS, type Api, apiOf } from './api.ts';
import { type Command, type CommandContext, tableWidthOf, textOption, UsageError } from './command.ts';
import { redrive } from './dead-letters-redrive.ts';
import { clean, drawTable } from './table.ts';

/** `laytime dead-letters`: messages that could not be understood. */
export const deadLettersCommand: Command = {
  name: 'dead-letters',
  summary: 'List messages that could not be understood; show, dismiss or redrive them',
  usage: '[list | show <id> | dismiss <id> | redrive [<id>]] [--comment <why>]',
  options: {
    ...API_OPTIONS,
    status: { type: 'string', describe: 'open (default), dismissed, redriven, all' },
    source: { type: 'string', describe: 'only of this source' },
    code: { type: 'string', describe: 'only those with this reason: bad-time, no-refs …' },
    from: {
      type: 'string',
      describe: 'only what entered the log then or later: 2026-06-01, "2026-06-01 09:00"',
    },
    to: { type: 'string', describe: 'only what entered the log then or before' },
    all: { type: 'boolean', describe: 'with redrive: every open one' },
    'dry-run': { type: 'boolean', describe: 'with redrive: show what the current maps make of them' },
    comment: { type: 'string', short: 'm', describe: 'with dismiss and redrive: why' },
    limit: { type: 'string', describe: 'rows (default 100)' },
  },
  details:
    'A dead letter holds its channel back: it might have been the proof that a clock waits for. A mended message with the same\n' +
    'id resolves it; dismiss says that there was nothing in it; redrive reads it again, once its map was mended and the agent\n' +
    'started with it. show prints the raw bytes after what is known of them. redrive answers 1 when some cannot be read.',
  run,
};

async function run(context: CommandContext): Promise<number> {
  const [what = 'list', id, ...more] = context.args.positionals;
  if (what === 'list' && id === undefined) return list(context);
  if (id !== undefined && more.length === 0) {
    if (what === 'show') return show(context, id);
    if (what === 'dismiss') return dismiss(context, id);
  }
  if (what === 'redrive' && more.length === 0) return redriveAsked(context, id);
  throw new UsageError('it is list, show <id>, dismiss <id>, or redrive [<id>]');
}

async function list(context: CommandContext): Promise<number> {
  const api = apiOf(context);
  const status = textOption(context, 'status') ?? 'open';
  const page = await api.get<{ rows: DeadLetterRow[]; cursor?: string }>('/api/v1/dead-letters', {
    status: status === 'all' ? undefined : status,
    ...rangeOf(context, api),
    limit: textOption(context, 'limit'),
  });
  if (context.json) {
    context.stdout(`${JSON.stringify(page)}\n`);
    return 0;
  }
  const lines = drawTable(
    page.rows,
    [
      { head: 'ID', cell: ({ id }) => id.slice(0, 10) },
      {
        head: `AT (${api.zone})`,
        cell: ({ observed_at }) => localText(Date.parse(observed_at), api.zone).slice(0, 16),
      },
      { head: 'SOURCE', cell: ({ source }) => source, shrinks: true },
      { head: 'RAW', cell: ({ stream, sequence }) => `${stream}#${sequence}` },
      {
        head: 'WHY',
        cell: ({ code, reason, path }) => `${code}: ${reason}${path === '' ? '' : ` (${path})`}`,
        shrinks: true,
      },
    ],
    tableWidthOf(context),
  );
  context.stdout(page.rows.length === 0 ? 'no dead letters\n' : `${lines.join('\n')}\n`);
  return 0;
}

/** The letters that options name, as the API takes it. */
function rangeOf(context: CommandContext, api: Api) {
  const time = (name: 'from' | 'to'): string | undefined => {
    const text = textOption(context, name);
    if (text === undefined) return undefined;
    const span = parseTime(text, api.zone);
    if (span === undefined) throw new UsageError(`--${name}: "${text}" is no time; write 2026-06-01 09:00`);
    return new Date(name === 'from' ? span.from : span.to).toISOString();
  };
  const [source, code] = [textOption(context, 'source'), textOption(context, 'code')];
  return { source, code, from: time('from'), to: time('to') };
}

async function redriveAsked(context: CommandContext, id: string | undefined): Promise<number> {
  const dry = context.args.values['dry-run'] === true;
  const comment = textOption(context, 'comment') ?? (dry ? 'dry run' : '');
  if (comment === '') throw new UsageError('say why: --comment "map mended", or look first: --dry-run');
  const api = apiOf(context);
  const range = rangeOf(context, api);
  const named = id !== undefined || Object.values(range).some((value) => value !== undefined);
  if (named === (context.args.values.all === true))
    throw new UsageError('say which: an id, --source, --code, --from, --to; or --all');
  const letter = id === undefined ? undefined : (await find(api, id)).id;
  return redrive(context, api, { mode: dry ? 'try' : 'apply', comment, id: letter, ...range });
}

/** The letter that an id, or the beginning of one, means. */
async function find(api: Api, id: string): Promise<DeadLetterRow> {
  const exact = await api.get<{ rows: DeadLetterRow[] }>('/api/v1/dead-letters', { id });
  if (exact.rows[0] !== undefined) return exact.rows[0];
  const { rows } = await api.get<{ rows: DeadLetterRow[] }>('/api/v1/dead-letters', { limit: '1000' });
  const found = rows.filter((row) => row.id.startsWith(id));
  if (found.length > 1)
    throw new UsageError(`${found.length} dead letters begin with ${id}; say more of it`, 1);
  if (found[0] === undefined) throw new UsageError(`there is no dead letter ${id}`, 1);
  return found[0];
}

async function show(context: CommandContext, id: string): Promise<number> {
  const api = apiOf(context);
  const letter = await find(api, id);
  const bytes = await api.bytes(`/api/v1/dead-letters/${encodeURIComponent(letter.id)}/raw`);
  if (context.json) {
    context.stdout(
      `${JSON.stringify({ ...letter, data: Buffer.from(bytes).toString('base64'), encoding: 'base64' })}\n`,
    );
    return 0;
  }
  const { source, partner, stream, sequence, observed_at, code, reason, path, content_type, status } = letter;
  const facts = [
    ['id', letter.id],
    ['status', status === 'open' ? status : `${status} by ${letter.dismissed_by}: ${letter.comment}`],
    ['source', `${source} (${partner})`],
    ['raw', `${stream}#${sequence}, ${bytes.length} bytes of ${content_type || 'unknown type'}`],
    ['observed', `${localText(Date.parse(observed_at), api.zone)} ${api.zone}`],
    ['why', `${code}: ${reason}${path === '' ? '' : ` (${path})`}`],
  ];
  for (const [name, text] of facts) context.stdout(`${name!.padEnd(9)} ${clean(text!)}\n`);
  const body = Buffer.from(bytes).toString('utf8').split('\n').map(clean).join('\n');
  context.stdout(`\n${body}\n`);
  return 0;
}

async function dismiss(context: CommandContext, id: string): Promise<number> {
  const comment = textOption(context, 'comment');
  if (comment === undefined || comment === '') throw new UsageError('say why: --comment "a test message"');
  const api = apiOf(context);
  const letter = await find(api, id);
  const answer = await api.post<{ id: string }>(
    `/api/v1/dead-letters/${encodeURIComponent(letter.id)}/dismiss`,
    { comment },
  );
  if (context.json) context.stdout(`${JSON.stringify({ deadLetter: letter.id, action: answer.id })}\n`);
  else context.stdout(`dismissed ${letter.id.slice(0, 10)}\n`);
  return 0;
}
