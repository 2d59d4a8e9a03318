import Engine
import JSON
import RotaCore
import SQLite

/// The gate's transitions into quarantine and out of it.
extension SQLStore {
    func quarantineToken(_ id: TokenID, by rule: RuleReference?, change: Change) throws -> Bool {
        // What a person asks for may be in a hurry, and can be undone.
        let brake = try brake(at: change.at)
        if rule != nil, let brake { throw StoreError.held(brake) }
        guard try driver.execute(.quarantineToken, [.of(id), .of(change.at)]) == 1 else { return false }
        try noteQuarantine(of: id, by: rule, change)
        // They are not judged in quarantine; after it, they are seen anew.
        let findings = try driver.all(.closeFindings, [.of(id), .of(change.at), .text("the token is quarantined")]) {
            $0.integer(0)
        }
        var after: JSON.Object = ["state": "quarantined", "closed_findings": .of(findings)]
        if let brake { after["despite"] = .string(brake.code) }
        if let rule {
            after["policy"] = .string(rule.policy)
            after["rule"] = .string(rule.rule)
        }
        try conclude("token.quarantine", id, change, before: .ofState(.active), after)
        try emit(
            "token.quarantined", about: id, change, ["policy": .of(rule?.policy), "rule": .of(rule?.rule)])
        return true
    }

    func restoreToken(_ id: TokenID, change: Change) throws -> Bool {
        try requireReconciled()
        guard try driver.execute(.restoreToken, [.of(id), .of(change.at)]) == 1 else { return false }
        let quarantine = try quarantine(of: id)
        try driver.execute(.endQuarantine, [.of(id)])
        try conclude(
            "token.restore", id, change, before: .ofState(.quarantined),
            ["state": "active", "quarantined_since": .of(quarantine?.since)])
        try emit("token.restored", about: id, change, ["quarantined_since": .of(quarantine?.since)])
        return true
    }

    /// Since when, by whom and why.
    func noteQuarantine(of id: TokenID, by rule: RuleReference? = nil, _ change: Change) throws {
        try driver.execute(
            .addQuarantine,
            [
                .of(id), .of(change.at), .text(change.actor.name), .text(change.cause), .of(rule?.policy),
                .of(rule?.rule),
                .of(change.at.midnight),
            ])
    }

    // MARK: - Reads

    func quarantine(of id: TokenID) throws -> Quarantine? {
        try driver.first(.quarantine, [.of(id)]) { row in
            let policy = row.optionalText(3)
            return Quarantine(
                since: row.instant(0), by: row.text(1), cause: row.text(2),
                rule: policy.map { RuleReference(policy: $0, rule: row.optionalText(4) ?? "") },
                refusedBefore: row.count(5))
        }
    }

    func eachQuarantined(since end: Instant, _ each: (Token, Quarantine) throws -> Bool) throws {
        let ids = try driver.all(.tokensInQuarantine, [.of(end)]) { TokenID($0.text(1)) }
        for id in ids {
            guard let token = try token(id), let quarantine = try quarantine(of: id) else { continue }
            guard try each(token, quarantine) else { return }
        }
    }
}
