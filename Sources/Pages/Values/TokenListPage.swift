package import RotaCore

/// What of the tokens is looked for. `parameters` is the same as it stands in an address.
package struct TokenQuery: Hashable, Sendable {
    /// Which states are listed.
    package enum State: String, Sendable, CaseIterable { case active, quarantined, revoked, expired, all }
    /// How a token stands to its policies.
    package enum Status: String, Sendable, CaseIterable { case any, violating, ok }
    /// How soon it ends.
    package enum Expiring: String, Sendable, CaseIterable {
        case week = "7d", month = "30d", quarter = "90d"
    }
    /// For how long nobody has used it, or that nobody ever has.
    package enum Idle: String, Sendable, CaseIterable {
        case month = "30d", quarter = "90d", half = "180d", never
    }
    /// By name; newest first; the first to end first; the longest unused first.
    package enum Sort: String, Sendable, CaseIterable { case name, created, expires, used }

    /// A part of the name, or the whole id.
    package var q: String
    package var state: State
    package var owner: String
    package var scope: String
    package var policy: String
    package var status: Status
    package var expiring: Expiring?
    package var idle: Idle?
    package var sort: Sort

    package init(
        q: String = "", state: State = .active, owner: String = "", scope: String = "", policy: String = "",
        status: Status = .any, expiring: Expiring? = nil, idle: Idle? = nil, sort: Sort = .name
    ) {
        self.q = q
        self.state = state
        self.owner = owner
        self.scope = scope
        self.policy = policy
        self.status = status
        self.expiring = expiring
        self.idle = idle
        self.sort = sort
    }
}

/// *Administration > API Tokens*.
package struct TokenListPage: Page {
    /// A token as it is listed.
    package struct Row: Sendable {
        package var token: Token
        /// The gravest of its verdicts; nil where no policy selects it, or it is not judged.
        package var status: Verdict.Status?
        package var violations: Int

        package init(token: Token, status: Verdict.Status? = nil, violations: Int = 0) {
            self.token = token
            self.status = status
            self.violations = violations
        }
    }

    package var query: TokenQuery
    package var rows: [Row]
    /// How many active tokens there are in all; nil: that is not for this person to know.
    package var active: Int?
    /// Where the next page begins; nil: this is the last.
    package var next: String?
    /// Whether this is not the first page.
    package var isContinued: Bool
    /// After how many tokens looking was broken off; nil: it was not.
    package var lookedAt: Int?
    /// Whether a run has judged them yet: what violates is not known before.
    package var isJudged: Bool
    /// To choose from, as far as they are known.
    package var owners: [String]
    package var scopes: [String]
    package var policies: [String]
    /// What can be sorted by, of what is looked for.
    package var sorts: Set<TokenQuery.Sort>

    package init(
        query: TokenQuery, rows: [Row], active: Int?, next: String? = nil, isContinued: Bool = false,
        lookedAt: Int? = nil, isJudged: Bool = true, owners: [String] = [], scopes: [String] = [],
        policies: [String] = [], sorts: Set<TokenQuery.Sort> = Set(TokenQuery.Sort.allCases)
    ) {
        self.sorts = sorts
        self.query = query
        self.rows = rows
        self.active = active
        self.next = next
        self.isContinued = isContinued
        self.lookedAt = lookedAt
        self.isJudged = isJudged
        self.owners = owners
        self.scopes = scopes
        self.policies = policies
    }
}
