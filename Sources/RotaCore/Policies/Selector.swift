/// Which tokens a policy is for: conditions that must all hold.
package struct Selector: Hashable, Sendable {
    /// Each label must be there with a value that matches.
    package var labels: [String: [Glob]]
    /// One of the token's scopes matches one of these; empty: no condition.
    package var scopes: [Glob]
    package var owners: [Glob]
    package var integrations: [Glob]
    package var names: [Glob]
    package var issuers: [Glob]
    /// Tokens that match this are left out.
    package var except: [Selector]

    package init(
        labels: [String: [Glob]] = [:], scopes: [Glob] = [], owners: [Glob] = [], integrations: [Glob] = [],
        names: [Glob] = [], issuers: [Glob] = [], except: [Selector] = []
    ) {
        self.labels = labels
        self.scopes = scopes
        self.owners = owners
        self.integrations = integrations
        self.names = names
        self.issuers = issuers
        self.except = except
    }

    /// Every token: `match: all`.
    package static let all = Selector()

    package func matches(_ token: Token) -> Bool {
        names.admit(token.name) && owners.admit(token.owner) && integrations.admit(token.integration)
            && (issuers.isEmpty || issuers.admit(token.issuer.description))
            && (scopes.isEmpty || token.scopes.contains { scope in scopes.admit(scope) })
            && labels.allSatisfy { key, globs in token.labels[key].map(globs.admit) ?? false }
            && !except.contains { $0.matches(token) }
    }
}

extension [Glob] {
    package func admit(_ text: String) -> Bool {
        isEmpty || contains { $0.matches(text) }
    }
}
