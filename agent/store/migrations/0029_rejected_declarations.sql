-- Declarations and filings that failed validation. `open` until the authority accepts, releases or clears one of the same kind later.
CREATE OR REPLACE VIEW laytime.rejected_declarations AS
SELECT
    s.shipment_id AS shipment_id, s.tenant AS tenant, s.trace_id AS trace_id,
    if(m.milestone = 'customs.rejected', 'import', 'export') AS direction, m.subject AS declaration,
    assumeNotNull(m.actual_at) AS rejected_at, m.observed_at AS observed_at, m.partner AS partner, m.source AS source, m.event_id AS event_id,
    arrayMin(arrayMap(x -> x.actual_at, arrayFilter(x -> isNotNull(x.actual_at) AND x.actual_at > m.actual_at
        AND x.milestone = if(m.milestone = 'customs.rejected', 'customs.filed', 'export.filing.submitted'), s.milestones))) AS resubmitted_at,
    arrayMin(arrayMap(x -> x.actual_at, arrayFilter(x -> isNotNull(x.actual_at) AND x.actual_at > m.actual_at
        AND has(if(m.milestone = 'customs.rejected', ['customs.accepted', 'customs.released'],
            ['export.filing.accepted', 'export.cleared']), x.milestone), s.milestones))) AS settled_at,
    isNull(settled_at) AS open,
    s.delivery AS delivery, s.customer_ref AS customer_ref, s.customer AS customer, s.declarations AS declarations, s.lane AS lane,
    s.mode AS mode, s.goods_value AS goods_value, s.goods_currency AS goods_currency
FROM laytime.shipments AS s
ARRAY JOIN s.milestones AS m
WHERE m.milestone IN ('customs.rejected', 'export.filing.rejected') AND isNotNull(m.actual_at)
