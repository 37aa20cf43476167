CREATE OR REPLACE VIEW laytime.holds AS
SELECT
    shipment_id, tenant, trace_id, h.agency AS agency, h.reason AS reason, h.subject AS subject,
    h.placed_at AS placed_at, h.removed_at AS removed_at, isNull(h.removed_at) AS open,
    h.partner AS partner, h.placed_event_id AS placed_event_id, h.removed_event_id AS removed_event_id
FROM laytime.shipments_state FINAL
ARRAY JOIN holds AS h
