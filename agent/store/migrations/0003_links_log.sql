-- That an event speaks of a shipment, or from `at` on no longer does. History is kept: what was linked at 09:00 can be asked.
CREATE TABLE IF NOT EXISTS laytime.links_log
(
    event_id String,
    shipment_id String,
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    linked Bool,
    version UInt128,
    INDEX events event_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (shipment_id, event_id, at)
SETTINGS non_replicated_deduplication_window = 1000
