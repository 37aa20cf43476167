import type { AlertRecord } from '../../agent/track/outcome.ts';
import type { AlertChangeKind, AlertStatus } from '../../rules/alert.ts';

const STATUS: Readonly<Record<AlertChangeKind, AlertStatus>> = {
  'at-risk': 'at-risk',
  fired: 'firing',
  'fired-unconfirmed': 'firing',
  confirmed: 'firing',
  reopened: 'firing',
  resolved: 'resolved',
  withdrawn: 'withdrawn',
};

/** An alert record for tests that care about its id, number and kind. */
export function alertRecord(
  alertId: string,
  number: number,
  more: Partial<AlertRecord> & { readonly kind?: AlertChangeKind } = {},
): AlertRecord {
  const { kind = 'fired', ...fields } = more;
  return {
    change: {
      alertId,
      number,
      kind,
      reason: 'deadline-passed-proved',
      at: Date.UTC(2026, 5, 1, 12),
      after: { status: STATUS[kind], confirmed: true, change: number },
    },
    clockId: `clock-${alertId}`,
    shipmentId: 'shipment-1',
    rule: 'uk-import-release',
    ruleVersion: 'v1',
    severity: 'warning',
    tenant: 'default',
    notify: ['desk'],
    aboutChannel: false,
    labels: { rule: 'uk-import-release', place: 'GBFXT' },
    text: {
      headline: `${kind} ${alertId}`,
      lines: ['Shipment: delivery 80000001'],
      link: 'https://laytime.example/shipments/1',
    },
    ...fields,
  };
}
