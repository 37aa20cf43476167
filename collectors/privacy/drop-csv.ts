import { below, type DropPaths } from './drop-path.ts';

/** Rows without what is in the columns that the paths name; written as RFC 4180 says, every field in quotes. */
export function dropFromCsv(
  rows: readonly (readonly string[])[],
  delimiter: string,
  paths: DropPaths,
): string {
  const [header = []] = rows;
  const dropped = header.map((name) => below(paths, name) === 'drop');
  return rows
    .map((row, line) =>
      row
        .map(
          (field, column) => `"${line > 0 && dropped[column] === true ? '' : field.replaceAll('"', '""')}"`,
        )
        .join(delimiter),
    )
    .join('\n');
}
