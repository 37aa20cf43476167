import type { LogRecord } from '../log/log.ts';
import type { OperatorAction } from './outcome.ts';

const ACTIONS: readonly OperatorAction['action'][] = [
  'acknowledge',
  'waive',
  'dismiss-dead-letter',
  'merge',
  'split',
  'silence',
];

/** An operator's action from its record; undefined when the record is not one of ours (a newer version wrote it). */
export function parseOperatorAction(record: LogRecord): OperatorAction | undefined {
  const body = JSON.parse(Buffer.from(record.data).toString('utf8')) as Partial<OperatorAction>;
  const action = ACTIONS.find((name) => name === body.action);
  if (action === undefined || typeof body.id !== 'string' || typeof body.subject !== 'string')
    return undefined;
  return {
    id: body.id,
    action,
    subject: body.subject,
    by: body.by ?? '',
    comment: body.comment ?? '',
    at: record.observedAt,
    ...(typeof body.until === 'number' && { until: body.until }),
  };
}
