import { readChannels } from '../../store/queries.ts';
import type { ChannelFact } from '../contract.ts';
import type { Route } from '../route.ts';
import { list, object } from '../schema.ts';
import { CHANNEL } from '../shapes.ts';

export const listChannels: Route = {
  method: 'GET',
  path: '/api/v1/channels',
  name: 'listChannels',
  summary:
    'Every channel (source × partner): heard or not, since when, and how far it is proved heard, how late it tells, and what feed rules say of it',
  role: 'viewer',
  answer: object({ rows: list(CHANNEL) }),
  asksStore: true,
  async handle(_, services) {
    // The store knows a channel's watermark at its last change; the judge knows it now.
    const [rows, facts] = await Promise.all([
      readChannels(services.store()),
      services.main.readiness().catch((): undefined => undefined),
    ]);
    const now = new Map(facts?.channels.map((fact) => [fact.id, fact]));
    return {
      json: {
        rows: rows.map((row) => ({ ...row, ...knownNow(now.get(row.channel_id)) })),
      },
    };
  },
};

const isoOf = (at: number): string => new Date(at).toISOString();

function knownNow(fact: ChannelFact | undefined): Readonly<Record<string, unknown>> {
  return {
    ...(fact?.watermark !== undefined && { watermark: isoOf(fact.watermark) }),
    reporting_lag_ms: fact?.reportingLagMs ?? null,
    lag_p95_ms: fact?.measuredLag?.ms ?? null,
    lag_reports: fact?.measuredLag?.of ?? null,
    feeds: (fact?.feeds ?? []).map(({ dueAt, ...feed }) => ({
      ...feed,
      due_at: dueAt === undefined ? null : isoOf(dueAt),
    })),
  };
}
