import { localText } from '../../rules/testing-time.ts';
import type { AlertRow } from '../store/query-rows.ts';
import { API_OPTIONS, apiOf } from './api.ts';
import { type Command, type CommandContext, tableWidthOf, textOption, UsageError } from './command.ts';
import { clean, drawTable } from './table.ts';

/** `laytime alerts`: what is wrong now, and taking charge of it. */
export const alertsCommand: Command = {
  name: 'alerts',
  summary: 'List open alerts, or take charge of one',
  usage: '[list | ack <id>]',
  options: {
    ...API_OPTIONS,
    status: { type: 'string', describe: 'open (default), at-risk, firing, resolved, withdrawn, all' },
    rule: { type: 'string', describe: 'name of a rule' },
    comment: { type: 'string', short: 'm', describe: 'with ack: why, for whoever reads it later' },
    limit: { type: 'string', describe: 'rows (default 100)' },
  },
  details:
    'An alert that somebody took charge of is told again only when it ends or is confirmed.\nThe first characters of an id are enough.',
  run,
};

async function run(context: CommandContext): Promise<number> {
  const [what = 'list', id, ...more] = context.args.positionals;
  if (what === 'list' && id === undefined) return list(context);
  if (what === 'ack' && id !== undefined && more.length === 0) return acknowledge(context, id);
  throw new UsageError(
    what === 'ack' ? 'ack which one? laytime alerts ack <id>' : `alerts ${what}: it is list, or ack <id>`,
  );
}

async function list(context: CommandContext): Promise<number> {
  const api = apiOf(context);
  const status = textOption(context, 'status') ?? 'open';
  const page = await api.get<{ rows: AlertRow[]; cursor?: string }>('/api/v1/alerts', {
    status: status === 'all' ? undefined : status,
    rule: textOption(context, 'rule'),
    limit: textOption(context, 'limit'),
  });
  if (context.json) {
    context.stdout(`${JSON.stringify(page)}\n`);
    return 0;
  }
  const when = (text: string): string => localText(Date.parse(text), api.zone).slice(0, 16);
  const lines = drawTable(
    page.rows,
    [
      { head: 'ID', cell: ({ alert_id }) => alert_id.slice(0, 10) },
      {
        head: 'STATUS',
        cell: ({ status, confirmed }) => (status === 'firing' && !confirmed ? 'unconfirmed' : status),
      },
      { head: `SINCE (${api.zone})`, cell: ({ raised_at }) => when(raised_at) },
      // Its first word is the status, which has a column.
      { head: 'WHAT', cell: ({ headline }) => headline.replace(/^[A-Z ]+: /, ''), shrinks: true },
      { head: 'TAKEN BY', cell: ({ acknowledged_by }) => acknowledged_by },
    ],
    tableWidthOf(context),
  );
  context.stdout(
    page.rows.length === 0 ? `no ${status === 'all' ? '' : `${status} `}alerts\n` : `${lines.join('\n')}\n`,
  );
  return 0;
}

async function acknowledge(context: CommandContext, id: string): Promise<number> {
  const api = apiOf(context);
  const { rows } = await api.get<{ rows: AlertRow[] }>('/api/v1/alerts', { status: 'open', limit: '1000' });
  const found = rows.filter(({ alert_id }) => alert_id.startsWith(id));
  if (found.length > 1)
    throw new UsageError(`${found.length} open alerts begin with ${id}; say more of it`, 1);
  const [only] = found;
  const alertId = only?.alert_id ?? id;
  const answer = await api.post<{ id: string }>(`/api/v1/alerts/${encodeURIComponent(alertId)}/acknowledge`, {
    comment: textOption(context, 'comment') ?? '',
  });
  if (context.json) context.stdout(`${JSON.stringify({ alert: alertId, action: answer.id })}\n`);
  else
    context.stdout(
      `acknowledged ${alertId.slice(0, 10)}${only === undefined ? '' : `: ${clean(only.headline)}`}\n`,
    );
  return 0;
}
