import type { ReadinessFacts } from '../contract.ts';
import type { Route } from '../route.ts';
import { flag, object, text, texts } from '../schema.ts';
import type { HealthServices } from '../services.ts';

/** The process is there and its HTTP thread answers. */
export const healthz: Route<HealthServices> = {
  method: 'GET',
  path: '/healthz',
  name: 'healthz',
  summary: 'Whether the process is alive',
  role: 'anyone',
  answer: object({ status: text }),
  asksStore: false,
  handle: async () => ({ json: { status: 'ok' } }),
};

/**
 * Whether to rely on this agent: it judges, nobody has taken over, and questions can be answered. A store that lags behind
 * is told and is no reason: judging does not wait for it. Nothing is told here that would need a token.
 */
export const readyz: Route<HealthServices> = {
  method: 'GET',
  path: '/readyz',
  name: 'readyz',
  summary: 'Whether the agent judges and questions can be answered; 503 with the reasons when not',
  role: 'anyone',
  answer: object({ ready: flag, reasons: texts, notes: texts }),
  asksStore: false,
  async handle(_, services) {
    const [facts, store] = await Promise.all([
      services.main.readiness().catch((): undefined => undefined),
      services.storeAnswers(),
    ]);
    const reasons = [...reasonsOf(facts), ...(store ? [] : ['store-away'])];
    const ready = reasons.length === 0;
    return { status: ready ? 200 : 503, json: { ready, reasons, notes: notesOf(facts) } };
  },
};

function reasonsOf(facts: ReadinessFacts | undefined): string[] {
  if (facts === undefined) return ['agent-busy'];
  if (facts.fenced) return ['fenced'];
  if (facts.role === 'collect' || facts.judging) return [];
  return ['not-judging', ...(facts.waitsForStore ? ['memory-waits-for-store'] : [])];
}

function notesOf(facts: ReadinessFacts | undefined): string[] {
  if (facts === undefined) return [];
  const silent = facts.channels.filter(({ status }) => status !== 'hearing').length;
  return [
    ...(facts.storeLevel || facts.role === 'collect' ? [] : ['store-catching-up']),
    ...(silent === 0 ? [] : [`channels-not-heard: ${silent} of ${facts.channels.length}`]),
  ];
}
