import type { CollectorContext, RawMessage } from './collector.ts';

/** Of a message that is too large, so much is kept for the dead letter. */
const HEAD_BYTES = 16_384;

/** Parameter of the content type that says: this is only the head of a message of so many bytes. */
export const OVERSIZE_PARAMETER = 'laytime-oversize';

/** True for a content type that {@link withinLimit} marked: the message is to become a dead letter `too-large`. */
export const isOversize = (contentType: string): boolean => contentType.includes(`;${OVERSIZE_PARAMETER}=`);

/**
 * The message itself, or, when it is larger than `maxBytes`, its head, marked in the content type (`application/json;
 * laytime-oversize=9000000` without the blank). It goes through the log either way: refused, never dropped. `bytes` is
 * the message's true size when `data` is already no more than its head.
 */
export function withinLimit(
  message: RawMessage,
  maxBytes: number,
  context: CollectorContext,
  bytes = message.data.byteLength,
): RawMessage {
  if (bytes <= maxBytes) return message;
  const { source, origin } = message;
  context.report({
    kind: 'refused',
    source,
    origin,
    reason: `too-large: ${bytes} bytes, at most ${maxBytes}`,
  });
  return {
    ...message,
    contentType: `${message.contentType};${OVERSIZE_PARAMETER}=${bytes}`,
    data: Buffer.from(message.data.subarray(0, Math.min(HEAD_BYTES, maxBytes))),
  };
}
