import type { Value } from '../formats/format.ts';
import type { Rejection } from './map.ts';
import { compilePath } from './path.ts';
import type { RecordReader } from './record-of.ts';
import type { TextOf } from './scope.ts';

const at = (path: string): TextOf => {
  const compiled = compilePath(path);
  if ('wrong' in compiled) throw new Error(compiled.wrong);
  return (scope) => compiled.first(scope);
};

/** What every message of an interchange says of itself, so that no map has to. */
const ID = at('message.id');
const MESSAGE = at('message.type');
const RELEASE = at('message.release');
const TEST = at('interchange.test');

/**
 * A message of an interchange is named by its references, and says what it is. One of an interchange that is marked as a test (UNB 0035,
 * ISA15) is left out, unless the map reads tests: what was made up must not start a clock.
 */
export function withSegmentDefaults(record: RecordReader, readsTests: boolean): RecordReader {
  const { ignore } = record;
  const untested: TextOf = (scope) =>
    TEST(scope) === '1' ? 'the interchange is marked as a test' : ignore?.(scope);
  return {
    ...record,
    id: record.id ?? ID,
    ignore: readsTests ? ignore : untested,
    speech: {
      message: record.speech.message ?? MESSAGE,
      release: record.speech.release ?? RELEASE,
      country: record.speech.country,
    },
  };
}

/** Adds where in the interchange a rejected message begins. */
export function withPlace(rejection: Rejection, record: Value): Rejection {
  const message = (record as { readonly message?: { readonly [name: string]: Value } } | null)?.message;
  if (typeof message?.segment !== 'number') return rejection;
  const name = `${message.type ?? ''} ${message.ref ?? ''}`.trim();
  const reason = `${rejection.reason} (message ${name}, from segment ${message.segment} at byte ${message.byte})`;
  return { ...rejection, reason };
}
