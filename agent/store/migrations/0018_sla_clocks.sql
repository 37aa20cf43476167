-- One row per clock. `partner` is the one whose word the verdict rests on last, else the first that spoke of the shipment.
CREATE OR REPLACE VIEW laytime.sla_clocks AS
SELECT
    s.shipment_id AS shipment_id, s.tenant AS tenant, s.trace_id AS trace_id,
    c.clock_id AS clock_id, c.rule AS rule, c.rule_version AS rule_version,
    r.title AS title, r.severity AS severity, r.legal AS legal, r.owner AS owner,
    c.role AS role, c.leg AS leg, c.subject AS subject,
    c.state AS state, c.reason AS reason, c.confidence AS confidence,
    c.start_at AS start_at, c.warn_at AS warn_at, c.due_at AS due_at, c.end_at AS end_at, c.next_at AS next_at,
    c.state IN ('running', 'paused', 'at-risk', 'unknown') OR (c.state = 'breached' AND isNull(c.end_at)) AS open,
    if(open AND isNotNull(c.due_at), greatest(0, dateDiff('millisecond', assumeNotNull(c.due_at), now64(3))), c.late_ms) AS late_ms,
    c.reason = 'done-in-time-reported-late' AS reported_late,
    arrayFirst(m -> m.event_id = c.evidence[-1], s.milestones).partner AS evidence_partner,
    if(evidence_partner = '', s.partners[1], evidence_partner) AS partner,
    s.mode AS mode, s.lane AS lane, s.customer AS customer, s.delivery AS delivery, s.goods_value AS goods_value,
    s.goods_currency AS goods_currency, c.evidence AS evidence, c.awaiting_channels AS awaiting_channels, s.ref_keys AS ref_keys
FROM laytime.shipments AS s
ARRAY JOIN s.clocks AS c
LEFT JOIN (SELECT rule, version, title, severity, legal, owner FROM laytime.rules) AS r
    ON r.rule = c.rule AND r.version = c.rule_version
