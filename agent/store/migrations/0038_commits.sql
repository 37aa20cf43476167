-- Who spoke, in the order of `unmapped`; empty in commits from before.
ALTER TABLE laytime.commits ADD COLUMN IF NOT EXISTS unmapped_partners Array(String) CODEC(ZSTD(3))
