CREATE TABLE IF NOT EXISTS laytime.operator_actions_log
(
    id String,
    action LowCardinality(String),
    subject String,
    by String,
    comment String,
    at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY id
SETTINGS non_replicated_deduplication_window = 1000
