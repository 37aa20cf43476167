-- Messages exactly as the sources gave them. (stream, sequence) names a message for ever, and its append time with it:
-- so monthly partitions never split a key. Plain strings: see README.md, "What an insert costs".
CREATE TABLE IF NOT EXISTS laytime.raw_messages_log
(
    stream String,
    sequence UInt64,
    source String,
    partner String,
    source_id String,
    content_type String,
    subject String,
    observed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    data String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(observed_at)
ORDER BY (stream, sequence)
SETTINGS non_replicated_deduplication_window = 1000, min_bytes_for_wide_part = 134217728
