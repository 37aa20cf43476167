import type { KV } from '@nats-io/kv';
import type { CursorStore } from '../../collectors/collector.ts';
import { encodeToken } from './headers.ts';
import { patiently } from './patience.ts';

/** Cursors of collectors in a key-value bucket, beside the log that has the messages they passed. */
export class KvCursorStore implements CursorStore {
  readonly #bucket: KV;
  constructor(bucket: KV) {
    this.#bucket = bucket;
  }

  /** The value last put, or undefined. */
  async get(key: string): Promise<unknown> {
    const entry = await patiently(() => this.#bucket.get(encodeToken(key)));
    if (entry === null || entry.operation !== 'PUT') return undefined;
    return entry.json<unknown>();
  }

  async put(key: string, value: unknown): Promise<void> {
    await patiently(() => this.#bucket.put(encodeToken(key), JSON.stringify(value)));
  }
}
