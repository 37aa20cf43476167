-- Every version of every rule, once; `current` marks the one that was taken up last.
CREATE OR REPLACE VIEW laytime.rules AS
SELECT
    v.rule AS rule, v.version AS version,
    argMax(v.title, v.used_at) AS title, argMax(v.kind, v.used_at) AS kind, argMax(v.mode, v.used_at) AS mode,
    argMax(v.severity, v.used_at) AS severity, argMax(v.legal, v.used_at) AS legal, argMax(v.starts, v.used_at) AS starts, argMax(v.ends, v.used_at) AS ends,
    argMax(v.within, v.used_at) AS within, argMax(v.warn, v.used_at) AS warn, argMax(v.calendar, v.used_at) AS calendar, argMax(v.notify, v.used_at) AS notify,
    argMax(v.owner, v.used_at) AS owner, argMax(v.basis, v.used_at) AS basis, argMax(v.file, v.used_at) AS file, argMax(v.line, v.used_at) AS line,
    min(v.used_at) AS first_used_at, max(v.used_at) AS last_used_at,
    last_used_at = max(last_used_at) OVER (PARTITION BY rule) AS current
FROM laytime.rule_versions_log AS v
GROUP BY v.rule, v.version
