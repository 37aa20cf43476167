-- Every shipment as a trace, in the column layout of the OpenTelemetry collector's ClickHouse exporter, so that Grafana's trace
-- view reads it. The root span is the shipment; its children are the legs between things that happened, holds, and SLA clocks.
-- What has not ended grows until now. Ids follow from the shipment's, so they are the same in every query.
CREATE OR REPLACE VIEW laytime.otel_traces AS
SELECT
    toDateTime64(span.3, 9, 'UTC') AS Timestamp,
    trace_id AS TraceId,
    if(span.1 = 'shipment', substring(trace_id, 1, 16), lower(hex(sipHash64(trace_id, span.1)))) AS SpanId,
    if(span.1 = 'shipment', '', substring(trace_id, 1, 16)) AS ParentSpanId,
    '' AS TraceState,
    span.2 AS SpanName,
    'Internal' AS SpanKind,
    span.5 AS ServiceName,
    map('service.name', span.5, 'laytime.tenant', toString(tenant)) AS ResourceAttributes,
    'laytime' AS ScopeName,
    '' AS ScopeVersion,
    mapUpdate(span.7, map('laytime.shipment', shipment_id, 'laytime.open', if(isNull(span.4), 'true', 'false'))) AS SpanAttributes,
    toUInt64(greatest(0, dateDiff('millisecond', span.3, ifNull(span.4, greatest(now64(3, 'UTC'), span.3))))) * 1000000 AS Duration,
    span.6 AS StatusCode,
    span.8 AS StatusMessage,
    CAST([], 'Array(DateTime64(9))') AS `Events.Timestamp`,
    CAST([], 'Array(String)') AS `Events.Name`,
    CAST([], 'Array(Map(String, String))') AS `Events.Attributes`,
    CAST([], 'Array(String)') AS `Links.TraceId`,
    CAST([], 'Array(String)') AS `Links.SpanId`,
    CAST([], 'Array(String)') AS `Links.TraceState`,
    CAST([], 'Array(Map(String, String))') AS `Links.Attributes`
FROM
(
    SELECT
        shipment_id, trace_id, tenant, actuals, clocks, holds, delivery, attributes,
        arrayExists(m -> m.milestone IN ('delivered', 'empty.returned'), actuals) AS finished,
        -- key, name, start, end, service, status, attributes, message
        arrayConcat(
            [CAST((
                'shipment',
                concat('shipment ', if(delivery = '', shipment_id, delivery)),
                if(empty(actuals), first_observed_at, assumeNotNull(actuals[1].actual_at)),
                if(finished, actuals[-1].actual_at, NULL),
                'shipment',
                multiIf(clocks_breached > 0, 'Error', finished, 'Ok', 'Unset'),
                attributes,
                ''), 'Tuple(String, String, DateTime64(3, \'UTC\'), Nullable(DateTime64(3, \'UTC\')), String, String, Map(String, String), String)')],
            arrayMap((m, i) -> CAST((
                concat('leg ', m.event_id),
                if(i < length(actuals), concat(m.milestone, ' → ', actuals[i + 1].milestone), concat(m.milestone, ' →')),
                assumeNotNull(m.actual_at),
                if(i < length(actuals), actuals[i + 1].actual_at, NULL),
                if(i < length(actuals), actuals[i + 1].partner, m.partner),
                'Unset',
                map('laytime.milestone', m.milestone, 'laytime.role', m.role, 'laytime.leg', m.leg, 'laytime.subject', m.subject,
                    'laytime.place', m.place, 'laytime.unlocode', m.unlocode, 'laytime.source', m.source, 'laytime.event', m.event_id),
                ''), 'Tuple(String, String, DateTime64(3, \'UTC\'), Nullable(DateTime64(3, \'UTC\')), String, String, Map(String, String), String)'),
                arraySlice(actuals, 1, toInt64(length(actuals)) - if(finished AND notEmpty(actuals), 1, 0)) AS legs, arrayEnumerate(legs)),
            arrayMap(h -> CAST((
                concat('hold ', h.placed_event_id),
                if(h.agency = '', 'customs hold', concat('hold ', h.agency)),
                h.placed_at, h.removed_at, h.partner, 'Unset',
                map('laytime.agency', h.agency, 'laytime.reason', h.reason, 'laytime.subject', h.subject),
                h.reason), 'Tuple(String, String, DateTime64(3, \'UTC\'), Nullable(DateTime64(3, \'UTC\')), String, String, Map(String, String), String)'), holds),
            arrayMap(c -> CAST((
                concat('clock ', c.clock_id),
                concat('SLA ', c.rule),
                assumeNotNull(c.start_at), c.end_at, 'sla',
                multiIf(c.state IN ('breached', 'met-late'), 'Error', c.state = 'met', 'Ok', 'Unset'),
                map('laytime.rule', c.rule, 'laytime.rule_version', c.rule_version, 'laytime.state', c.state, 'laytime.reason', c.reason,
                    'laytime.due_at', ifNull(toString(c.due_at), '')),
                concat(c.state, ': ', c.reason)), 'Tuple(String, String, DateTime64(3, \'UTC\'), Nullable(DateTime64(3, \'UTC\')), String, String, Map(String, String), String)'),
                arrayFilter(c -> isNotNull(c.start_at) AND c.state NOT IN ('waiting', 'not-applicable', 'withdrawn'), clocks))
        ) AS spans
    FROM laytime.shipments
)
ARRAY JOIN spans AS span
