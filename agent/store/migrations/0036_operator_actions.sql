CREATE OR REPLACE VIEW laytime.operator_actions AS
SELECT id, action, subject, by, comment, at, until FROM laytime.operator_actions_log FINAL
