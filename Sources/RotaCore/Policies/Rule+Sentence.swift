extension Rule {
    /// What it requires, in words.
    package var sentence: String {
        switch requirement {
        case .maxAge(let limit): "no value older than \(limit.spoken)"
        case .unusedFor(let limit): "used within \(limit.spoken)"
        case .expiry(let required, let lifetime, let remaining):
            [
                required ? "has an end" : nil,
                lifetime.map { "lives for at most \($0.spoken)" },
                remaining.map { "ends at most \($0.spoken) from now" },
            ].compactMap(\.self).joined(separator: "; ")
        case .expiresWithin(let limit): "ends more than \(limit.spoken) from now"
        case .owner(let globs): globs.isEmpty ? "has an owner" : "is owned by \(list(globs))"
        case .description: "says what it is for"
        case .destination: "has a destination"
        case .scopes(let deny, let most):
            [
                deny.isEmpty ? nil : "has no scope \(list(deny))", most.map { "has at most \($0) scopes" },
            ].compactMap(\.self).joined(separator: "; ")
        case .name(let globs): "is named \(list(globs))"
        case .sources(let addresses, let agents, let within):
            "used from "
                + [addresses.map { "at most \($0) addresses" }, agents.map { "at most \($0) agents" }]
                .compactMap(\.self).joined(separator: " and ") + " within \(within)"
        }
    }

    private func list(_ globs: [Glob]) -> String { globs.map(\.description).joined(separator: " or ") }

    /// What is done about it, in words.
    package var cure: String {
        var words = [action.rawValue]
        if startBefore > .zero { words.append("from \(startBefore.spoken) before") }
        if action == .rotate, overlap > .zero { words.append("overlap \(overlap.spoken)") }
        if cap.endsWhenIdle { words.append("less where the previous value is seen to be out of use") }
        if cap.revokes { words.append("revoked in use \((overlap + cap.patience(after: overlap)).spoken) after it") }
        if let newEnd {
            let spread = newEnd.spread > .zero ? ", spread over \(newEnd.spread.spoken)" : ""
            words.append("to \(newEnd.ahead.spoken) from then\(spread)")
        }
        if let renewal { words.append("new end \(renewal.spoken) after it") }
        if let revokeAfter { words.append("revoked \(revokeAfter.spoken) later unless restored") }
        return words.joined(separator: ", ")
    }
}
