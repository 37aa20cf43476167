-- Which facts begin the wait for a milestone: `at_destination` those that count only there, `anywhere` those that count
-- wherever they happen. `role` is where the milestone itself must happen to end the wait; '' is anywhere.
CREATE OR REPLACE VIEW laytime.stages AS
SELECT stage.1 AS milestone, stage.2 AS role, stage.3 AS at_destination, stage.4 AS anywhere
FROM
(
    SELECT arrayJoin([
        ('goods.issued', '', CAST([], 'Array(String)'), ['shipment.created']),
        ('export.filing.accepted', '', [], ['export.filing.submitted']),
        ('export.cleared', '', [], ['export.filing.submitted', 'export.filing.accepted']),
        ('loaded', 'origin', [], ['goods.issued', 'export.cleared']),
        ('departed', 'origin', [], ['loaded']),
        ('arrived', 'destination', [], ['departed']),
        ('discharged', 'destination', ['arrived'], []),
        ('customs.filed', '', ['arrived', 'discharged'], []),
        ('customs.accepted', '', [], ['customs.filed']),
        ('customs.released', '', ['arrived', 'discharged'],
            ['customs.filed', 'customs.accepted', 'customs.rejected', 'customs.documents_requested', 'entry.filed']),
        ('duty.assessed', '', [], ['customs.released']),
        ('duty.posted', '', [], ['duty.assessed']),
        ('landed_cost.posted', '', [], ['delivered']),
        ('carrier.released', '', ['discharged'], []),
        ('gate.out', '', ['discharged'], ['customs.released', 'carrier.released']),
        ('delivered', '', [], ['gate.out']),
        ('empty.returned', '', [], ['gate.out', 'delivered'])
    ]) AS stage
)
