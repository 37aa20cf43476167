-- With what it rests on.
CREATE OR REPLACE VIEW laytime.alert_changes AS SELECT * FROM laytime.alert_changes_log FINAL
