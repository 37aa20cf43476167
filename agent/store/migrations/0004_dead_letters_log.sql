CREATE TABLE IF NOT EXISTS laytime.dead_letters_log
(
    id String,
    source LowCardinality(String),
    partner LowCardinality(String),
    stream LowCardinality(String),
    sequence UInt64,
    observed_at DateTime64(3, 'UTC'),
    code LowCardinality(String),
    reason String,
    path String,
    source_id String,
    content_type LowCardinality(String),
    data String CODEC(ZSTD(3)),
    version UInt128
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id
SETTINGS non_replicated_deduplication_window = 1000
