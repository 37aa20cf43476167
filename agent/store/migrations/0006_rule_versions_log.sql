-- Every version of every rule that ever judged, so that a verdict of last quarter can be explained.
CREATE TABLE IF NOT EXISTS laytime.rule_versions_log
(
    rule LowCardinality(String),
    version String,
    first_used_at DateTime64(3, 'UTC'),
    precedence UInt64,
    title String,
    kind LowCardinality(String),
    mode LowCardinality(String),
    severity LowCardinality(String),
    legal Bool,
    starts Array(String),
    ends Array(String),
    within String,
    warn Array(String),
    calendar String,
    notify Array(String),
    owner String,
    basis String,
    file String,
    line UInt32
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY (rule, version)
SETTINGS non_replicated_deduplication_window = 1000
