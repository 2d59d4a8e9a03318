import Engine
import JSON
import RotaCore
import SQLite

/// What the issuer of somebody else's token says of it. It is theirs to switch off, to end and to see used: we
/// take note, and only forward, but for a switch, which goes both ways.
extension SQLStore {
    func recordReport(_ facts: ReportedFacts, of id: TokenID, change: Change) throws {
        try requireReconciled()
        switch facts.state {
        case .active: try turn(id, from: .quarantined, to: .active, "token.restore", change)
        case .quarantined: try turn(id, from: .active, to: .quarantined, "token.quarantine", change)
        case .revoked: try endReported(id, .revoked, at: facts.endedAt ?? change.at, "token.revoke", change)
        case .expired: try endReported(id, .expired, at: facts.endedAt ?? change.at, "token.expire", change)
        }
        var changed: Int
        switch facts.usage {
        case .lastUsed(let instant): changed = try driver.execute(.reportUse, [.of(id), .of(instant)])
        case .neverUsed(let since): changed = try driver.execute(.reportNoUse, [.of(id), .of(since)])
        case .unknown: return
        }
        if let until = facts.usageUntil {
            changed += try driver.execute(.reportUseUntil, [.of(id), .of(min(until, change.at))])
        }
        if changed > 0 { try noteReport(of: id, at: change.at) }
    }

    private func turn(
        _ id: TokenID, from old: TokenState, to new: TokenState, _ action: String, _ change: Change
    ) throws {
        let values: [Value] = [.of(id), .text(old.rawValue), .text(new.rawValue)]
        guard try driver.execute(.turnReported, values) == 1 else { return }
        if new == .quarantined {
            try noteQuarantine(of: id, change)
        } else {
            try driver.execute(.endQuarantine, [.of(id)])
        }
        try conclude(action, id, change, before: .ofState(old), ["state": .string(new.rawValue)])
    }

    private func endReported(
        _ id: TokenID, _ state: VersionState, at instant: Instant, _ action: String, _ change: Change
    ) throws {
        let values: [Value] = [
            .of(id), .text(state.rawValue), .of(instant), .text(change.actor.name), .text(change.cause),
        ]
        let former = try self.state(of: id)
        guard try driver.execute(.endReported, values) == 1 else { return }
        try end(id, state, from: former, action, change, ["ended_at": .of(instant)])
    }
}
