CREATE OR REPLACE VIEW laytime.refs AS
SELECT r.1 AS type, r.2 AS value, shipment_id, tenant, trace_id
FROM laytime.shipments_state FINAL
ARRAY JOIN refs AS r
