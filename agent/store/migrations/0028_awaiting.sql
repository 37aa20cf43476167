-- Shipments that have begun a stage and have no effective actual of the milestone that ends it. A stage begins with one of
-- its facts (view `stages`) or with an open clock whose rule ends in the milestone. A release under an open hold, or one that a
-- newer version of the declaration voided, is no actual: such shipments still wait.
CREATE OR REPLACE VIEW laytime.awaiting AS
WITH
    (SELECT groupArray((milestone, role, at_destination, anywhere)) FROM laytime.stages) AS every_stage,
    (SELECT groupArray((toString(rule), version, ends)) FROM laytime.rules) AS every_rule
SELECT
    stage.1 AS milestone, s.shipment_id AS shipment_id, s.tenant AS tenant, s.trace_id AS trace_id,
    arrayMin(arrayConcat(
        arrayMap(m -> m.actual_at, arrayFilter(m -> isNotNull(m.actual_at)
            AND (has(stage.4, m.milestone) OR (m.role = 'destination' AND has(stage.3, m.milestone))), s.milestones) AS begun),
        arrayMap(c -> c.start_at, waiting_clocks))) AS since,
    arrayFilter(c -> isNotNull(c.start_at) AND c.state IN ('running', 'paused', 'at-risk', 'unknown', 'breached')
        AND arrayExists(r -> r.1 = c.rule AND r.2 = c.rule_version AND has(r.3, stage.1), every_rule), s.clocks) AS waiting_clocks,
    arrayMin(arrayMap(c -> c.due_at, arrayFilter(c -> isNotNull(c.due_at), waiting_clocks))) AS due_at,
    arrayMap(c -> c.state, waiting_clocks) AS clock_states,
    has(clock_states, 'breached') AS breached, has(clock_states, 'at-risk') AS at_risk,
    s.open_holds AS open_holds, arrayMap(h -> h.agency, arrayFilter(h -> isNull(h.removed_at), s.holds)) AS holding_agencies,
    s.delivery AS delivery, s.customer_ref AS customer_ref, s.customer AS customer, s.containers AS containers,
    s.declarations AS declarations, s.lane AS lane, s.mode AS mode, s.partners AS partners, s.goods_value AS goods_value,
    s.goods_currency AS goods_currency, s.duty_amount AS duty_amount, s.duty_currency AS duty_currency, s.ref_keys AS ref_keys,
    s.first_observed_at AS first_observed_at, s.last_observed_at AS last_observed_at
FROM laytime.shipments AS s
ARRAY JOIN every_stage AS stage
WHERE notEmpty(begun) + notEmpty(waiting_clocks) > 0
    AND NOT arrayExists(m -> m.milestone = stage.1 AND isNotNull(m.actual_at) AND (stage.2 = '' OR m.role IN ('', stage.2)), s.milestones)
