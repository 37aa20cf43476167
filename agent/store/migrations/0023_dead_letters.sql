CREATE OR REPLACE VIEW laytime.dead_letters AS
SELECT
    d.id AS id, d.source AS source, d.partner AS partner, d.stream AS stream, d.sequence AS sequence, d.observed_at AS observed_at,
    d.code AS code, d.reason AS reason, d.path AS path, d.source_id AS source_id, d.content_type AS content_type, d.data AS data,
    if(o.by = '', 'open', 'dismissed') AS status, o.by AS dismissed_by, o.comment AS comment
FROM laytime.dead_letters_log AS d FINAL
LEFT JOIN
(
    SELECT a.subject AS subject, argMax(a.by, a.at) AS by, argMax(a.comment, a.at) AS comment
    FROM laytime.operator_actions_log AS a WHERE a.action = 'dismiss-dead-letter' GROUP BY a.subject
) AS o ON o.subject = d.id
