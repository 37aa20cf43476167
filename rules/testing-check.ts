import type { ChannelState } from './channel.ts';
import type { Expectation } from './testing.ts';
import type { TestShipment } from './testing-shipment.ts';
import { localText } from './testing-time.ts';
import type { Verdict } from './verdict.ts';

export interface Checked {
  readonly ok: boolean;
  readonly expected: string;
  readonly got: string;
}

interface CheckContext {
  readonly rules: readonly string[];
  readonly channels: readonly ChannelState[];
  readonly zone: string;
}

/** Compares one expectation with what is so, both in words. */
export function checkExpectation(
  { expects }: Expectation,
  shipment: TestShipment,
  context: CheckContext,
): Checked {
  if (expects.of === 'channel') {
    const got = statusOf(context.channels, expects.channel);
    return { ok: got === expects.status, expected: `channel ${expects.channel}: ${expects.status}`, got };
  }
  const rule = expects.rule ?? (context.rules.length === 1 ? context.rules[0] : undefined);
  if (rule === undefined || !context.rules.includes(rule)) {
    const expected = `${expects.of} ${expects.rule ?? ''}`.trim();
    const known = context.rules.join(', ');
    const got =
      expects.rule === undefined ? `several rules: name one of ${known}` : `no such rule; there are ${known}`;
    return { ok: false, expected, got };
  }
  if (expects.of === 'clock') return checkClock(expects, rule, shipment, context.zone);
  const told = shipment.told.get(rule) ?? [];
  if (expects.of === 'alert') {
    const got = told.at(-1) ?? 'none';
    return { ok: got === expects.last, expected: `alert ${rule}: ${expects.last}`, got };
  }
  const wanted = expects.all.join(', ') || 'none';
  const got = told.join(', ') || 'none';
  return { ok: got === wanted, expected: `alerts ${rule}: ${wanted}`, got };
}

/** A source is as blind as its blindest partner. */
function statusOf(channels: readonly ChannelState[], source: string): string {
  const statuses = channels.filter((channel) => channel.source === source).map(({ status }) => status);
  return statuses.find((status) => status !== 'hearing') ?? 'hearing';
}

function checkClock(
  expects: Extract<Expectation['expects'], { of: 'clock' }>,
  rule: string,
  shipment: TestShipment,
  zone: string,
): Checked {
  const clocks = (shipment.verdicts.get(rule) ?? []).filter(
    ({ occurrence }) => expects.subject === undefined || occurrence.subject === expects.subject,
  );
  const fits = (verdict: Verdict): boolean =>
    verdict.state === expects.state &&
    (expects.reason === undefined || verdict.reason === expects.reason) &&
    (expects.due === undefined || verdict.dueAt === expects.due);
  // Several clocks without a subject named: all of them must be so.
  const ok = expects.state === 'none' ? clocks.length === 0 : clocks.length > 0 && clocks.every(fits);
  const parts = [
    `clock ${rule}${expects.subject === undefined ? '' : ` of ${expects.subject}`}: ${expects.state}`,
    expects.reason ?? '',
    expects.due === undefined ? '' : `due ${localText(expects.due, zone)}`,
  ];
  return {
    ok,
    expected: parts.filter((part) => part !== '').join(', '),
    got: clocks.map((verdict) => describeVerdict(verdict, zone)).join('; ') || 'none',
  };
}

function describeVerdict({ state, reason, dueAt, occurrence }: Verdict, zone: string): string {
  const subject = occurrence.subject === undefined ? '' : `${occurrence.subject}: `;
  return `${subject}${state}, ${reason}${dueAt === undefined ? '' : `, due ${localText(dueAt, zone)}`}`;
}
