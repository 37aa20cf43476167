-- Written last, after everything up to `positions` is in the tables: the store's only floor. Unmapped codes are counted here
-- because this row, unlike the others, is written exactly once for a stretch of the log.
CREATE TABLE IF NOT EXISTS laytime.commits
(
    writer LowCardinality(String),
    version UInt128,
    epoch UInt64,
    ordinal UInt64,
    positions Map(String, UInt64),
    log_time DateTime64(3, 'UTC'),
    committed_at DateTime64(3, 'UTC'),
    events UInt32,
    rows UInt32,
    unmapped Array(Tuple(
        source String,
        kind String,
        path String,
        value String,
        why String,
        count UInt32))
)
ENGINE = ReplacingMergeTree
ORDER BY (writer, version)
SETTINGS non_replicated_deduplication_window = 1000
