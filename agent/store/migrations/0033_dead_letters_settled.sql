-- Open until an operator dismissed it, it was read again, or the same record came mended (an action of the program itself).
CREATE OR REPLACE VIEW laytime.dead_letters AS
SELECT
    d.id AS id, d.source AS source, d.partner AS partner, d.stream AS stream, d.sequence AS sequence, d.observed_at AS observed_at,
    d.code AS code, d.reason AS reason, d.path AS path, d.source_id AS source_id, d.content_type AS content_type, d.data AS data,
    multiIf(o.action = '', 'open', o.action = 'redrive-dead-letter', 'redriven', 'dismissed') AS status,
    o.by AS dismissed_by, o.comment AS comment, if(o.action = '', NULL, o.at) AS settled_at, d.subject AS subject, d.headers AS headers
FROM laytime.dead_letters_log AS d FINAL
LEFT JOIN
(
    SELECT
        a.subject AS subject, argMax(a.action, a.at) AS action, argMax(a.by, a.at) AS by, argMax(a.comment, a.at) AS comment,
        max(a.at) AS at
    FROM laytime.operator_actions_log AS a WHERE a.action IN ('dismiss-dead-letter', 'redrive-dead-letter') GROUP BY a.subject
) AS o ON o.subject = d.id
