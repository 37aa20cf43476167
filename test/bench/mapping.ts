import { compileMap } from '../../collectors/maps/compile.ts';
import type { CompiledMap, LoggedMessage } from '../../collectors/maps/map.ts';
import { FORMATS, type Format, MESSAGES } from './formats.ts';
import { START_AT } from './project.ts';

/** What one core maps of one format: bytes of the log to canonical events. */
export interface Mapped {
  readonly format: string;
  readonly messageBytes: number;
  readonly cpuUsPerMessage: number;
  /** One core that does nothing else. */
  readonly messagesPerSecond: number;
  readonly eventsPerSecond: number;
}

/**
 * How many messages of each format one core maps: by its CPU time, and in the quickest of many rounds, so that others on the machine
 * count as little as can be.
 */
export function measureMapping(seconds: number): Mapped[] {
  return FORMATS.map((format) => measure(format(), seconds));
}

function measure({ name, map: text, contentType, message }: Format, seconds: number): Mapped {
  const map = compiled(text(), name);
  const messages = Array.from(
    { length: MESSAGES },
    (_, n): LoggedMessage => ({
      ...{ stream: 'LAYTIME_LOG', sequence: n + 1, subject: 'bench', contentType },
      observedAt: START_AT + n * 61_000,
      data: Buffer.from(message(n)),
    }),
  );
  const source = { name: 'bench', tenant: 'default', partner: 'bench', fallbackZone: 'UTC' };
  let events = 0;
  const round = (): number => {
    const before = process.cpuUsage();
    events = 0;
    for (const each of messages) {
      const result = map.map(each, source);
      if (result.kind !== 'events') throw new Error(`${name}: ${JSON.stringify(result)}`);
      events += result.events.length;
    }
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const until = performance.now() + seconds * 1000;
  let usedUs = round();
  while (performance.now() < until) usedUs = Math.min(usedUs, round());
  const perSecond = (count: number): number => Math.round((count / usedUs) * 1_000_000);
  return {
    format: name,
    messageBytes: Math.round(messages.reduce((sum, { data }) => sum + data.length, 0) / MESSAGES),
    cpuUsPerMessage: Math.round((usedUs / MESSAGES) * 10) / 10,
    messagesPerSecond: perSecond(MESSAGES),
    eventsPerSecond: perSecond(events),
  };
}

function compiled(text: string, name: string): CompiledMap {
  const { map, problems } = compileMap(text, name);
  if (map === undefined) throw new Error(`${name}: ${JSON.stringify(problems)}`);
  return map;
}
