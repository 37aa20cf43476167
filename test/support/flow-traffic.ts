import { hashId } from '../../rules/hash.ts';
import type { EpochMs } from '../../rules/time.ts';
import { seeded } from './random.ts';
import { traffic } from './traffic.ts';

export const DAY_ONE = Date.UTC(2026, 5, 1);
const MINUTE = 60_000;
const DAY = 86_400_000;

/** What somebody says at a moment of log time: the hub in its own stream, everybody else in ours. */
export type Said = { readonly observedAt: EpochMs } & (
  | { readonly kind: 'hub' | 'erp'; readonly body: string }
  /** A complete poll of the ERP. */
  | { readonly kind: 'proof'; readonly provedUntil: EpochMs }
  | {
      readonly kind: 'operator';
      readonly body: { readonly id: string; readonly action: string; readonly subject: string };
    }
);

/**
 * Traffic as it must be survived: a fifth twice, a fifth late, a twentieth corrected, a few that nobody can read. The ERP tells of duties
 * and is polled; it is silent for three days. Operators merge shipments, split identifiers off, and dismiss a letter.
 */
export function hardTraffic(messages: number, seed = 1): Said[] {
  const random = seeded(seed + 1);
  const everyMs = Math.round(600_000_000 / messages) * 3;
  const all = traffic({
    ...{ seed, messages, duplicates: 0.2, outOfOrder: 0.2, revisions: 0.05 },
    ...{ startAt: DAY_ONE, everyMs },
  });
  const said: Said[] = [];
  const silentFrom = DAY_ONE + 6 * DAY;
  let toHub = 0;
  let unread = 0;
  let polledAt = DAY_ONE;
  for (const [index, { observedAt, body }] of all.entries()) {
    const kind = body.includes('"type":"duty.') ? 'erp' : 'hub';
    const isBroken = random() < 0.002;
    if (kind === 'hub') toHub += 1;
    if (isBroken && kind === 'hub' && unread === 0) unread = toHub;
    said.push({
      ...{ observedAt, kind },
      body: isBroken ? body.replace('"occurredAt":"2026', '"occurredAt":"not ') : body,
    });
    const isSilent = observedAt > silentFrom && observedAt < silentFrom + 3 * DAY;
    if (!isSilent && observedAt - polledAt > 30 * MINUTE) {
      polledAt = observedAt;
      said.push({ kind: 'proof', observedAt, provedUntil: observedAt - MINUTE });
    }
    const part = Math.floor((index * 40) / messages);
    if (part !== Math.floor(((index - 1) * 40) / messages)) said.push(...acts(part, observedAt, unread));
  }
  return said;
}

/** What an operator does after each fortieth part of the traffic. */
function acts(part: number, observedAt: EpochMs, unread: number): Said[] {
  const shipment = (n: number): string =>
    hashId('shipment', 'default', `delivery:80${String(n).padStart(6, '0')}`);
  const container = (n: number): string => `container:LAYU${String(n).padStart(6, '0')}0`;
  const act = (action: string, subject: string): Said => ({
    ...{ kind: 'operator', observedAt },
    body: { id: `${action}-${part}`, action, subject },
  });
  if (part === 20 && unread > 0)
    return [act('dismiss-dead-letter', hashId('dead-letter', 'HUB', String(unread), ''))];
  if (part % 3 === 1) return [act('merge', `${shipment(2 * part)}/${shipment(2 * part + 1)}`)];
  if (part % 3 === 2) return [act('split', `${shipment(part)}/${container(part)}`)];
  return [];
}
