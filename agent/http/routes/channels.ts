import { readChannels } from '../../store/queries.ts';
import type { Route } from '../route.ts';
import { list, object } from '../schema.ts';
import { CHANNEL } from '../shapes.ts';

export const listChannels: Route = {
  method: 'GET',
  path: '/api/v1/channels',
  name: 'listChannels',
  summary: 'Every channel (source × partner): heard or not, since when, and how far it is proved heard',
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
        rows: rows.map((row) => {
          const watermark = now.get(row.channel_id)?.watermark;
          return watermark === undefined ? row : { ...row, watermark: new Date(watermark).toISOString() };
        }),
      },
    };
  },
};
