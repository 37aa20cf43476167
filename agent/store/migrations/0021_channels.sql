-- One row per channel, current.
CREATE OR REPLACE VIEW laytime.channels AS
SELECT
    c.channel_id AS channel_id, any(c.source) AS source, any(c.partner) AS partner, argMax(c.status, (c.since, c.version)) AS status,
    max(c.since) AS since, argMax(tuple(c.watermark), (c.since, c.version)).1 AS watermark,
    argMax(c.best_effort, (c.since, c.version)) AS best_effort, argMax(c.reason, (c.since, c.version)) AS reason
FROM laytime.channel_intervals_log AS c
GROUP BY c.channel_id
