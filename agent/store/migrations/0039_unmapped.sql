-- What maps could not place, and how messages changed, counted exactly once: the counts travel in the row that moves the floor.
CREATE OR REPLACE VIEW laytime.unmapped AS
SELECT
    u.source AS source, partner, u.kind AS kind, u.path AS path, u.value AS value, any(u.why) AS why, sum(u.count) AS times,
    min(log_time) AS first_seen_at, max(log_time) AS last_seen_at
FROM laytime.commits FINAL
ARRAY JOIN unmapped AS u, if(empty(unmapped_partners), arrayMap(x -> '', unmapped), unmapped_partners) AS partner
WHERE u.kind != 'duplicate'
GROUP BY source, partner, kind, path, value
