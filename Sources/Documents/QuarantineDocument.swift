package import Engine
package import JSON
package import RotaCore

/// A quarantine, as `token show`, `policy explain` and plans show it; and who was heard of after a value had ended.
package enum QuarantineDocument {
    package static func json(_ outlook: QuarantineOutlook?) -> JSON {
        guard let outlook else { return .null }
        return [
            "since": TokenDocument.time(outlook.quarantine.since), "by": .string(outlook.quarantine.by),
            "cause": .string(outlook.quarantine.cause),
            "policy": TokenDocument.text(outlook.quarantine.rule?.policy),
            "rule": TokenDocument.text(outlook.quarantine.rule?.rule),
            "revoke_at": TokenDocument.time(outlook.revocation?.at), "refused_uses": json(outlook.refused),
        ]
    }

    package static func json(_ refused: RefusedUses?) -> JSON {
        guard let refused else { return .null }
        return [
            "count": .integer(refused.count), "last_at": TokenDocument.time(refused.last),
            "sources": .array(refused.sources.map { .string($0) }),
            "agents": .array(refused.agents.map { .string($0) }),
        ]
    }

    package static func json(_ use: ToldUse) -> JSON {
        [
            "version": .integer(use.version), "source": use.source.isEmpty ? .null : .string(use.source),
            "first_seen_at": TokenDocument.time(use.firstAt), "revoked_at": TokenDocument.time(use.revokedAt),
        ]
    }

    /// Each a heading and a sentence.
    package static func facts(_ outlook: QuarantineOutlook, at now: Instant) -> [(name: String, text: String)] {
        let quarantine = outlook.quarantine
        let end = outlook.revocation.map { revocation in
            "\(spoken(revocation.at, from: now)) by policy \(revocation.rule.policy), unless it is restored"
        }
        return [
            ("quarantined", "\(spoken(quarantine.since, from: now)) by \(quarantine.by): \(quarantine.cause)"),
            ("revoked", end ?? "not by itself"),
            ("who still calls", outlook.refused?.sentence ?? "nobody since"),
        ]
    }

    package static let reuseHeadings = ["version", "from", "first seen", "revoked"]

    package static func row(_ use: ToldUse) -> [String] {
        let source = use.source == ToldUse.others ? "further sources" : use.source.isEmpty ? "not told" : use.source
        return [
            String(use.version), source, use.firstAt.description, use.revokedAt?.description ?? "-",
        ]
    }
}
