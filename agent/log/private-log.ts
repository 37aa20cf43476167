import type { PrivateFields } from '../../collectors/privacy/privacy.ts';
import { privateSink } from '../../collectors/privacy/private-sink.ts';
import type { Log } from './log.ts';
import { privateReader } from './private-reader.ts';

/** A log into which private fields do not go, and out of which they do not come; `fields` by the name of the source. */
export function privateLog(log: Log, fields: ReadonlyMap<string, PrivateFields>): Log {
  const sink = privateSink(log, fields);
  return {
    cursors: log.cursors,
    deliver: (messages) => sink.deliver(messages),
    prove: (proof) => sink.prove(proof),
    append: (record) => log.append(record),
    redrive: (id, redrive) => log.redrive(id, redrive),
    read: async (bindings, from) => privateReader(await log.read(bindings, from), fields),
    setFloor: (floor) => log.setFloor(floor),
    onFault: (listener) => log.onFault(listener),
    close: () => log.close(),
  };
}
