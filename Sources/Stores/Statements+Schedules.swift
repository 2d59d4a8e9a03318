/// When policies run. A fire is claimed by its next-due moving past it, which happens once.
extension Statement {
    static let scheduling: [Statement] = [
        schedules, addSchedule, replaceSchedule, claimFire, passFire, forgetSchedule,
    ]

    static let schedules = Statement(
        "SELECT policy, schedule, next_due, last_fired FROM schedules ORDER BY policy")
    static let addSchedule = Statement(
        """
        INSERT INTO schedules (policy, schedule, next_due, last_fired) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """)
    static let replaceSchedule = Statement(
        """
        UPDATE schedules SET schedule = $2, next_due = $3, last_fired = $4
        WHERE policy = $1 AND schedule = $5 AND next_due = $6
        """)
    static let claimFire = Statement(
        """
        UPDATE schedules SET last_fired = $3, next_due = $4
        WHERE policy = $1 AND schedule = $2 AND next_due <= $3
        """)
    static let passFire = Statement(
        """
        UPDATE schedules SET next_due = $4
        WHERE policy = $1 AND schedule = $2 AND next_due <= $3
        """)
    static let forgetSchedule = Statement(
        "DELETE FROM schedules WHERE policy = $1 AND schedule = $2 AND next_due = $3")
}
