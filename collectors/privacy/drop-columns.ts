import { decodeText } from '../formats/format.ts';
import { type Column, parseFixedWidth } from '../formats/lines.ts';
import { below, type DropPaths } from './drop-path.ts';

const BYTE_ORDER_MARK = /^\xef\xbb\xbf/;

/**
 * Lines with blanks where private columns are. A line that does not fit the layout may have them anywhere: it becomes one that fits even
 * less and says nothing.
 */
export function dropFromColumns(data: Uint8Array, columns: readonly Column[], paths: DropPaths): Uint8Array {
  const gone = columns.filter(({ name }) => below(paths, name) === 'drop');
  const longest = Math.max(...columns.map(({ to }) => to));
  const lines = Buffer.from(data).toString('latin1').replace(BYTE_ORDER_MARK, '').split('\n');
  const clean = lines.map((line) => {
    if (line.trim() === '') return '';
    const bytes = Buffer.from(line.replace(/\r$/, ''), 'latin1');
    const parsed = parseFixedWidth(bytes, columns);
    if ('fault' in parsed || parsed.unread !== undefined) return 'withheld'.padEnd(longest + 1, '.');
    const text = decodeText(bytes) ?? decodeText(bytes, 'windows-1252') ?? '';
    return gone.reduce((left, { from, to }) => {
      const after = left.slice(to);
      return `${left.slice(0, from - 1)}${' '.repeat(Math.min(to, left.length) - from + 1)}${after}`;
    }, text);
  });
  return Buffer.from(clean.join('\n'));
}
