import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadConfigFile } from '../config-file.ts';
import { Secret } from '../config-secret.ts';
import type { ClientOptions } from '../store/client.ts';
import { type Migrated, migrate } from '../store/migrate.ts';
import {
  CONFIG_OPTION,
  type Command,
  type CommandContext,
  configFile,
  textOption,
  UsageError,
} from './command.ts';
import { openStore } from './store-access.ts';

const DAY_MS = 86_400_000;

/** `laytime migrate`: brings the database to this version. */
export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'Create or update the tables and views in ClickHouse',
  usage: '[--user <name> [--password-file <file> | --password-env <name>]]',
  options: {
    ...CONFIG_OPTION,
    user: { type: 'string', describe: "a user who may CREATE and ALTER, instead of the agent's" },
    'password-file': { type: 'string', describe: 'file with the password of --user' },
    'password-env': { type: 'string', describe: 'environment variable with the password of --user' },
  },
  details:
    "The agent does this by itself at its start. Run it by hand when the agent's own user must not change tables:\n" +
    '  laytime migrate --user admin --password-file /run/secrets/ch-admin\n' +
    'Safe to run again, and while an agent runs.',
  run,
};

async function run(context: CommandContext): Promise<number> {
  const file = configFile(context);
  const { config } = loadConfigFile(file, { env: context.env, cwd: context.cwd });
  if (config === undefined) throw new UsageError(`${file} has errors; see: laytime config check`, 1);
  const { client, database, close } = await openStore(config, otherUser(context));
  try {
    const { rawMs, eventsMs } = config.retention;
    const retention = { rawDays: rawMs / DAY_MS, eventDays: eventsMs / DAY_MS };
    report(context, database, await migrate({ client, database, retention }));
    return 0;
  } finally {
    await close();
  }
}

function otherUser(context: CommandContext): ClientOptions {
  const user = textOption(context, 'user');
  const file = textOption(context, 'password-file');
  const name = textOption(context, 'password-env');
  if (user === undefined) {
    if (file !== undefined || name !== undefined) throw new UsageError('a password needs --user');
    return {};
  }
  if (file !== undefined)
    return { as: { user, password: new Secret(readPassword(resolve(context.cwd, file))) } };
  if (name === undefined) return { as: { user } };
  const text = context.env(name);
  if (text === undefined) throw new UsageError(`--password-env: ${name} is not set`);
  return { as: { user, password: new Secret(text) } };
}

function readPassword(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch {
    throw new UsageError(`--password-file: cannot read ${file}`);
  }
}

function report({ json, stdout }: CommandContext, database: string, { applied, before }: Migrated): void {
  if (json) {
    stdout(`${JSON.stringify({ database, applied, before })}\n`);
    return;
  }
  for (const name of applied) stdout(`applied ${name}\n`);
  stdout(`${database}: ${applied.length} applied now, ${before} before\n`);
}
