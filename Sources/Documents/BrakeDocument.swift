package import Engine
package import JSON
package import RotaCore

/// What keeps anything destructive from being done, as it is shown.
package enum BrakeDocument {
    /// Null where nothing does.
    ///
    /// - parameter worded: what to do about it, for whoever reads it.
    package static func json(_ brake: Brake?, _ worded: (String) -> String = { $0 }) -> JSON {
        guard let brake else { return .null }
        var document: JSON.Object = [
            "code": .string(brake.code), "message": .string(brake.message), "hint": .string(worded(brake.hint)),
        ]
        switch brake {
        case .frozen(let freeze): document["ends_at"] = TokenDocument.time(freeze.endsAt)
        case .frozenByCalendar(let span): document["ends_at"] = TokenDocument.time(span.end)
        case .unreconciled, .suspectClock: break
        }
        return .object(document)
    }

    /// Null where there is none.
    package static func json(_ freeze: Freeze?) -> JSON {
        guard let freeze else { return .null }
        return [
            "reason": .string(freeze.reason), "by": .string(freeze.actor),
            "since": TokenDocument.time(freeze.begunAt), "ends_at": TokenDocument.time(freeze.endsAt),
        ]
    }

    package static func sentence(_ freeze: Freeze, at now: Instant) -> String {
        let end = freeze.endsAt.map { "until \(spoken($0, from: now))" } ?? "until 'rota unfreeze'"
        return "since \(spoken(freeze.begunAt, from: now)) by \(freeze.actor), \(end): \(freeze.reason)"
    }
}
