import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { builtinMapText } from '../../collectors/maps/builtin.ts';
import { parseTime } from '../../rules/testing-time.ts';
import type { EventBrief } from '../http/read-again.ts';
import type { ReplayPage, VerdictChange } from '../http/replay-page.ts';
import { API_OPTIONS, type Api, apiOf } from './api.ts';
import { type Command, type CommandContext, textOption, UsageError } from './command.ts';
import { clean, plural } from './table.ts';

/** `laytime replay`: history, mapped by another map. */
export const replayCommand: Command = {
  name: 'replay',
  summary: 'Map stored messages of a source by another map, show the difference, and apply it',
  usage: '--source <source> --map <file> --from <time> [--to <time>] [--apply --comment <why>]',
  options: {
    ...API_OPTIONS,
    source: { type: 'string', describe: 'name of the source' },
    map: { type: 'string', describe: 'map file, or builtin:NAME' },
    from: {
      type: 'string',
      describe: 'messages that entered the log then or later: 2026-06-01, "2026-06-01 09:00"',
    },
    to: { type: 'string', describe: 'messages that entered the log then or before (default: all)' },
    apply: { type: 'boolean', describe: 'make it so: state what is different as new revisions' },
    comment: { type: 'string', short: 'm', describe: 'with --apply: why' },
  },
  details:
    'Without --apply nothing is changed. What the new map does not make any more is taken back, what it cannot read is left alone, and\n' +
    'nothing is erased. Give the map to the source as well, and restart: this is about history, the configuration about what comes.\n' +
    'Exit code 0: there is no difference, or it was applied. 1: there is one.',
  run,
};

interface Changed {
  readonly kind: 'added' | 'changed' | 'gone';
  readonly raw: string;
  readonly before: EventBrief | null;
  readonly after: EventBrief | null;
}

/** What the API says of a stretch, its events brief. */
interface Page extends Omit<ReplayPage, 'differences'> {
  readonly differences: readonly Changed[];
  readonly configured: boolean;
}

const EXAMPLES = 10;

async function run(context: CommandContext): Promise<number> {
  const applies = context.args.values.apply === true;
  const [source, map, from] = ['source', 'map', 'from'].map((name) => textOption(context, name));
  if (source === undefined || map === undefined || from === undefined)
    throw new UsageError('it needs --source, --map and --from');
  const comment = textOption(context, 'comment') ?? (applies ? '' : 'looking');
  if (comment === '') throw new UsageError('say why: --comment "arrivals were read as departures"');
  const api = apiOf(context);
  const asked = {
    mode: applies ? 'apply' : 'try',
    id: randomUUID(),
    source,
    map: mapText(map, context.cwd),
    from: timeOf(from, 'from', api),
    ...(textOption(context, 'to') !== undefined && { to: timeOf(textOption(context, 'to')!, 'to', api) }),
    comment,
  };
  const pages: Page[] = [];
  let cursor: string | undefined;
  do {
    const page: Page = await api.post<Page>('/api/v1/replays', {
      ...asked,
      ...(cursor !== undefined && { cursor }),
    });
    pages.push(page);
    cursor = page.cursor;
  } while (cursor !== undefined && !context.signal.aborted);
  const total = totalOf(pages);
  context.stdout(
    context.json ? `${JSON.stringify({ mode: asked.mode, ...total })}\n` : textOf(total, applies),
  );
  return total.differences.length === 0 || applies ? 0 : 1;
}

function mapText(name: string, cwd: string): string {
  if (name.startsWith('builtin:')) {
    const text = builtinMapText(name);
    if (text === undefined) throw new UsageError(`there is no ready map ${name}`, 1);
    return text;
  }
  const path = resolve(cwd, name);
  if (!existsSync(path)) throw new UsageError(`there is no map file ${name}`, 1);
  return readFileSync(path, 'utf8');
}

function timeOf(text: string, name: 'from' | 'to', api: Api): string {
  const span = parseTime(text, api.zone);
  if (span === undefined) throw new UsageError(`--${name}: "${text}" is no time; write 2026-06-01 09:00`);
  return new Date(span[name]).toISOString();
}

type Total = Omit<Page, 'cursor'>;

/** Pages as one; of a clock that several pages change the first state before and the last one after. */
function totalOf(pages: readonly Page[]): Total {
  const verdicts = new Map<string, VerdictChange>();
  for (const verdict of pages.flatMap((page) => page.verdicts)) {
    const known = verdicts.get(verdict.clock_id);
    verdicts.set(verdict.clock_id, known === undefined ? verdict : { ...verdict, before: known.before });
  }
  const sum = (of: (page: Page) => number): number => pages.reduce((all, page) => all + of(page), 0);
  return {
    messages: sum(({ messages }) => messages),
    unchanged: sum(({ unchanged }) => unchanged),
    superseded: sum(({ superseded }) => superseded),
    unreadable: pages.flatMap(({ unreadable }) => unreadable),
    differences: pages.flatMap(({ differences }) => differences),
    shipments: [...new Set(pages.flatMap(({ shipments }) => shipments))],
    verdicts: [...verdicts.values()].filter(({ before, after }) => before !== after),
    configured: pages.every(({ configured }) => configured),
  };
}

function textOf(total: Total, applied: boolean): string {
  const { messages, unchanged, superseded, unreadable, differences, shipments, verdicts, configured } = total;
  const lines = [
    `${plural(messages, 'message')} mapped anew: ${plural(unchanged, 'event')} as before, ${superseded} replaced since`,
  ];
  for (const kind of ['added', 'changed', 'gone'] as const) {
    const own = differences.filter((each) => each.kind === kind);
    lines.push(`${kind.padEnd(8)} ${own.length}`, ...shortened(own.map(differenceLine)));
  }
  if (unreadable.length > 0)
    lines.push(
      `not readable by this map, left alone: ${unreadable.length}`,
      ...shortened(unreadable.map(({ stream, sequence, why }) => `  ${stream}#${sequence}  ${why}`)),
    );
  lines.push(
    `${plural(shipments.length, 'shipment')} touched, ${plural(verdicts.length, 'clock')} in another state`,
  );
  lines.push(
    ...shortened(
      verdicts.map(
        ({ shipment_id, rule, before, after }) =>
          `  ${rule} of ${shipment_id}: ${before || 'none'} → ${after || 'none'}`,
      ),
    ),
  );
  if (differences.length > 0)
    lines.push(applied ? 'applied as new revisions' : 'nothing was changed; --apply makes it so');
  if (!configured && differences.length > 0)
    lines.push('the running agent reads this source by another map: give it this one, and restart');
  return `${lines.map(clean).join('\n')}\n`;
}

const shortened = (lines: readonly string[]): readonly string[] =>
  lines.length <= EXAMPLES
    ? lines
    : [...lines.slice(0, EXAMPLES), `  … ${lines.length - EXAMPLES} more; --json has all`];

function differenceLine({ raw, before, after }: Changed): string {
  const said = (event: EventBrief | null): string =>
    event === null
      ? ''
      : `${event.classifier} ${event.milestone}${event.role === '' ? '' : ` at ${event.role}`} ${event.occurred_at}`;
  const refs = (after ?? before)?.refs.join(' ') ?? '';
  const both = before !== null && after !== null;
  return `  ${raw}  ${both ? `${said(before)} → ${said(after)}` : said(after ?? before)}  ${refs}`;
}
