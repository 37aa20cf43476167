-- When each channel was heard and when it was blind; `until` is NULL for the interval that is still open.
CREATE OR REPLACE VIEW laytime.channel_intervals AS
SELECT
    channel_id, source, partner, status, since,
    leadInFrame(toNullable(since)) OVER (PARTITION BY channel_id ORDER BY since ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS until,
    watermark, best_effort, reason
FROM laytime.channel_intervals_log FINAL
