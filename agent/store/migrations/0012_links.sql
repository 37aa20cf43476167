-- Which events speak of which shipments now.
CREATE OR REPLACE VIEW laytime.links AS
SELECT shipment_id, event_id, max(at) AS linked_at
FROM laytime.links_log
GROUP BY shipment_id, event_id
HAVING argMax(linked, (at, version))
