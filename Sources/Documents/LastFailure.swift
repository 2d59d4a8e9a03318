package import Engine
package import JSON
package import RotaCore

/// The last attempt to rotate a token that came to nothing, for as long as no later one has come to its end.
package struct LastFailure {
    package let at: Instant
    /// Who asked for it, or `rota` where it went on with one.
    package let actor: String
    package let cause: String
    /// Nil where nothing tells when it is tried again.
    package let nextAttemptAt: Instant?
    /// Whether a policy called for it: then each of its runs tries again.
    private let isOfPolicy: Bool

    /// Nil where there is none.
    package init?(of id: TokenID, from store: some StoreReads) throws {
        var last: AuditEntry?
        try store.eachAuditEntry(below: .max, object: id.text) { entry in
            if ["rotation.stall", "rotation.close"].contains(entry.action) { last = entry }
            return last == nil && !["version.promote", "version.retire"].contains(entry.action)
        }
        guard let last else { return nil }
        at = last.at
        actor = last.actor
        isOfPolicy = actor.hasPrefix("policy:")
        cause = (try? JSON.parse(last.body, maximumBytes: last.body.utf8.count)["cause"]?.string) ?? "not known"
        let rotation = try store.rotation(of: id)
        nextAttemptAt =
            rotation?.cause == nil ? try store.failedAttempts(of: id)?.nextAttemptAt : rotation?.nextAttemptAt
    }

    package var json: JSON {
        [
            "at": TokenDocument.time(at), "actor": .string(actor), "cause": .string(cause),
            "next_attempt_at": TokenDocument.time(nextAttemptAt),
        ]
    }

    package func sentence(at now: Instant) -> String {
        let next =
            nextAttemptAt.map { "next try \(distance(to: $0, from: now))" }
            ?? (isOfPolicy ? "the next run of the policy tries again" : "no run tries it again")
        return "\(spoken(at, from: now)) by \(actor): \(cause); \(next)"
    }
}
