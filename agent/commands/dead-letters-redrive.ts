import type { LetterVerdict, Reading } from '../http/read-again.ts';
import type { Api } from './api.ts';
import { type CommandContext, UsageError } from './command.ts';
import { clean } from './table.ts';

/** A message of an answer of `/api/v1/dead-letters/redrive`. */
interface Redriven extends Reading {
  readonly source: string;
  readonly stream: string;
  readonly sequence: number;
  readonly redriven: boolean;
}

interface Answer {
  readonly rows: readonly Redriven[];
  readonly cursor?: string;
}

const LINES_SHOWN = 200;

/**
 * Asks the agent to read letters again, page after page, and tells what came of each message. With `mode: try` nothing changes.
 * Resolves with 1 when something can still not be read.
 */
export async function redrive(
  context: CommandContext,
  api: Api,
  asked: Readonly<Record<string, string | undefined>> & { readonly mode: 'try' | 'apply' },
): Promise<number> {
  const rows: Redriven[] = [];
  let cursor: string | undefined;
  do {
    const body = Object.fromEntries(
      Object.entries({ ...asked, cursor }).filter((pair): pair is [string, string] => pair[1] !== undefined),
    );
    const page: Answer = await api.post<Answer>('/api/v1/dead-letters/redrive', body);
    rows.push(...page.rows);
    cursor = page.cursor;
  } while (cursor !== undefined && !context.signal.aborted);
  if (rows.length === 0 && asked.id !== undefined)
    throw new UsageError(`${asked.id} is a row that ClickHouse refused: its message was understood`, 1);
  const letters = rows.flatMap((row) => row.letters);
  const unreadable = letters.filter(({ now_code }) => now_code !== '').length;
  if (context.json) {
    context.stdout(`${JSON.stringify({ mode: asked.mode, rows, letters: letters.length, unreadable })}\n`);
  } else {
    const lines = rows.flatMap(linesOf);
    for (const line of lines.slice(0, LINES_SHOWN)) context.stdout(`${clean(line)}\n`);
    if (lines.length > LINES_SHOWN)
      context.stdout(`… ${lines.length - LINES_SHOWN} more lines; --json has all\n`);
    context.stdout(`${summary(asked.mode, rows, letters.length, unreadable)}\n`);
  }
  return unreadable === 0 ? 0 : 1;
}

function linesOf({ source, stream, sequence, letters, events, event_count }: Redriven): string[] {
  const named = letters.map((letter) => letterLine(letter));
  const shown = events.map(
    ({ milestone, classifier, occurred_at, role, refs, retracted }) =>
      `    ${retracted ? 'takes back ' : ''}${classifier} ${milestone}${role === '' ? '' : ` at ${role}`} ${occurred_at}  ${refs.join(' ')}`,
  );
  const more = event_count > events.length ? [`    … ${event_count - events.length} more events`] : [];
  const none =
    event_count === 0 && letters.every(({ now_code }) => now_code === '')
      ? ['    says nothing about shipments']
      : [];
  return [`${source} ${stream}#${sequence}`, ...named, ...shown, ...more, ...none];
}

function letterLine({ id, code, reason, path, now_code, now_reason }: LetterVerdict): string {
  const where = path === '' ? '' : ` (${path})`;
  const was = `  ${id.slice(0, 10)} ${code}: ${reason}${where}`;
  if (now_code === '') return `${was} → can be read`;
  return now_reason === reason ? `${was} → still` : `${was} → ${now_code}: ${now_reason}`;
}

function summary(
  mode: 'try' | 'apply',
  rows: readonly Redriven[],
  letters: number,
  unreadable: number,
): string {
  if (letters === 0) return 'no open dead letters';
  const events = rows.reduce((sum, { event_count }) => sum + event_count, 0);
  const readable = letters - unreadable;
  const rest = unreadable === 0 ? '' : `; ${unreadable} can still not be read`;
  return mode === 'try'
    ? `${readable} of ${letters} dead letters can be read, ${events} events${rest}; nothing was changed`
    : `${readable} of ${letters} dead letters were redriven, ${events} events${rest}`;
}
