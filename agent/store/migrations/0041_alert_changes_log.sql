-- Ids of the events that a change rests on; empty in changes from before, and where nothing was said (a silence from the first day).
ALTER TABLE laytime.alert_changes_log ADD COLUMN IF NOT EXISTS evidence Array(String)
