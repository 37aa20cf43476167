-- Every version of every rule; `current` marks the one that judges now.
CREATE OR REPLACE VIEW laytime.rules AS
SELECT
    rule, version, title, kind, mode, severity, legal, starts, ends, within, warn, calendar, notify, owner, basis, file, line,
    first_used_at,
    first_used_at = max(first_used_at) OVER (PARTITION BY rule) AS current
FROM laytime.rule_versions_log FINAL
