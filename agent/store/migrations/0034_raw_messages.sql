CREATE OR REPLACE VIEW laytime.raw_messages AS
SELECT stream, sequence, source, partner, source_id, content_type, subject, observed_at, data, headers
FROM laytime.raw_messages_log FINAL
