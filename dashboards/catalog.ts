import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { agentHealth } from './agent-health.ts';
import { controlTower } from './control-tower.ts';
import { shipment } from './shipment.ts';
import { slaPerformance } from './sla-performance.ts';

/** Every dashboard by the name of its built file. A new one is a file here and a line in this list. */
export const DASHBOARDS: Readonly<Record<string, () => Dashboard>> = {
  'control-tower': () => controlTower().build(),
  shipment: () => shipment().build(),
  'sla-performance': () => slaPerformance().build(),
  'agent-health': () => agentHealth().build(),
};

/** The built file, as Grafana's file provisioning reads it. */
export const builtText = (dashboard: Dashboard): string => `${JSON.stringify(dashboard, null, 2)}\n`;
