import type { EpochMs } from '../../rules/time.ts';
import type { AlertRecord } from '../track/outcome.ts';
import type { Demo } from './demo.ts';
import type { NaiveAlarm } from './naive.ts';
import type { DemoResult } from './result.ts';

/** A line that is shown when its time has come. */
export interface Line {
  readonly at: EpochMs;
  readonly text: string;
}

const format = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

export const clockText = (at: EpochMs): string => format.format(at).replace(',', '');

/** An alert change in one line. */
export const alertLine = ({ change, text }: AlertRecord): Line => ({
  at: change.at,
  text: `${clockText(change.at)}  laytime  ${text.headline}`,
});

/** What the naive checker would have sent at the same time, and whether it would have been right. */
export function naiveLine({ at, clock, isFalse }: NaiveAlarm): Line {
  const wrong = isFalse ? `  ← false: ${whyFalse(clock)}` : '';
  return {
    at,
    text: `${clockText(at)}    naive  OVERDUE: ${clock.rule.title}, delivery ${clock.shipment.delivery}${wrong}`,
  };
}

function whyFalse({ rule, shipment, dueAt }: NaiveAlarm['clock']): string {
  const { hold, journey } = shipment;
  if (rule.pauseWhile.length > 0 && hold !== undefined && hold.placedAt < dueAt)
    return 'customs holds the goods';
  if (rule.kind === 'before' && journey.loadingPlans.length > 1) return 'the loading was planned anew';
  return 'it was done in time and told late';
}

/** What the demo does, and where to look while it runs. */
export function introduction(demo: Demo, apiUrl: string): string {
  const { world, app } = demo;
  const clickhouse = app.engines.store?.engine;
  const grafana = clickhouse?.grafana;
  return `
A month of ${world.shipments.length} shipments on four lanes (Shanghai-Felixstowe, Singapore-Southampton over Colombo, London-New York,
Mumbai-Heathrow), told by an SAP system, a TMS, UK customs, two ocean carriers and a US broker over their real protocols.
29 days are loaded as fast as they can be judged; the last day passes at about an hour a second. Beside the agent's alerts stands what
a checker would have sent that only compares deadlines with the clock.

  control tower and API   ${apiUrl}
  ClickHouse              HTTP port ${clickhouse?.httpPort ?? '-'}, native port ${clickhouse?.tcpPort ?? '-'}, database laytime
  Grafana data source     grafana-clickhouse-datasource, host 127.0.0.1, port ${clickhouse?.tcpPort ?? '-'}, protocol native,
                          user ${grafana?.user ?? '-'}, password ${grafana?.password ?? '-'} (it may only read)
  alerts on NATS          ${app.engines.natsUrl}, subjects demo.alerts.>
  files of this run       ${demo.config.dataDir}

`;
}

/** The result for people. */
export function summary(result: DemoResult): string {
  const { alerts, clocks } = result;
  const states = Object.entries(clocks).map(([state, count]) => `${count} ${state}`);
  return `
${result.events} events of ${result.shipments} shipments (${result.duplicates} told twice, ${result.deadLetters} messages that could not be read until they were mended)
clocks: ${states.join(', ')}
alerts: ${alerts.raised} raised, ${alerts.resolved} resolved, ${alerts.withdrawn} withdrawn
against the truth: ${result.lost} lost, ${result.falseAlerts} false alerts, ${result.missedAlerts} missed; a naive checker: ${result.naiveFalseAlerts} false alerts
`;
}
