-- What a map may need beside the body and the columns: revision and correlation id; of messages in streams of others, every header.
ALTER TABLE laytime.raw_messages_log ADD COLUMN IF NOT EXISTS headers Map(String, String)
