import Engine
import JSON
import RotaCore
import SQLite

/// When policies run: conditional on what was found, so that each fire has one run.
extension SQLStore {
    func schedules() throws -> [ScheduleEntry] {
        try driver.all(.schedules, []) { row in
            ScheduleEntry(
                policy: row.text(0), schedule: row.text(1), nextDue: row.instant(2),
                lastFired: row.optionalInstant(3))
        }
    }

    func settleSchedule(_ settlement: ScheduleSettlement, change: Change) throws -> Bool {
        let entry = settlement.entry
        var values: [Value] = [
            .text(entry.policy), .text(entry.schedule), .of(entry.nextDue), .of(entry.lastFired),
        ]
        if let replaced = settlement.replaced { values += [.text(replaced.schedule), .of(replaced.nextDue)] }
        let statement: Statement = settlement.replaced == nil ? .addSchedule : .replaceSchedule
        guard try driver.execute(statement, values) == 1 else { return false }
        let before = settlement.replaced.map { image($0.schedule, $0.nextDue) } ?? [:]
        try audit(
            "schedule.set", of: object(entry.policy), change, before: before, image(entry.schedule, entry.nextDue))
        return true
    }

    func claimFire(
        _ policy: String, schedule: String, fireInstant: Instant, next: Instant, change: Change
    ) throws -> Bool {
        try advance(.claimFire, "schedule.fire", policy, schedule, fireInstant, next, change)
    }

    func passFire(
        _ policy: String, schedule: String, fireInstant: Instant, next: Instant, change: Change
    ) throws -> Bool {
        try advance(.passFire, "schedule.miss", policy, schedule, fireInstant, next, change)
    }

    func forgetSchedule(_ entry: ScheduleEntry, change: Change) throws -> Bool {
        let values: [Value] = [.text(entry.policy), .text(entry.schedule), .of(entry.nextDue)]
        guard try driver.execute(.forgetSchedule, values) == 1 else { return false }
        try audit(
            "schedule.forget", of: object(entry.policy), change, before: image(entry.schedule, entry.nextDue),
            ["schedule": .string(entry.schedule)])
        return true
    }

    private func advance(
        _ statement: Statement, _ action: String, _ policy: String, _ schedule: String, _ fire: Instant,
        _ next: Instant, _ change: Change
    ) throws -> Bool {
        guard next > fire else { throw StoreError.failed("a fire at \(next) does not follow one at \(fire)") }
        let values: [Value] = [.text(policy), .text(schedule), .of(fire), .of(next)]
        guard try driver.execute(statement, values) == 1 else { return false }
        try audit(
            action, of: object(policy), change,
            [
                "schedule": .string(schedule), "fire": .of(fire),
                "next_due": .of(next),
            ])
        return true
    }

    private func image(_ schedule: String, _ nextDue: Instant) -> JSON.Object {
        ["schedule": .string(schedule), "next_due": .of(nextDue)]
    }

    private func object(_ policy: String) -> String { "policy:\(policy)" }
}
