import t from 'tap';
import { LogHeader } from '../../../agent/log/headers.ts';
import type { LogReader, LogRecord } from '../../../agent/log/log.ts';
import { privateReader } from '../../../agent/log/private-reader.ts';
import { redriveHeader, toRedrive } from '../../../agent/log/redrive.ts';
import type { PrivateFields } from '../../../collectors/privacy/privacy.ts';

const FIELDS: PrivateFields = {
  format: 'cloudevents',
  paths: [['subject'], ['data', 'name']],
  headers: new Set(['x-customer']),
};

const recordOf = (
  headers: Record<string, string>,
  data: string,
  kind: LogRecord['kind'] = 'message',
): LogRecord => {
  const own = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    kind,
    stream: 'HUB',
    sequence: 1,
    subject: 'hub.a',
    observedAt: 1,
    source: 'hub',
    header: (name) => own.get(name.toLowerCase()),
    headers: () => own,
    data: Buffer.from(data),
  };
};

async function read(record: LogRecord, source = 'hub'): Promise<LogRecord> {
  const reader: LogReader = {
    next: async () => ({ records: [record], caughtUp: true }),
    close: async () => undefined,
  };
  const options = { maxRecords: 1, maxWaitMs: 1, signal: new AbortController().signal };
  const { records } = await privateReader(reader, new Map([[source, FIELDS]])).next(options);
  return records[0]!;
}

const EVENT = '{"specversion":"1.0","id":"1","source":"/","type":"t","subject":"Jo","data":{"name":"Jo"}}';

t.test('binary CloudEvents lose headers as well as fields', async (t) => {
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': '1',
    'ce-subject': 'Jo',
    'X-Customer': 'Jo',
    'ce-type': 't',
  };
  const clean = await read(recordOf(headers, '{"name":"Jo","city":"Bremen"}'));
  t.equal(Buffer.from(clean.data).toString(), '{"name":null,"city":"Bremen"}');
  t.same(
    [...clean.headers()].map(([name]) => name),
    ['ce-specversion', 'ce-id', 'ce-type'],
  );
  t.equal(clean.header('X-Customer'), undefined);
});

t.test('what was in our log before, what is cut off, and what is read again', async (t) => {
  const ours = { [LogHeader.source]: 'hub', [LogHeader.contentType]: 'application/json' };
  const before = await read(recordOf(ours, EVENT));
  t.equal(Buffer.from(before.data).toString(), EVENT.replaceAll('"Jo"', 'null'));
  const cut = await read(recordOf({ ...ours, [LogHeader.truncatedFrom]: '9000' }, EVENT));
  t.equal(cut.header(LogHeader.withheld), 'too-large');
  t.equal(cut.data.length, 0);

  const original = {
    source: 'hub',
    stream: 'HUB',
    sequence: 1,
    subject: 'a',
    observedAt: 1,
    headers: [['x-customer', 'Jo']] as const,
    data: Buffer.from(EVENT),
  };
  const redrive = { letters: ['l'], closed: [], by: 'mia', comment: 'c', original };
  const again = await read(recordOf({ [LogHeader.redrive]: redriveHeader(redrive) }, EVENT, 'redrive'));
  t.match(toRedrive(again), { letters: ['l'], original: { headers: [], sequence: 1 } });
  t.notMatch(Buffer.from(again.data).toString(), 'Jo');
  t.equal((await read(recordOf({}, EVENT, 'redrive'))).data.length, 0, 'a forged one');
});

t.test('other sources and other records are not touched', async (t) => {
  const record = recordOf({}, EVENT);
  t.equal(await read(record, 'other'), record);
  const proof = recordOf({}, EVENT, 'proof');
  t.equal(await read(proof), proof);
});
