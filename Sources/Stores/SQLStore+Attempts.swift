import Engine
import JSON
import RotaCore
import SQLite

/// Rotations that were claimed and could not begin.
extension SQLStore {
    func failedAttempts() throws -> [FailedAttempts] { try driver.all(.failedAttempts, [], Decode.failedAttempts) }

    func failedAttempts(of id: TokenID) throws -> FailedAttempts? {
        try driver.first(.failedAttemptsOfToken, [.of(id)], Decode.failedAttempts)
    }

    func noteFailedAttempt(
        of id: TokenID, policy: String, nextAttemptAt: Instant, tells: Bool, change: Change
    ) throws {
        let isFirst = try failedAttempts(of: id) == nil
        try driver.execute(
            .noteFailedAttempt,
            [.of(id), .text(policy), .of(change.at), .of(nextAttemptAt), .text(change.cause)])
        if isFirst { try audit("rotation.fail", of: id.text, change, ["failing": true, "policy": .string(policy)]) }
        guard tells, try driver.execute(.tellFailedAttempts, [.of(id), .of(change.at)]) == 1,
            let failed = try failedAttempts(of: id)
        else { return }
        try emit(
            "token.rotation_stuck", about: id, change,
            [
                "reason": "stalled", "policy": .string(policy), "failures": .integer(Int64(failed.count)),
                "since": .of(failed.since), "next_attempt_at": .of(nextAttemptAt),
            ])
    }

    func forgetFailedAttempts(of id: TokenID, change: Change) throws {
        guard try driver.execute(.forgetFailedAttempts, [.of(id)]) > 0 else { return }
        try audit("rotation.fail_no_more", of: id.text, change, ["failing": false])
    }
}

extension Decode {
    static func failedAttempts(_ row: borrowing Row) -> FailedAttempts {
        FailedAttempts(
            tokenID: TokenID(row.text(0)), policy: row.text(1), count: row.count(2), since: row.instant(3),
            nextAttemptAt: row.instant(4), cause: row.text(5), alarmedAt: row.optionalInstant(6))
    }
}
