import { hashId } from '../../rules/hash.ts';
import type { IdentityOverride } from '../../rules/identity.ts';
import { REF_TYPES, type RefType } from '../../rules/refs.ts';
import type { LogRecord } from '../log/log.ts';
import type { Restatement } from '../log/restate.ts';
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
    stream: record.stream,
    sequence: record.sequence,
    action,
    subject: body.subject,
    by: body.by ?? '',
    comment: body.comment ?? '',
    at: record.observedAt,
    ...(typeof body.until === 'number' && { until: body.until }),
  };
}

const OURSELVES = 'laytime';

/** Kept like an operator's dismissal, so that whoever lists dead letters sees that this one needs nobody any more. */
export const mendedFact = (
  deadLetterId: string,
  { stream, sequence, observedAt }: Pick<LogRecord, 'stream' | 'sequence' | 'observedAt'>,
): OperatorAction => ({
  id: hashId('mended', deadLetterId),
  stream,
  sequence,
  action: 'dismiss-dead-letter',
  subject: deadLetterId,
  by: OURSELVES,
  comment: 'mended: the same record came again and could be read',
  at: observedAt,
});

/** That history was mapped anew: one fact for all records of a replay. */
export const replayFact = (
  { id, source, by, comment }: Restatement,
  { stream, sequence, observedAt }: LogRecord,
): OperatorAction => ({
  id,
  stream,
  sequence,
  action: 'replay',
  subject: source,
  by,
  comment,
  at: observedAt,
});

/** True for facts that the judge itself stated: they are not records of the log. */
export const isOurOwn = ({ by }: OperatorAction): boolean => by === OURSELVES;

/**
 * What a merge or a split means to identity. The subject of a merge is `shipment/into`, of a split `shipment/type:value`.
 * Undefined for other actions and for subjects that are not of that form.
 */
export function identityOverrideOf(action: OperatorAction): IdentityOverride | undefined {
  const cut = action.subject.indexOf('/');
  const [shipmentId, rest] = [action.subject.slice(0, cut), action.subject.slice(cut + 1)];
  if (cut < 1 || rest === '') return undefined;
  const { sequence: position } = action;
  if (action.action === 'merge') return { key: action.id, position, kind: 'merge', shipmentId, into: rest };
  if (action.action !== 'split') return undefined;
  const colon = rest.indexOf(':');
  const type = rest.slice(0, colon);
  if (!Object.hasOwn(REF_TYPES, type)) return undefined;
  const ref = { type: type as RefType, value: rest.slice(colon + 1) };
  return { key: action.id, position, kind: 'split', shipmentId, ref };
}
