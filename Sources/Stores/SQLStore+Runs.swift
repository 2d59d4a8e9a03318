import Engine
import JSON
import RotaCore
import SQLite

/// Runs, findings and deliveries: what happened, and who is still to be told.
extension SQLStore {
    func beginRun(_ run: RunRecord, change: Change) throws {
        try driver.execute(
            Statements.beginRun, [.text(run.id), .text(run.plan), .text(run.actor), .of(run.startedAt)])
        try audit("run.begin", run.id, change, ["plan": .string(run.plan)])
    }

    func recordActions(_ actions: [RecordedAction]) throws {
        for action in actions {
            try driver.execute(
                Statements.addRunAction,
                [
                    .text(action.run), .text(action.tokenID.text), .text(action.name), .text(action.action.rawValue),
                    .text(action.policy), .text(action.rule), .text(action.reason), .text(action.message),
                    .of(action.deadline), .text(action.outcome.rawValue), .of(action.cause), .of(action.at),
                ])
        }
    }

    func finishRun(_ id: String, aborted: String?, totals: [Outcome: Int], change: Change) throws {
        try driver.execute(Statements.finishRun, [.text(id), .of(change.at), .of(aborted)])
        let counts = JSON.Object(Outcome.allCases.map { ($0.rawValue, .integer(totals[$0] ?? 0)) })
        var after: JSON.Object = ["totals": .object(counts)]
        if let aborted { after["aborted"] = .string(aborted) }
        let type = aborted == nil ? "run.completed" : "run.aborted"
        try audit(type, id, change, after)
        after["run"] = .string(id)
        try announce(type, change, after)
    }

    func openFinding(_ finding: Finding, announce tell: Bool, change: Change) throws -> Bool {
        let opened = try driver.execute(
            Statements.openFinding,
            [
                .text(finding.tokenID.text), .text(finding.policy), .text(finding.rule), .text(finding.reason),
                .text(finding.message), .of(finding.openedAt),
            ])
        guard opened == 1 else { return false }
        let after: JSON.Object = [
            "policy": .string(finding.policy), "rule": .string(finding.rule), "reason": .string(finding.reason),
            "message": .string(finding.message),
        ]
        try audit("finding.open", finding.tokenID.text, change, after)
        if tell { try announce("policy.violated", finding.tokenID, change, after) }
        return true
    }

    func closeFinding(_ id: Int64, how: String, change: Change) throws {
        guard try driver.execute(Statements.closeFinding, [.integer(id), .of(change.at), .text(how)]) == 1 else {
            return
        }
        try audit("finding.close", String(id), change, ["how": .string(how)])
    }

    func recordDelivered(_ event: String, to endpoint: String, status: Int, at now: Instant) throws {
        try driver.execute(Statements.delivered, [.text(event), .text(endpoint), .of(status), .of(now)])
    }

    func recordFailed(
        _ event: String, to endpoint: String, status: Int?, cause: String, nextAttemptAt: Instant?, at now: Instant
    ) throws {
        try driver.execute(
            Statements.failedDelivery,
            [
                .text(event), .text(endpoint), .text(nextAttemptAt == nil ? "dead" : "waiting"), .of(status),
                .text(cause), .of(nextAttemptAt ?? now), .of(now),
            ])
    }
}
