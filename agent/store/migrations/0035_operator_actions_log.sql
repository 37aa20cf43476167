-- Where in the log an operator acted, and until when a silence holds: a judge that is rebuilt from here acts again, in the same order.
ALTER TABLE laytime.operator_actions_log
    ADD COLUMN IF NOT EXISTS until Nullable(DateTime64(3, 'UTC')),
    ADD COLUMN IF NOT EXISTS stream LowCardinality(String),
    ADD COLUMN IF NOT EXISTS sequence UInt64
