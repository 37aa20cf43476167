CREATE OR REPLACE VIEW laytime.events AS
SELECT
    event_id, tenant, milestone, classifier, occurred_at, occurred_until, observed_at,
    dateDiff('millisecond', occurred_at, observed_at) AS reported_after_ms,
    source, partner, role, leg, subject, zone, zone_from, refs,
    arrayMap(r -> concat(r.1, ':', r.2), refs) AS ref_texts,
    unlocode, place, country, place_zone, facility, attributes, retracted, key, revision_order, revision_tag, stream, sequence
FROM laytime.events_log FINAL
