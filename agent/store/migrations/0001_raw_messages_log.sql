-- Messages exactly as the sources gave them. (stream, sequence) names a message for ever, and its append time with it:
-- so monthly partitions never split a key.
CREATE TABLE IF NOT EXISTS laytime.raw_messages_log
(
    stream LowCardinality(String),
    sequence UInt64,
    source LowCardinality(String),
    partner LowCardinality(String),
    source_id String,
    content_type LowCardinality(String),
    subject String,
    observed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    data String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(observed_at)
ORDER BY (stream, sequence)
SETTINGS non_replicated_deduplication_window = 1000
