import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { coverSecrets, type Problem } from '../rules/problem.ts';
import { UsageError } from './commands/command.ts';
import { type Config, type ConfigNames, parseConfig } from './config.ts';
import type { ConfigAccess } from './config-secret.ts';

/** The configuration file alone: all that an agent needs which only collects. */
export interface ConfigFile {
  /** As messages call it. */
  readonly file: string;
  /** Absent when the configuration has errors. */
  readonly config?: Config;
  readonly names: ConfigNames;
  readonly problems: readonly Problem[];
  /** Text of the file by its name, secrets covered. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface ConfigFileOptions {
  readonly env: ConfigAccess['env'];
  readonly missingSecrets?: ConfigAccess['missingSecrets'];
  /** Relative file names, in messages too, are relative to this. */
  readonly cwd: string;
}

/**
 * Reads and checks the configuration, and nothing that it names elsewhere: no maps, no rules. Throws a UsageError when the
 * file itself cannot be read; everything else is a problem.
 */
export function loadConfigFile(file: string, options: ConfigFileOptions): ConfigFile {
  const text = readConfigText(file, options.cwd);
  const { config, names, ...parsed } = parseConfig(text, resolve(options.cwd, file), {
    env: options.env,
    readFile: (path) => readFileSync(path, 'utf8'),
    ...(options.missingSecrets === undefined ? {} : { missingSecrets: options.missingSecrets }),
  });
  const problems = parsed.problems.map((p) => ({ ...p, file }));
  const texts = new Map([[file, coverSecrets(text, problems)]]);
  return { file, names, problems, texts, ...(config && { config }) };
}

function readConfigText(file: string, cwd: string): string {
  try {
    return readFileSync(resolve(cwd, file), 'utf8');
  } catch (e) {
    const missing = (e as { code?: string }).code === 'ENOENT';
    const why = missing ? 'there is no file' : 'cannot read the file';
    throw new UsageError(
      `${why} ${file}${missing ? '; name one with --config, or write laytime.yaml' : ''}`,
      1,
    );
  }
}
