export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export interface LogLine {
  readonly level: LogLevel;
  /** Stable kebab-case name of what happened. */
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** One line a person or a log collector can read: JSON, or plain words on a terminal. */
export function formatLogLine(line: LogLine, at: Date, json: boolean): string {
  if (json)
    return JSON.stringify({ time: at.toISOString(), level: line.level, event: line.event, ...line.fields });
  const fields = Object.entries(line.fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${at.toISOString().slice(11, 19)} ${line.level.padEnd(5)} ${line.event} ${fields.join(' ')}`;
}
