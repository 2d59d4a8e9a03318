package import Engine
package import RotaCore

/// What one version was used for, as far as is known.
package struct SeenUse: Sendable {
    /// 0: not known which.
    package var version: Int
    package var lastUsed: Instant?
    package var lastRefused: Instant?
    /// Within 30 days.
    package var uses: Int
    package var refusals: Int
    package var addresses: [String]
    package var agents: [String]
    /// There were others.
    package var more: Bool

    package init(
        version: Int, lastUsed: Instant? = nil, lastRefused: Instant? = nil, uses: Int = 0, refusals: Int = 0,
        addresses: [String] = [], agents: [String] = [], more: Bool = false
    ) {
        self.version = version
        self.lastUsed = lastUsed
        self.lastRefused = lastRefused
        self.uses = uses
        self.refusals = refusals
        self.addresses = addresses
        self.agents = agents
        self.more = more
    }

    package init(_ use: UsageSummary.OfVersion) {
        self.init(
            version: use.version, lastUsed: use.lastUsed, lastRefused: use.lastRefused, uses: use.uses,
            refusals: use.refusals, addresses: use.sources.texts, agents: use.agents.texts,
            more: use.sources.more || use.agents.more)
    }
}

/// All that is known of one token.
package struct TokenPage: Page {
    /// What one rule says of it.
    package struct Ruling: Sendable {
        package var policy: String
        package var mode: Mode
        package var rule: String
        package var action: Action
        package var verdict: Verdict

        package init(policy: String, mode: Mode, rule: String, action: Action, verdict: Verdict) {
            self.policy = policy
            self.mode = mode
            self.rule = rule
            self.action = action
            self.verdict = verdict
        }
    }

    /// A place where its value lives.
    package struct Place: Sendable {
        package var destination: Destination
        /// Of the newest version that goes or went there; nil: none is known.
        package var push: Push?

        package init(destination: Destination, push: Push? = nil) {
            self.destination = destination
            self.push = push
        }
    }

    package var token: Token
    package var rulings: [Ruling]
    /// The next thing that a policy does to it.
    package var coming: ComingAction?
    /// Newest first.
    package var versions: [Version]
    package var places: [Place]
    package var uses: [SeenUse]
    /// Its scopes that no use needed; nil: not known.
    package var scopesNeverExercised: [String]?
    /// The one that is not over.
    package var rotation: Rotation?
    package var quarantine: QuarantineOutlook?
    package var waivers: [Waiver]
    /// Newest first.
    package var timeline: [AuditEntry]
    /// Whether there are older ones.
    package var hasMore: Bool

    package init(
        token: Token, rulings: [Ruling] = [], coming: ComingAction? = nil, versions: [Version] = [],
        places: [Place] = [], uses: [SeenUse] = [], scopesNeverExercised: [String]? = nil,
        rotation: Rotation? = nil, quarantine: QuarantineOutlook? = nil, waivers: [Waiver] = [],
        timeline: [AuditEntry] = [], hasMore: Bool = false
    ) {
        self.token = token
        self.rulings = rulings
        self.coming = coming
        self.versions = versions
        self.places = places
        self.uses = uses
        self.scopesNeverExercised = scopesNeverExercised
        self.rotation = rotation
        self.quarantine = quarantine
        self.waivers = waivers
        self.timeline = timeline
        self.hasMore = hasMore
    }
}
