-- One row per alert: what was said last, and who has taken it on.
CREATE OR REPLACE VIEW laytime.alerts AS
SELECT
    a.alert_id AS alert_id, a.clock_id AS clock_id, a.shipment_id AS shipment_id, a.tenant AS tenant, a.rule AS rule,
    a.rule_version AS rule_version, a.status AS status, a.last_kind AS last_change, a.changes AS changes, a.reason AS reason,
    a.confirmed AS confirmed, a.severity AS severity, a.raised_at AS raised_at, a.fired_at AS fired_at, a.changed_at AS changed_at,
    if(a.status IN ('resolved', 'withdrawn'), a.changed_at, NULL) AS ended_at,
    a.about_channel AS about_channel, a.labels AS labels, a.labels['partner'] AS partner, a.labels['lane'] AS lane,
    a.notify AS notify, a.quiet AS quiet, a.headline AS headline, a.lines AS lines, a.link AS link,
    k.by AS acknowledged_by, if(k.by = '', NULL, k.at) AS acknowledged_at
FROM
(
    SELECT
        alert_id, any(clock_id) AS clock_id, any(shipment_id) AS shipment_id, any(tenant) AS tenant, any(rule) AS rule,
        argMax(rule_version, number) AS rule_version, argMax(status, number) AS status, argMax(kind, number) AS last_kind,
        max(number) AS changes, argMax(reason, number) AS reason, argMax(confirmed, number) AS confirmed,
        argMax(severity, number) AS severity, min(at) AS raised_at,
        minIf(toNullable(at), kind IN ('fired', 'fired-unconfirmed')) AS fired_at, max(at) AS changed_at,
        any(about_channel) AS about_channel, argMax(labels, number) AS labels, argMax(notify, number) AS notify,
        argMax(quiet, number) AS quiet, argMax(headline, number) AS headline, argMax(lines, number) AS lines,
        argMax(link, number) AS link
    FROM laytime.alert_changes_log
    GROUP BY alert_id
) AS a
LEFT JOIN
(
    SELECT o.subject AS subject, argMax(o.by, o.at) AS by, max(o.at) AS at
    FROM laytime.operator_actions_log AS o WHERE o.action = 'acknowledge' GROUP BY o.subject
) AS k ON k.subject = a.alert_id
