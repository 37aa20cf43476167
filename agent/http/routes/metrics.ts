import type { Route } from '../route.ts';
import type { HealthServices } from '../services.ts';

export const metrics: Route<HealthServices> = {
  method: 'GET',
  path: '/metrics',
  name: 'metrics',
  summary: 'Metrics for Prometheus',
  role: 'viewer',
  answer: { media: 'text/plain; version=0.0.4; charset=utf-8' },
  asksStore: false,
  async handle(_, { main }) {
    return { text: await main.metrics(), type: 'text/plain; version=0.0.4; charset=utf-8' };
  },
};
