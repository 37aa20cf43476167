CREATE OR REPLACE VIEW laytime.operator_actions AS SELECT * FROM laytime.operator_actions_log FINAL
