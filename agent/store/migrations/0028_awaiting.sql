-- Shipments that have begun a stage and have no effective actual of the milestone that ends it. A stage begins with one of
-- its facts (view `stages`) or with an open clock whose rule ends in the milestone. A release under an open hold, or one that a
-- newer version of the declaration voided, is no actual: such shipments still wait.
CREATE OR REPLACE VIEW laytime.awaiting AS
WITH
    (SELECT groupArray((milestone, role, at_destination, anywhere,
        arrayConcat(anywhere, arrayMap(code -> concat(code, '@destination'), at_destination)),
        if(role = '', [milestone], [concat(milestone, '@'), concat(milestone, '@', role)]))) FROM laytime.stages) AS every_stage,
    (SELECT mapFromArrays(groupArray(concat(rule, '@', version)), groupArray(ends)) FROM laytime.rules) AS ends_of_rule
SELECT
    stage.1 AS milestone, shipment_id, tenant, trace_id,
    arrayMin(arrayConcat(
        arrayMap(m -> m.actual_at, arrayFilter(m -> has(stage.4, m.milestone) OR (m.role = 'destination' AND has(stage.3, m.milestone)), actuals)),
        arrayMap(c -> c.start_at, waiting_clocks))) AS since,
    arrayFilter(c -> has(ends_of_rule[concat(c.rule, '@', c.rule_version)], stage.1), open_clocks) AS waiting_clocks,
    arrayMin(arrayMap(c -> c.due_at, arrayFilter(c -> isNotNull(c.due_at), waiting_clocks))) AS due_at,
    arrayMap(c -> c.state, waiting_clocks) AS clock_states,
    has(clock_states, 'breached') AS breached, has(clock_states, 'at-risk') AS at_risk,
    open_holds, arrayMap(h -> h.agency, arrayFilter(h -> isNull(h.removed_at), holds)) AS holding_agencies,
    delivery, customer_ref, customer, containers, declarations, lane, mode, partners, goods_value, goods_currency, duty_amount,
    duty_currency, ref_keys, first_observed_at, last_observed_at
FROM
(
    -- Stages are looked for in short lists of codes: carrying whole milestones through every stage took ten times as long.
    SELECT
        *,
        arrayDistinct(arrayConcat(actuals.milestone, arrayMap((code, role) -> concat(code, '@', role), actuals.milestone, actuals.role))) AS done,
        arrayFilter(c -> isNotNull(c.start_at) AND isNull(c.end_at)
            AND c.state IN ('running', 'paused', 'at-risk', 'unknown', 'breached'), clocks) AS open_clocks,
        arrayFlatten(arrayMap(c -> ends_of_rule[concat(c.rule, '@', c.rule_version)], open_clocks)) AS awaited_by_clocks,
        arrayFilter(s -> (hasAny(s.5, done) OR has(awaited_by_clocks, s.1)) AND NOT hasAny(s.6, done), every_stage) AS awaited
    FROM laytime.shipments
)
ARRAY JOIN awaited AS stage
