package import RotaCore

/// Which tokens a person wants to see, a page at a time: all conditions must hold. What is searched for, violating, or
/// not active comes in the order of that, whatever order is asked for.
package struct TokenListing: Hashable, Sendable {
    /// What they come in the order of.
    package enum Order: String, CaseIterable, Sendable {
        case name
        /// The newest first.
        case created
        /// The first to end first; those without an end come last.
        case expires
        /// The longest idle first; those of which that is not known come last.
        case used
    }

    /// How the policies find a token, as of the last run.
    package enum Status: String, CaseIterable, Sendable {
        case violating, clean
    }

    /// Nil: in every state.
    package var state: TokenState?
    /// A part of the name, whatever the case of its letters; or the whole id.
    package var search: String?
    package var owner: String?
    package var scope: String?
    package var status: Status?
    /// One that it violates.
    package var policy: String?
    /// Ends no later than this.
    package var endsBy: Instant?
    /// Idle since this instant or longer.
    package var idleSince: Instant?
    /// Nobody has ever been seen to use it.
    package var isNeverUsed = false
    package var order: Order

    package init(
        state: TokenState? = .active, search: String? = nil, owner: String? = nil, scope: String? = nil,
        status: Status? = nil, policy: String? = nil, endsBy: Instant? = nil, idleSince: Instant? = nil,
        order: Order = .name
    ) {
        self.state = state
        self.search = search
        self.owner = owner
        self.scope = scope
        self.status = status
        self.policy = policy
        self.endsBy = endsBy
        self.idleSince = idleSince
        self.order = order
    }

    /// Whether it comes in the order that is asked for.
    package var isSorted: Bool {
        guard order != .name else { return true }
        let isPlain = search == nil && state == .active && policy == nil && status != .violating
        return isPlain && (order != .created || owner == nil && scope == nil && endsBy == nil && idleSince == nil)
    }

    /// Where a page ended: the keys of what was looked at last, as they are ordered.
    package struct Position: Hashable, Sendable {
        package var texts: [String]
        package var number: Int64?

        package init(texts: [String], number: Int64? = nil) {
            self.texts = texts
            self.number = number
        }
    }

    /// How many tokens are looked at for one page, where few of them are wanted: so long does nobody wait. Of names
    /// alone many more are looked at.
    package static let mostLookedAt = 1_500
    package static let mostNamesLookedAt = 200_000
}

/// Tokens in the order that was asked for.
package struct ListedTokens: Hashable, Sendable {
    package var tokens: [Token]
    /// Where the next page begins; nil where there is none.
    package var next: TokenListing.Position?
    /// It is short, since so many were looked at already: the next page goes on looking.
    package var isCutShort: Bool

    package init(tokens: [Token] = [], next: TokenListing.Position? = nil, isCutShort: Bool = false) {
        self.tokens = tokens
        self.next = next
        self.isCutShort = isCutShort
    }
}

/// Tokens for people, who look at a page of them.
package protocol TokenListReads {
    /// - parameters:
    ///   - position: where the page before ended; nil: the first one.
    ///   - limit: how many at the most.
    func tokens(_ listing: TokenListing, after position: TokenListing.Position?, limit: Int) throws -> ListedTokens
    /// The active tokens of an owner that bear a role, by name, until it says false.
    func eachTokenWithRole(of owner: String, _ each: (Token) throws -> Bool) throws
    /// Whether more than so many live tokens of an owner were made over HTTP, by a token.
    func hasMadeTokens(of owner: String, beyond count: Int) throws -> Bool
    /// The owners of active tokens, in order; the first so many.
    func owners(limit: Int) throws -> [String]
    /// The violations of a token that are open.
    func openFindings(of id: TokenID) throws -> [Finding]
}

extension TokenListing {
    /// Whether a token is one of those, as far as it tells itself.
    package func admits(_ token: Token) -> Bool {
        (state.map { token.state == $0 } ?? true) && (owner.map { token.owner == $0 } ?? true)
            && (scope.map(token.scopes.contains) ?? true)
            && (endsBy.map { end in token.expiresAt.map { $0 <= end } ?? false } ?? true)
            && (idleSince.map { since in token.idleSince.map { $0 <= since } ?? false } ?? true)
            && (!isNeverUsed || token.isNeverUsed)
            && (search.map { token.id.text == $0 || token.name.lowercased().contains($0.lowercased()) } ?? true)
    }
}

extension Token {
    fileprivate var isNeverUsed: Bool {
        if case .neverUsed = usage { true } else { false }
    }
}
