-- Since when a channel is heard or blind. The open interval's watermark moves, so a later row of the same interval replaces it.
CREATE TABLE IF NOT EXISTS laytime.channel_intervals_log
(
    channel_id String,
    since DateTime64(3, 'UTC'),
    source LowCardinality(String),
    partner LowCardinality(String),
    status LowCardinality(String),
    watermark Nullable(DateTime64(3, 'UTC')),
    best_effort Bool,
    reason String,
    version UInt128
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (channel_id, since)
SETTINGS non_replicated_deduplication_window = 1000
