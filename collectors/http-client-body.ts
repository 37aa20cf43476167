import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { FetchFault } from './http-client-fault.ts';

async function* atMost(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  fault: () => FetchFault,
  onBytes: () => void = () => undefined,
) {
  let bytes = 0;
  for await (const chunk of source) {
    onBytes();
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw fault();
    yield chunk;
  }
}

function decompressor(encoding: string, what: string) {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new FetchFault('unsupported-encoding', `${what}: content-encoding ${encoding} is not understood`);
  }
}

/**
 * Reads a body to its end within `maxBytes`, counted on the wire and again after decompression: a gzip bomb is given
 * up at the limit, never inflated. Rejects with what the stream threw, or a {@link FetchFault}.
 */
export async function readBody(
  body: Readable,
  options: {
    readonly encoding: string;
    readonly maxBytes: number;
    readonly what: string;
    /** Called whenever something came. */
    readonly onBytes: () => void;
  },
): Promise<Uint8Array> {
  const { maxBytes, what } = options;
  const chunks: Uint8Array[] = [];
  const collect = async (source: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of source) chunks.push(chunk);
  };
  const tooLarge = (name: 'too-large-compressed' | 'too-large-decompressed') => () =>
    new FetchFault(name, `${what}: the answer is larger than ${maxBytes} bytes (max_response)`);
  const onWire = (source: AsyncIterable<Uint8Array>) =>
    atMost(source, maxBytes, tooLarge('too-large-compressed'), options.onBytes);
  const encoding = options.encoding.trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') {
    await pipeline(body, onWire, collect);
  } else {
    const inflated = (source: AsyncIterable<Uint8Array>) =>
      atMost(source, maxBytes, tooLarge('too-large-decompressed'));
    await pipeline(body, onWire, decompressor(encoding, what), inflated, collect);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}
