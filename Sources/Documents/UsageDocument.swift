package import Engine
package import JSON
package import RotaCore

/// The use of a token, as `token show` shows it.
package enum UsageDocument {
    package static func json(_ usage: UsageSummary) -> JSON {
        [
            "idle_seconds": seconds(usage.idleness?.time),
            "not_watched_seconds": seconds(usage.idleness?.untracked),
            "asserted_seconds": seconds(usage.idleness?.asserted),
            "period_days": .integer(UsageSummary.period.seconds / 86_400), "count": .integer(usage.uses),
            "refused": .integer(usage.refusals), "sources": texts(usage.sources.texts),
            "more_sources": .bool(usage.sources.more), "agents": texts(usage.agents.texts),
            "more_agents": .bool(usage.agents.more), "scopes_exercised": texts(usage.scopesExercised),
            "scopes_never_exercised": usage.scopesNeverExercised.map(texts) ?? .null,
            "versions": .array(usage.versions.map(json)),
        ]
    }

    private static func json(_ use: UsageSummary.OfVersion) -> JSON {
        [
            "version": use.version == 0 ? .null : .integer(use.version),
            "last_used_at": TokenDocument.time(use.lastUsed),
            "first_used_on": use.firstUsed.map { .string($0.date) } ?? .null, "count": .integer(use.uses),
            "last_refused_at": TokenDocument.time(use.lastRefused), "refused": .integer(use.refusals),
            "sources": texts(use.sources.texts), "agents": texts(use.agents.texts),
            "refused_sources": texts(use.refusedSources.texts), "refused_agents": texts(use.refusedAgents.texts),
        ]
    }

    private static func texts(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }
    private static func seconds(_ span: TimeSpan?) -> JSON { span.map { .integer($0.seconds) } ?? .null }

    package static let headings = ["version", "last used", "since", "uses", "refused", "from", "by"]

    package static func row(_ use: UsageSummary.OfVersion, at now: Instant) -> [String] {
        [
            use.version == 0 ? "not told" : String(use.version),
            use.lastUsed.map { distance(to: $0, from: now) } ?? "never", use.firstUsed?.date ?? "-",
            String(use.uses), String(use.refusals),
            list(use.sources, and: use.refusedSources), list(use.agents, and: use.refusedAgents),
        ]
    }

    private static func list(_ seen: Sightings, and refused: Sightings = Sightings()) -> String {
        var words = seen.texts + (seen.more ? ["…"] : [])
        words += refused.texts.filter { !seen.texts.contains($0) }.map { "\($0) (refused)" }
        return words.isEmpty ? "-" : words.joined(separator: ", ")
    }
}
