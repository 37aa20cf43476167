-- Every shipment as a trace, in the column layout of the OpenTelemetry collector's ClickHouse exporter, so that Grafana's trace
-- view reads it. The root span is the shipment; its children are the legs between things that happened, holds, and SLA clocks.
-- What has not ended grows until now. Ids follow from the shipment's, so they are the same in every query.
CREATE OR REPLACE VIEW laytime.otel_traces AS
SELECT
    toDateTime64(span.3, 9, 'UTC') AS Timestamp,
    trace_id AS TraceId,
    if(span.1 = 'shipment', substring(trace_id, 1, 16), substring(lower(hex(SHA256(concat('span', char(31), shipment_id, char(31), span.1)))), 1, 16)) AS SpanId,
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
    WITH m -> concat(m.milestone, '|', m.role, '|', m.leg, '|', m.subject) AS key_of
    SELECT
        shipment_id, trace_id, tenant, clocks, holds, delivery, attributes,
        arraySort(m -> (m.actual_at, key_of(m)), arrayFilter(m -> NOT startsWith(m.milestone, 'customs.hold.'), actuals)) AS happened,
        arrayExists(m -> m.milestone IN ('delivered', 'empty.returned'), happened) AS finished,
        -- key, name, start, end, service, status, attributes, message
        arrayConcat(
            [CAST((
                'shipment',
                concat('shipment ', if(delivery = '', shipment_id, delivery)),
                if(empty(happened), first_observed_at, assumeNotNull(happened[1].actual_at)),
                if(finished, arrayLast(m -> m.milestone IN ('delivered', 'empty.returned'), happened).actual_at, NULL),
                'shipment',
                multiIf(clocks_breached > 0, 'Error', finished, 'Ok', 'Unset'),
                attributes,
                ''), 'Tuple(String, String, DateTime64(3, \'UTC\'), Nullable(DateTime64(3, \'UTC\')), String, String, Map(String, String), String)')],
            -- A leg is named for both its ends; one that is open has no end yet, and tells of its start.
            arrayMap((from, to, open) -> CAST((
                concat('leg ', key_of(from), ' ', if(open, '', key_of(to))),
                concat(from.milestone, ' →', if(open, '', concat(' ', to.milestone))),
                assumeNotNull(from.actual_at),
                if(open, NULL, to.actual_at),
                to.partner,
                'Unset',
                map('laytime.milestone', to.milestone, 'laytime.role', to.role, 'laytime.leg', to.leg, 'laytime.subject', to.subject,
                    'laytime.place', to.place, 'laytime.unlocode', to.unlocode, 'laytime.source', to.source, 'laytime.event', to.event_id),
                ''), 'Tuple(String, String, DateTime64(3, \'UTC\'), Nullable(DateTime64(3, \'UTC\')), String, String, Map(String, String), String)'),
                arraySlice(happened, 1, toInt64(length(happened)) - if(finished AND notEmpty(happened), 1, 0)) AS legs,
                arrayMap((m, i) -> happened[least(i + 1, length(happened))], legs, arrayEnumerate(legs)),
                arrayMap((m, i) -> i = length(happened), legs, arrayEnumerate(legs))),
            arrayMap(h -> CAST((
                concat('hold ', lower(h.agency), ' ', h.reason, ' ', h.subject, ' ', toString(toUnixTimestamp64Milli(h.placed_at))),
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
