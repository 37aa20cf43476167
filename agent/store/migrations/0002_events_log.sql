-- Canonical events. Not partitioned: an event that is seen again in a later month must meet its first sighting.
-- The first sighting wins (`precedence` falls as `observed_at` rises). `optional` has one bit per optional field that was
-- present, `numeric` and `boolean` name the attributes that are not strings: together a row gives back the exact event.
CREATE TABLE IF NOT EXISTS laytime.events_log
(
    stream String,
    sequence UInt64,
    source String,
    partner String,
    event_id String,
    key String,
    revision_order Float64,
    revision_tag String,
    tenant String,
    milestone String,
    role String,
    leg String,
    subject String,
    classifier Enum8('planned' = 1, 'estimated' = 2, 'actual' = 3),
    occurred_at DateTime64(3, 'UTC'),
    occurred_until DateTime64(3, 'UTC'),
    zone String,
    zone_from String,
    observed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    precedence UInt64,
    refs Array(Tuple(type String, value String)),
    aliases Array(Tuple(type String, value String)),
    unlocode String,
    place String,
    country String,
    place_zone String,
    facility String,
    attributes Map(String, String),
    numeric Array(String),
    boolean Array(String),
    retracted Bool,
    optional UInt16,
    INDEX observed_at_range observed_at TYPE minmax GRANULARITY 1,
    INDEX ref_values arrayMap(r -> r.2, refs) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX raw_position sequence TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY event_id
SETTINGS non_replicated_deduplication_window = 1000, min_bytes_for_wide_part = 134217728
