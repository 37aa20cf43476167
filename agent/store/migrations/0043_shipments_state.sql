-- Beside each of `milestones` the plan that was stated first, where it is another than the one that stands; empty when none is.
ALTER TABLE laytime.shipments_state ADD COLUMN IF NOT EXISTS first_planned Array(Tuple(
    at Nullable(DateTime64(3, 'UTC')),
    until Nullable(DateTime64(3, 'UTC')))) AFTER milestones
