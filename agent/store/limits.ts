/** What the queue may hold, and how long it may wait. */
export interface StoreLimits {
  /** Encoded bytes in the queue, rows on their way included; beyond it batches are let go. */
  readonly queueBytes: number;
  readonly queueRows: number;
  /** A commit is not delayed any more once so many bytes wait for it. */
  readonly commitBytes: number;
  /** Longest wait of a row for company: larger inserts cost less, and a shipment that changes twice is sent once. */
  readonly commitDelayMs: number;
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
}

export const STORE_LIMITS: StoreLimits = {
  queueBytes: 128 * 1024 * 1024,
  queueRows: 400_000,
  commitBytes: 32 * 1024 * 1024,
  commitDelayMs: 1_000,
  firstRetryMs: 200,
  longestRetryMs: 15_000,
};
