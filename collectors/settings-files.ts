import type { Fields } from '../rules/yaml-reader.ts';
import { readSize } from '../rules/yaml-values.ts';
import { FILE_FORMATS } from './files/records.ts';
import type { FilesSourceConfig, SourceSettings } from './settings.ts';
import type { SettingsContext } from './settings-access.ts';

/** `files: <directory>` with `pattern:` and what to do with a file that was read. */
export function readFiles(
  common: SourceSettings,
  fields: Fields,
  context: SettingsContext,
): FilesSourceConfig | undefined {
  const { report } = context;
  const directory = fields.requiredText('files', '/var/spool/laytime/in');
  const csv = fields.fields('csv');
  const delimiter = csv?.text('delimiter', '";"') ?? ',';
  if (delimiter.length !== 1) {
    report.error(
      csv!.keyPlace('delimiter'),
      'wrong-type',
      'delimiter: expected one character',
      'such as ";"',
    );
  }
  const encoding = csv?.oneOf('encoding', ['utf-8', 'latin1']) ?? 'utf-8';
  csv?.end();
  const maxFile = fields.get('max_file');
  const rest = {
    pattern: fields.text('pattern', '"*.csv"') ?? '*',
    format: fields.oneOf('format', ['auto', ...FILE_FORMATS]) ?? 'auto',
    csv: { delimiter, encoding },
    pollMs: fields.duration('poll', { minMs: 100 }) ?? 10_000,
    settleMs: fields.duration('settle') ?? 2000,
    afterwards: fields.oneOf('afterwards', ['keep', 'move', 'delete']) ?? 'keep',
    moveTo: fields.text('move_to', 'done') ?? 'done',
    complete: fields.flag('complete') ?? false,
    maxFileBytes:
      (maxFile === undefined ? undefined : readSize(maxFile, report, 'max_file')) ?? 256 * 1024 ** 2,
  } as const;
  return directory === undefined ? undefined : { kind: 'files', ...common, directory, ...rest };
}
