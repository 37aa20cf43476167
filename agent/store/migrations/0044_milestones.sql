-- One row per milestone of a shipment and per place, leg or subject: the plan as it was stated first and as it stands, the latest
-- estimate, what happened. `…_until` is later than `…_at` when only a date is known.
CREATE OR REPLACE VIEW laytime.milestones AS
SELECT
    shipment_id, tenant, trace_id,
    m.milestone AS milestone, m.role AS role, m.leg AS leg, m.subject AS subject,
    ifNull(f.at, m.planned_at) AS first_planned_at, ifNull(f.until, m.planned_until) AS first_planned_until,
    m.planned_at AS planned_at, m.planned_until AS planned_until,
    m.estimated_at AS estimated_at, m.estimated_until AS estimated_until,
    m.actual_at AS actual_at, m.actual_until AS actual_until,
    multiIf(isNotNull(m.actual_at), 'actual', isNotNull(m.estimated_at), 'estimated', 'planned') AS classifier,
    m.zone AS zone, m.unlocode AS unlocode, m.place AS place, m.country AS country,
    m.source AS source, m.partner AS partner, m.observed_at AS observed_at, m.event_id AS event_id,
    if(isNull(m.actual_at), NULL, dateDiff('millisecond', assumeNotNull(m.actual_until), m.observed_at)) AS reported_after_ms
FROM laytime.shipments_state FINAL
ARRAY JOIN milestones AS m, arrayResize(first_planned, length(milestones)) AS f
