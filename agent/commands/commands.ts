import type { Command } from './command.ts';

/** A verb and how to get it; loaded only when it is called, for most of the program is of no use to most verbs. */
export interface CommandEntry {
  readonly name: string;
  readonly load: () => Promise<Command>;
}

/** Every verb, in the order of `laytime help`. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'demo', load: async () => (await import('./demo.ts')).demoCommand },
  { name: 'run', load: async () => (await import('./run.ts')).runCommand },
  { name: 'migrate', load: async () => (await import('./migrate.ts')).migrateCommand },
  { name: 'config check', load: async () => (await import('./config-check.ts')).configCheck },
  { name: 'sources try', load: async () => (await import('./sources-try.ts')).sourcesTry },
  { name: 'rules test', load: async () => (await import('./rules-test.ts')).rulesTest },
  { name: 'rules backtest', load: async () => (await import('./rules-backtest.ts')).rulesBacktest },
  { name: 'rules schema', load: async () => (await import('./rules-schema.ts')).rulesSchema },
  { name: 'rules due', load: async () => (await import('./rules-due.ts')).rulesDue },
  { name: 'rules reload', load: async () => (await import('./rules-reload.ts')).rulesReload },
  { name: 'rules explain', load: async () => (await import('./rules-explain.ts')).rulesExplain },
  { name: 'shipments', load: async () => (await import('./shipments.ts')).shipmentsCommand },
  { name: 'trace', load: async () => (await import('./trace.ts')).traceCommand },
  { name: 'facts', load: async () => (await import('./facts.ts')).factsCommand },
  { name: 'alerts', load: async () => (await import('./alerts.ts')).alertsCommand },
  { name: 'channels', load: async () => (await import('./channels.ts')).channelsCommand },
  { name: 'dead-letters', load: async () => (await import('./dead-letters.ts')).deadLettersCommand },
  { name: 'replay', load: async () => (await import('./replay.ts')).replayCommand },
];
