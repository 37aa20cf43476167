-- Every version of every rule that ever judged, each time that an agent took it up, so that a verdict of last quarter can be
-- explained and a version that came back is the current one again.
CREATE TABLE IF NOT EXISTS laytime.rule_versions_log
(
    rule LowCardinality(String),
    version String,
    used_at DateTime64(3, 'UTC'),
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
ENGINE = ReplacingMergeTree
ORDER BY (rule, version, used_at)
SETTINGS non_replicated_deduplication_window = 1000
