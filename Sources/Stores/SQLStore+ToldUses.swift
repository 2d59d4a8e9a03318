import Engine
import JSON
import RotaCore
import SQLite

/// Values that are presented though they are not accepted, and who was told.
extension SQLStore {
    func toldUses(of id: TokenID) throws -> [ToldUse] {
        try driver.all(.toldUses, [.of(id)]) { row in
            ToldUse(
                version: row.count(0), source: row.text(1), kind: row.text(2) == "reuse" ? .reuse : .refused,
                firstAt: row.instant(3), day: row.instant(4), revokedAt: row.optionalInstant(5))
        }
    }

    /// Somebody still has a value that was taken out of use: a consumer that was forgotten, or a thief. Or one that
    /// misses a token in quarantine.
    func tellRefusals(_ tally: UseTally, by tracker: String, at now: Instant) throws {
        guard let refused = tally.refused.last else { return }
        let id = tally.key.tokenID
        let revokedAt = try driver.first(
            .revokedAt, [.of(id), .of(tally.key.version), .of(refused)], { $0.instant(0) })
        let kind: ToldUse.Kind
        if revokedAt != nil {
            kind = .reuse
        } else if let quarantine = try quarantine(of: id), quarantine.since <= refused, tally.key.version > 0 {
            kind = .refused
        } else {
            return
        }
        for use in ToldUse.untold(of: tally, kind, revokedAt: revokedAt, known: try toldUses(of: id)) {
            try tell(use, tally, by: tracker, at: now)
        }
    }

    private func tell(_ use: ToldUse, _ tally: UseTally, by tracker: String, at now: Instant) throws {
        let id = tally.key.tokenID
        try driver.execute(
            .addToldUse,
            [
                .of(id), .of(use.version), .text(use.source), .text(use.kind.rawValue), .of(use.firstAt), .of(use.day),
                .of(use.revokedAt),
            ])
        let (type, cause) =
            switch use.kind {
            case .reuse: ("token.reuse_detected", "a value was used after it was revoked")
            case .refused: ("token.refused_use", "a value was used while its token was quarantined")
            }
        var details: JSON.Object = [
            "version": .integer(use.version), "source": use.source.isEmpty ? .null : .string(use.source),
            "first_seen_at": .of(use.firstAt), "used_at": .of(tally.refused.last),
            "refusals": .integer(tally.refused.count), "sources": .of(tally.refused.sources),
            "agents": .of(tally.refused.agents),
        ]
        if let revokedAt = use.revokedAt { details["revoked_at"] = .of(revokedAt) }
        let change = Change(actor: "tracker:\(tracker)", at: now, cause: cause)
        try audit(type, of: id.text, change, details)
        try emit(type, about: id, change, details)
    }
}
