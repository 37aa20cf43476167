import { readTowerCounts } from '../../store/tower.ts';
import type { Route } from '../route.ts';
import { TOWER } from '../shapes.ts';

/** Counts and caller in one: the page asks it first, and it tells whether the token is good and what it may. */
export const tower: Route = {
  method: 'GET',
  path: '/api/v1/tower',
  name: 'readTower',
  summary: "The control tower's counts, the reader's zone and who asks",
  role: 'viewer',
  answer: TOWER,
  asksStore: false,
  async handle({ caller }, services) {
    const counts = await services.gate.share('tower', () => readTowerCounts(services.store()));
    return { json: { ...counts, timezone: services.settings.timezone, caller } };
  },
};
