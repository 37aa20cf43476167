-- A copy of the alert log: every change of every alert, with the words a person was told.
CREATE TABLE IF NOT EXISTS laytime.alert_changes_log
(
    alert_id String,
    number UInt32,
    kind LowCardinality(String),
    reason LowCardinality(String),
    at DateTime64(3, 'UTC'),
    status LowCardinality(String),
    confirmed Bool,
    clock_id String,
    shipment_id String,
    rule LowCardinality(String),
    rule_version String,
    severity LowCardinality(String),
    tenant LowCardinality(String),
    notify Array(String),
    quiet LowCardinality(String),
    about_channel Bool,
    labels Map(String, String),
    headline String,
    lines Array(String),
    link String,
    INDEX shipments shipment_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
ORDER BY (alert_id, number)
SETTINGS non_replicated_deduplication_window = 1000, min_bytes_for_wide_part = 134217728
