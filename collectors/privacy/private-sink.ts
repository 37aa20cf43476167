import type { RawMessage, Sink } from '../collector.ts';
import { isOversize } from '../oversize.ts';
import { cleanMessage, type PrivateFields, WITHHELD_PARAMETER } from './privacy.ts';

/** A sink through which private fields do not pass; `fields` by the name of the source. */
export function privateSink(sink: Sink, fields: ReadonlyMap<string, PrivateFields>): Sink {
  if (fields.size === 0) return sink;
  return {
    deliver: (messages) =>
      sink.deliver(
        messages.map((message) => {
          const own = fields.get(message.source);
          return own === undefined ? message : withoutPrivate(message, own);
        }),
      ),
    prove: (proof) => sink.prove(proof),
  };
}

/** The message without private fields; withheld when it cannot be read. */
export function withoutPrivate(message: RawMessage, fields: PrivateFields): RawMessage {
  const { contentType, data } = message;
  // The head of a message cannot be read, and so not be cleaned.
  const cleaned = isOversize(contentType)
    ? { withheld: 'too-large' }
    : cleanMessage(fields, data, contentType);
  if ('data' in cleaned) return cleaned.data === data ? message : { ...message, data: cleaned.data };
  const marked = `${contentType};${WITHHELD_PARAMETER}=${cleaned.withheld}`;
  return { ...message, contentType: marked, data: new Uint8Array() };
}
