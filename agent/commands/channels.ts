import { localText, spanText } from '../../rules/testing-time.ts';
import type { ChannelRow } from '../store/query-rows.ts';
import { API_OPTIONS, apiOf } from './api.ts';
import { type Command, type CommandContext, tableWidthOf, UsageError } from './command.ts';
import { drawTable } from './table.ts';

/** A row of `/api/v1/channels`: as stored, and what the judge knows now. */
export interface KnownChannel extends ChannelRow {
  readonly reporting_lag_ms: number | null;
  readonly lag_p95_ms: number | null;
  readonly lag_reports: number | null;
  readonly feeds: readonly {
    readonly rule: string;
    readonly says: string;
    readonly state: string;
    readonly because: string;
    readonly due_at: string | null;
    readonly evidence: readonly string[];
  }[];
}

/** `laytime channels`: who is heard, how far, how late they tell, and why a `feed` rule says so. */
export const channelsCommand: Command = {
  name: 'channels',
  summary: 'List who is heard and how late they tell, or explain one channel',
  usage: '[<source>/<partner>]',
  options: API_OPTIONS,
  details:
    'LAG is what is taken off before a missing milestone is proved missing; P95 is within how long 95 of 100 reports of this week and last were known.',
  run,
};

async function run(context: CommandContext): Promise<number> {
  const [id, ...more] = context.args.positionals;
  if (more.length > 0) throw new UsageError('one channel at a time: laytime channels <source>/<partner>');
  const api = apiOf(context);
  const all = await api.get<{ rows: KnownChannel[] }>('/api/v1/channels');
  const rows = id === undefined ? all.rows : all.rows.filter(({ channel_id }) => channel_id === id);
  if (id !== undefined && rows.length === 0) {
    const known = all.rows.map(({ channel_id }) => channel_id).join(', ');
    throw new UsageError(`no channel ${id}; there are ${known}`, 1);
  }
  if (context.json) {
    context.stdout(`${JSON.stringify({ rows })}\n`);
    return 0;
  }
  const when = (text: string | null): string =>
    text === null ? 'never' : localText(Date.parse(text), api.zone).slice(0, 16);
  const lines =
    id === undefined
      ? drawTable(
          rows,
          [
            { head: 'CHANNEL', cell: ({ channel_id }) => channel_id, shrinks: true },
            { head: 'STATUS', cell: ({ status }) => status },
            { head: `PROVED UNTIL (${api.zone})`, cell: ({ watermark }) => when(watermark) },
            { head: 'LAG', cell: ({ reporting_lag_ms }) => lengthOf(reporting_lag_ms), right: true },
            { head: 'P95', cell: ({ lag_p95_ms }) => lengthOf(lag_p95_ms), right: true },
            {
              head: 'RULES',
              cell: ({ feeds }) => feeds.map(({ rule, state }) => `${rule}: ${state}`).join(', '),
              shrinks: true,
            },
          ],
          tableWidthOf(context),
        )
      : rows.flatMap((row) => explained(row, when));
  context.stdout(`${lines.length === 0 ? 'no channels' : lines.join('\n')}\n`);
  return 0;
}

function explained(row: KnownChannel, when: (text: string | null) => string): readonly string[] {
  return [
    `${row.channel_id}: ${row.status} (${row.reason}) since ${when(row.since)}`,
    `  proved until   ${when(row.watermark)}`,
    `  reporting lag  ${lengthOf(row.reporting_lag_ms)}, taken off already`,
    `  measured       ${row.lag_p95_ms === null ? 'too few reports this week and last' : `95 of 100 of ${row.lag_reports} reports within ${lengthOf(row.lag_p95_ms)}`}`,
    ...row.feeds.flatMap((feed) => ['', ...feedLines(feed, when)]),
  ];
}

/** What a `feed` rule says of a channel, and why. */
export const feedLines = (
  { rule, says, state, because, due_at, evidence }: KnownChannel['feeds'][number],
  when: (text: string) => string,
): readonly string[] => [
  `${rule}: ${state}`,
  `  ${says}`,
  `  ${because}`,
  ...(due_at === null ? [] : [`  to be heard by ${when(due_at)}`]),
  ...evidence.map((event) => `  event ${event}`),
];

const lengthOf = (ms: number | null): string => (ms === null ? '-' : ms === 0 ? 'none' : spanText(ms));
