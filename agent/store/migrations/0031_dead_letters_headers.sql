-- With the headers and the subject of its record, a letter can be read again exactly as it was.
ALTER TABLE laytime.dead_letters_log
    ADD COLUMN IF NOT EXISTS subject String,
    ADD COLUMN IF NOT EXISTS headers Map(String, String)
