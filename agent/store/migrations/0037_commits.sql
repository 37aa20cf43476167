-- How far each channel was heard, as JSON, where the judge stood at exactly these positions; empty in commits of a catch-up. The last
-- commit that has it is where a judge without a snapshot starts from.
ALTER TABLE laytime.commits ADD COLUMN IF NOT EXISTS heard String CODEC(ZSTD(3))
