-- How a partner's messages change, by day of the log: what came of them, what is dated in the future, how long after they happened things
-- were told, what was said twice, what maps did not know, and fields that came, went or changed their type.
CREATE OR REPLACE VIEW laytime.drift AS
SELECT
    source, partner, day,
    sum(events_seen) AS events, sum(future_seen) AS future_times, max(lag_median) AS lag_median_s, max(lag_high) AS lag_p95_s,
    sum(letters_seen) AS dead_letters, sum(codes_seen) AS unknown_codes, sum(refs_seen) AS bad_refs, sum(places_seen) AS unknown_places,
    sum(silent_seen) AS without_milestone, sum(new_seen) AS new_fields, sum(missing_seen) AS missing_fields, sum(types_seen) AS changed_types,
    sum(repeats_seen) AS duplicates, if(events + duplicates = 0, NULL, duplicates / (events + duplicates)) AS duplicate_rate
FROM
(
    SELECT
        e.source AS source, e.partner AS partner, toDate(e.observed_at) AS day, count() AS events_seen,
        countIf(e.classifier = 'actual' AND NOT e.retracted AND e.occurred_at > e.observed_at + INTERVAL 5 MINUTE) AS future_seen,
        quantileExactIf(0.5)(dateDiff('second', e.occurred_until, e.observed_at), e.classifier = 'actual' AND NOT e.retracted) AS lag_median,
        quantileExactIf(0.95)(dateDiff('second', e.occurred_until, e.observed_at), e.classifier = 'actual' AND NOT e.retracted) AS lag_high,
        0 AS letters_seen, 0 AS codes_seen, 0 AS refs_seen, 0 AS places_seen, 0 AS silent_seen, 0 AS new_seen, 0 AS missing_seen,
        0 AS types_seen, 0 AS repeats_seen
    FROM laytime.events_log AS e FINAL
    GROUP BY source, partner, day
    UNION ALL
    SELECT d.source, d.partner, toDate(d.observed_at) AS day, 0, 0, NULL, NULL, count(), 0, 0, 0, 0, 0, 0, 0, 0
    FROM laytime.dead_letters_log AS d FINAL
    GROUP BY d.source, d.partner, day
    UNION ALL
    SELECT
        u.source, said_by, toDate(c.log_time) AS day, 0, 0, NULL, NULL, 0,
        sumIf(u.count, u.kind = 'unknown-code'), sumIf(u.count, u.kind = 'bad-ref'), sumIf(u.count, u.kind = 'unknown-place'),
        sumIf(u.count, u.kind = 'no-milestone'), sumIf(u.count, u.kind = 'new-field'), sumIf(u.count, u.kind = 'missing-field'),
        sumIf(u.count, u.kind = 'changed-type'), sumIf(u.count, u.kind = 'duplicate')
    FROM laytime.commits AS c FINAL
    ARRAY JOIN c.unmapped AS u, if(empty(c.unmapped_partners), arrayMap(x -> '*', c.unmapped), c.unmapped_partners) AS said_by
    GROUP BY u.source, said_by, day
)
GROUP BY source, partner, day
