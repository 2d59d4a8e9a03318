import Engine
import RotaCore
import SQLite

/// Counts for monitoring.
extension SQLStore {
    func countOpenRotations() throws -> Int { try count(.openRotationCount) }

    func countStalledRotations() throws -> Int { try count(.stalledRotationCount) }

    func countFailedAttempts() throws -> Int { try count(.failedAttemptCount) }

    func blockCounts() throws -> [BlockedReason: Int] {
        var counts: [BlockedReason: Int] = [:]
        try driver.query(.blockCounts, []) { row in
            counts[try row.word(0)] = row.count(1)
            return true
        }
        return counts
    }

    func countWaivers(inForceAt now: Instant) throws -> Int { try count(.waiverCount, [.of(now)]) }

    func countPlans(awaitingApprovalAt now: Instant) throws -> Int { try count(.awaitingPlanCount, [.of(now)]) }

    func lastFinishedRun() throws -> RunRecord? { try driver.first(.lastFinishedRun, [], Decode.run) }

    func unfinishedRunStart() throws -> Instant? {
        try driver.first(.unfinishedRunStart, []) { $0.instant(0) }
    }

    private func count(_ statement: Statement, _ values: [Value] = []) throws -> Int {
        try driver.first(statement, values) { $0.count(0) } ?? 0
    }
}
