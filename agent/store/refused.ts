import { hashId } from '../../rules/hash.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { DeadLetter } from '../track/outcome.ts';
import type { RefusedRow } from './insert.ts';
import { RowReader } from './row-binary.ts';

const ROW_TYPE = 'application/x-clickhouse-row-binary';

/**
 * The dead letter of a row that ClickHouse refused. A refused raw message keeps its own bytes; of other rows the row's
 * bytes are kept, and the raw message they came from is in `raw_messages` at the same stream and sequence.
 */
export function deadLetterOf(refused: RefusedRow, logTime: EpochMs): DeadLetter {
  const { table, bytes, error } = refused;
  const row = new RowReader(bytes);
  const about = {
    source: '',
    partner: '',
    stream: '',
    sequence: 0,
    sourceId: '',
    contentType: ROW_TYPE,
    subject: '',
    headers: [],
    data: bytes,
  };
  if (table === 'raw_messages_log' || table === 'events_log') {
    about.stream = row.string();
    about.sequence = row.int64();
    about.source = row.string();
    about.partner = row.string();
    about.sourceId = row.string();
    if (table === 'raw_messages_log') {
      about.contentType = row.string();
      about.subject = row.string();
      row.int64(); // observed_at
      about.data = row.data();
    }
  } else {
    // The key of every other table comes first: an event, an alert, a shipment, a channel …
    about.sourceId = table === 'commits' ? '' : row.string();
  }
  return {
    id: hashId('dead-letter', 'store', table, Buffer.from(bytes).toString('latin1')),
    ...about,
    observedAt: logTime,
    code: 'refused-by-store',
    reason: error,
    path: table,
  };
}
