/** One column: its head, its cells' text, and whether it may be cut when the line is too long. */
export interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => string;
  readonly right?: boolean;
  readonly shrinks?: boolean;
}

const GAP = '  ';
const LEAST = 8;

/** A table for a terminal, at most `width` wide: columns that may shrink do, the widest first. Lines have no line break. */
export function drawTable<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  width: number,
): readonly string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => clean(cell(row))));
  const widths = columns.map(({ head }, at) =>
    Math.max(head.length, ...cells.map((line) => line[at]!.length)),
  );
  const shrinking = columns.flatMap(({ shrinks }, at) => (shrinks === true ? [at] : []));
  for (;;) {
    const over = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length) - width;
    const widest = shrinking.reduce((best, at) => (widths[at]! > (widths[best] ?? 0) ? at : best), -1);
    if (over <= 0 || widest === -1 || widths[widest]! <= LEAST) break;
    widths[widest] = widths[widest]! - 1;
  }
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, at) => {
        const cut = fit(text, widths[at]!);
        return columns[at]!.right === true ? cut.padStart(widths[at]!) : cut.padEnd(widths[at]!);
      })
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ head }) => head)), ...cells.map(line)];
}

export const fit = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

/** `1 message`, `2 messages`. */
export const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** What partners wrote must not steer a terminal. */
export const clean = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is taken out.
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
