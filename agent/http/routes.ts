import type { Route } from './route.ts';
import { acknowledgeAlert, listAlerts, readAlert } from './routes/alerts.ts';
import { listAwaiting } from './routes/awaiting.ts';
import { listChannels } from './routes/channels.ts';
import { listClocks, waiveClock } from './routes/clocks.ts';
import { deadLetterRaw, dismissDeadLetter, listDeadLetters } from './routes/dead-letters.ts';
import { listRejected } from './routes/declarations.ts';
import { listDrift } from './routes/drift.ts';
import { explainClocks } from './routes/explanations.ts';
import { shipmentFacts } from './routes/facts.ts';
import { healthz, readyz } from './routes/health.ts';
import { metrics } from './routes/metrics.ts';
import { openapi } from './routes/openapi.ts';
import { PAGES } from './routes/page.ts';
import { rawMessage } from './routes/raw-messages.ts';
import { redriveDeadLetters } from './routes/redrive.ts';
import { reloadRules } from './routes/reload.ts';
import { replayHistory } from './routes/replays.ts';
import { listRules } from './routes/rules.ts';
import { readShipmentRoute } from './routes/shipment.ts';
import { listShipments } from './routes/shipments.ts';
import { silence } from './routes/silences.ts';
import { tower } from './routes/tower.ts';
import { vocabulary } from './routes/vocabulary.ts';

/** Every address of the server. */
export const ROUTES: readonly Route[] = [
  healthz,
  readyz,
  metrics,
  tower,
  vocabulary,
  listShipments,
  readShipmentRoute,
  explainClocks,
  shipmentFacts,
  listAwaiting,
  listRejected,
  listClocks,
  waiveClock,
  listAlerts,
  readAlert,
  acknowledgeAlert,
  silence,
  listChannels,
  listDrift,
  listDeadLetters,
  deadLetterRaw,
  dismissDeadLetter,
  redriveDeadLetters,
  replayHistory,
  rawMessage,
  listRules,
  reloadRules,
  openapi,
  ...PAGES,
];
