-- One row per shipment, current. `ref_keys` holds every identifier twice, bare and as type:value:
-- SELECT * FROM laytime.shipments WHERE has(ref_keys, 'MSCU1234567')
CREATE OR REPLACE VIEW laytime.shipments AS
SELECT
    shipment_id, tenant, trace_id,
    arrayFirst(r -> r.1 = 'delivery', refs).2 AS delivery,
    arrayFirst(r -> r.1 = 'customer-ref', refs).2 AS customer_ref,
    arrayMap(r -> r.2, arrayFilter(r -> r.1 = 'container', refs)) AS containers,
    arrayMap(r -> r.2, arrayFilter(r -> r.1 IN ('order', 'purchase-order'), refs)) AS orders,
    arrayMap(r -> r.2, arrayFilter(r -> r.1 IN ('mrn', 'entry', 'itn'), refs)) AS declarations,
    attributes['mode'] AS mode,
    attributes['origin.country'] AS origin_country,
    attributes['destination.country'] AS destination_country,
    if(attributes['lane'] != '', attributes['lane'], if(origin_country = '' AND destination_country = '', '',
        concat(if(origin_country = '', '?', origin_country), '-', if(destination_country = '', '?', destination_country)))) AS lane,
    partners,
    arraySort(m -> (m.actual_at, m.milestone), arrayFilter(m -> isNotNull(m.actual_at), milestones)) AS actuals,
    arrayElementOrNull(actuals, -1).milestone AS last_milestone,
    arrayElementOrNull(actuals, -1).actual_at AS last_milestone_at,
    arrayCount(h -> isNull(h.removed_at), holds) AS open_holds,
    arrayCount(c -> c.state IN ('running', 'paused', 'at-risk', 'unknown'), clocks) AS clocks_open,
    arrayCount(c -> c.state = 'at-risk', clocks) AS clocks_at_risk,
    arrayCount(c -> c.state = 'breached', clocks) AS clocks_breached,
    arrayMin(arrayMap(c -> c.due_at, arrayFilter(c -> c.state IN ('running', 'paused', 'at-risk', 'unknown') AND isNotNull(c.due_at), clocks))) AS next_due_at,
    toFloat64OrNull(attributes['goods.value']) AS goods_value,
    attributes['goods.currency'] AS goods_currency,
    toFloat64OrNull(attributes['duty.amount']) AS duty_amount,
    attributes['duty.currency'] AS duty_currency,
    attributes['customer'] AS customer,
    first_observed_at, last_observed_at, refs, ref_keys, attributes, milestones, first_planned, holds, clocks, voided
FROM laytime.shipments_state FINAL
WHERE notEmpty(refs) OR notEmpty(milestones)
