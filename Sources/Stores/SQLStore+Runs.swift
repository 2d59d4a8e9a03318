import Engine
import JSON
import RotaCore
import SQLite

/// Runs, findings, and what becomes of deliveries.
extension SQLStore {
    func beginRun(_ run: RunRecord, change: Change) throws {
        let values: [Value] = [
            .text(run.id), .of(run.acting?.joined(separator: "\n")), .text(run.actor.name), .of(run.startedAt),
        ]
        guard let number = try driver.first(.addRun, values, { $0.integer(0) }), driver.hold(.run(number)) else {
            throw StoreError.failed("the run \(run.id) could not be begun")
        }
        var details: JSON.Object = [:]
        if let acting = run.acting { details["policies"] = .array(acting.map { .string($0) }) }
        try audit("run.begin", of: run.id, change, details)
    }

    func planRun(_ id: String, digest: String, actions: Int, change: Change) throws {
        guard try driver.execute(.planRun, [.text(id), .text(digest), .of(actions)]) == 1 else {
            throw StoreError.failed("the run \(id) is not under way")
        }
        try audit("run.plan", of: id, change, ["plan": .string(digest), "actions": .integer(actions)])
    }

    func leaveRun(_ id: String) throws {
        guard let number = try driver.first(.runNumber, [.text(id)], { $0.integer(0) }) else { return }
        driver.release(.run(number))
    }

    func interruptedRuns() throws -> [RunRecord] {
        guard driver.isInTransaction else { throw StoreError.failed("asked outside a transaction") }
        return try driver.all(.unfinishedRuns, []) { row in
            (run: Decode.run(row), number: row.integer(8))
        }.filter { !driver.isHeld(.run($0.number)) }.map(\.run)
    }

    func recordActions(_ actions: [RecordedAction]) throws {
        for action in actions {
            try driver.execute(
                .addRunAction,
                [
                    .text(action.run), .of(action.tokenID), .text(action.name), .text(action.action.rawValue),
                    .text(action.policy), .text(action.rule), .text(action.reason), .text(action.message),
                    .of(action.deadline), .text(action.outcome.rawValue), .of(action.cause), .of(action.at),
                    .of(action.blocked?.rawValue),
                ])
        }
    }

    func finishRun(_ id: String, aborted: String?, totals: [Outcome: Int], change: Change) throws {
        let values: [Value] = [.text(id), .of(change.at), .of(aborted)]
        guard let number = try driver.first(.finishRun, values, { $0.integer(0) }) else { return }
        // Freed before the commit: should that fail, the run is found interrupted, as it then is.
        driver.release(.run(number))
        var details: JSON.Object = ["run": .string(id)]
        details["totals"] = .object(
            JSON.Object(Outcome.allCases.map { ($0.rawValue, .integer(totals[$0] ?? 0)) }))
        if let aborted { details["reason"] = .string(aborted) }
        let type = aborted == nil ? "run.completed" : "run.aborted"
        // What it did is in rows of its own; that they stay as they are is in the log.
        try audit(type, of: id, change, .joining(details, ["actions_digest": .string(try digestOfActions(of: id))]))
        try emit(type, change, details)
    }

    func openFinding(_ finding: Finding, blocked: BlockedReason?, announce: Bool, change: Change) throws -> Bool {
        let number = try driver.first(
            .openFinding,
            [
                .of(finding.tokenID), .text(finding.policy), .text(finding.rule), .text(finding.reason),
                .text(finding.message), .of(finding.openedAt),
            ]
        ) { $0.integer(0) }
        guard let number else { return false }
        let details: JSON.Object = [
            "policy": .string(finding.policy), "rule": .string(finding.rule),
            "reason": .string(finding.reason),
            "message": .string(finding.message), "blocked": .of(blocked),
        ]
        try audit("finding.open", of: finding.tokenID.text, change, details.with("finding", number))
        guard announce else { return true }
        try emit("policy.violated", about: finding.tokenID, change, details)
        if finding.reason == Reason.Kind.endsSoon.code {
            let end: JSON.Object = ["expires_at": .of(try token(finding.tokenID)?.expiresAt)]
            try emit("token.expiring", about: finding.tokenID, change, .joining(details, end))
        }
        return true
    }

    func closeFinding(_ id: Int64, how: String, change: Change) throws {
        let closed = try driver.first(.closeFinding, [.integer(id), .of(change.at), .text(how)]) { row in
            (token: row.text(0), policy: row.text(1), rule: row.text(2))
        }
        guard let closed else { return }
        try audit(
            "finding.close", of: closed.token, change,
            [
                "finding": .integer(id), "policy": .string(closed.policy), "rule": .string(closed.rule),
                "how": .string(how),
            ])
    }

    // MARK: - Deliveries

    func takeUpDeliveries() -> Bool { driver.hold(.deliveries) }
    func letGoDeliveries() { driver.release(.deliveries) }

    func recordDelivered(_ event: String, to endpoint: String, status: Int, at now: Instant) throws {
        try driver.execute(.deliver, [.text(event), .text(endpoint), .of(status), .of(now)])
    }

    func recordFailed(
        _ event: String, to endpoint: String, status: Int?, cause: String, nextAttemptAt: Instant?,
        at now: Instant
    ) throws {
        let what: [Value] = [.text(event), .text(endpoint), .of(status), .text(cause)]
        if let nextAttemptAt {
            try driver.execute(.postpone, what + [.of(nextAttemptAt), .of(now)])
        } else {
            try driver.execute(.bury, what + [.of(now)])
        }
    }

    func giveUpDeliveries(to endpoint: String, change: Change) throws -> Int {
        let count = try driver.execute(.giveUpEndpoint, [.text(endpoint), .text(change.cause), .of(change.at)])
        guard count > 0 else { return 0 }
        try audit("delivery.give_up", of: endpoint, change, ["count": .integer(count), "state": "dead"])
        return count
    }

    func hastenDeliveries(to endpoint: String, change: Change) throws -> Int {
        let count = try driver.execute(.hastenEndpoint, [.text(endpoint), .of(change.at)])
        guard count > 0 else { return 0 }
        try audit("delivery.hasten", of: endpoint, change, ["count": .integer(count), "state": "waiting"])
        return count
    }

    func replay(_ letters: DeadLetters, change: Change) throws -> Int {
        let (statement, name): (Statement, String) =
            switch letters {
            case .event(let event): (.replayEvent, event)
            case .endpoint(let endpoint): (.replayEndpoint, endpoint)
            }
        guard driver.isInTransaction else { throw StoreError.failed("a change outside a transaction") }
        let replayed = try driver.all(statement, [.text(name), .of(change.at)]) { $0.text(0) }
        guard !replayed.isEmpty else { return 0 }
        var after: JSON.Object = ["count": .integer(replayed.count), "state": "waiting"]
        // The events of an endpoint may be a great many; those of one event are as many as endpoints.
        if case .event = letters { after["webhooks"] = .array(replayed.sorted().map { .string($0) }) }
        try audit("delivery.replay", of: name, change, after)
        return replayed.count
    }
}
