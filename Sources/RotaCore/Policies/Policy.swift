/// A named selector, a list of rules, a mode and limits.
package struct Policy: Hashable, Sendable {
    package var name: String
    package var description: String
    /// Why these thresholds; printed in reports.
    package var basis: String
    package var mode: Mode
    package var selector: Selector
    /// What has to hold besides; nil: nothing.
    package var condition: Condition?
    package var rules: [Rule]
    /// How long before an action of this policy people are told, longest first.
    package var notifyBefore: [TimeSpan]
    /// No action of this policy is taken sooner than this after its first notice; nil: it waits for none.
    package var minimumNotice: TimeSpan?
    /// When it runs by itself; nil: by the default schedule of the configuration.
    package var schedule: Schedule?
    /// How many actions one run takes, oldest deadline first; the rest wait.
    package var pace: Int?
    package var limits: Limits
    /// Its actions are taken only as part of a saved plan that somebody has approved.
    package var needsApproval: Bool
    /// Framework to control numbers, such as `pci-dss-4.0.1` to `8.6.3`.
    package var controls: [String: [String]]
    /// The file it was read from, for messages; empty when made in code.
    package var file: String

    package init(
        name: String, description: String = "", basis: String = "", mode: Mode = .observe,
        selector: Selector = .all, when condition: Condition? = nil, rules: [Rule], notifyBefore: [TimeSpan] = [],
        minimumNotice: TimeSpan? = nil, schedule: Schedule? = nil, pace: Int? = nil, limits: Limits = Limits(),
        needsApproval: Bool = false, controls: [String: [String]] = [:], file: String = ""
    ) {
        self.name = name
        self.description = description
        self.basis = basis
        self.mode = mode
        self.selector = selector
        self.condition = condition
        self.rules = rules
        self.notifyBefore = notifyBefore
        self.minimumNotice = minimumNotice
        self.schedule = schedule
        self.pace = pace
        self.limits = limits
        self.needsApproval = needsApproval
        self.controls = controls
        self.file = file
    }
}

/// What a policy may do: report; report and tell; or act.
package enum Mode: String, Sendable, CaseIterable {
    case observe, warn, enforce
}

/// What cures a violation, mildest first.
package enum Action: String, Sendable, CaseIterable, Comparable {
    case notify
    case setExpiry = "set-expiry"
    case rotate, quarantine, revoke

    package static func < (left: Action, right: Action) -> Bool {
        left.strictness < right.strictness
    }

    private var strictness: Int {
        switch self {
        case .notify: 0
        case .setExpiry: 1
        case .rotate: 2
        case .quarantine: 3
        case .revoke: 4
        }
    }
}

/// One requirement, with the action that cures it.
package struct Rule: Hashable, Sendable {
    package var requirement: Requirement
    package var action: Action
    /// How long before the deadline the action begins.
    package var startBefore: TimeSpan
    /// How long the previous value stays valid after a rotation.
    package var overlap: TimeSpan
    /// How long it may stay valid at the most, where it is still in use.
    package var cap: OverlapCap
    /// The end that `set-expiry` gives; nil for other actions.
    package var newEnd: NewEnd?
    /// The end that a token gets when it is rotated by this rule, counted from the promotion; nil: it keeps its own.
    package var renewal: TimeSpan?
    /// How long after a quarantine by this rule the token is revoked, unless it is restored; nil: never by itself.
    package var revokeAfter: TimeSpan?

    package init(
        _ requirement: Requirement, action: Action = .notify, startBefore: TimeSpan = .zero,
        overlap: TimeSpan = .zero, cap: OverlapCap = OverlapCap(), newEnd: NewEnd? = nil,
        renewal: TimeSpan? = nil, revokeAfter: TimeSpan? = nil
    ) {
        self.requirement = requirement
        self.action = action
        self.startBefore = startBefore
        self.overlap = overlap
        self.cap = cap
        self.newEnd = newEnd
        self.renewal = renewal
        self.revokeAfter = revokeAfter
    }

    /// The word it is written with; unique within a policy.
    package var name: String { requirement.name }

    /// How long a previous value stays valid where nobody says so: as long as a consumer may need that reads its
    /// value once a day, yet never so long that a value of short life would turn over all the time.
    package static func usualOverlap(within maxAge: TimeSpan) -> TimeSpan {
        min(usualOverlap, TimeSpan(seconds: maxAge.seconds / 4))
    }

    /// Of a rotation that a person asks for.
    package static let usualOverlap = TimeSpan.hours(24)
}

/// What a rule requires.
package enum Requirement: Hashable, Sendable {
    /// No value that authenticates is older than this.
    case maxAge(TimeSpan)
    /// Used within this time.
    case unusedFor(TimeSpan)
    /// Has an end; not too far from its creation; not too far from now.
    case expiry(required: Bool, maxLifetime: TimeSpan?, maxRemaining: TimeSpan?)
    /// Its end is further away than this.
    case expiresWithin(TimeSpan)
    /// Has an owner; and one that matches one of these, where there are any.
    case owner([Glob])
    case description
    /// Has a place where consumers read it.
    case destination
    /// None of its scopes matches one of these; and it has at most so many.
    case scopes(deny: [Glob], max: Int?)
    /// Its name matches one of these.
    case name([Glob])
    /// Used from at most so many different addresses and agents on the days that began within this time.
    case sources(addresses: Int?, agents: Int?, within: TimeSpan)

    /// The key in a policy file.
    package var name: String {
        switch self {
        case .maxAge: "max-age"
        case .unusedFor: "unused-for"
        case .expiry: "expiry"
        case .expiresWithin: "expires-within"
        case .owner: "owner"
        case .description: "description"
        case .destination: "destination"
        case .scopes: "scopes"
        case .name: "name"
        case .sources: "sources"
        }
    }

    /// Whether time alone can break it: else it is broken at once or not at all, and has no deadline.
    package var movesWithTime: Bool {
        switch self {
        case .maxAge, .unusedFor, .expiresWithin: true
        case .expiry, .owner, .description, .destination, .scopes, .name, .sources: false
        }
    }
}

/// The end that `set-expiry` gives a token: so far ahead, and up to the spread more, the same for a token each time.
///
/// So that not all that are found on one day end on one day.
package struct NewEnd: Hashable, Sendable {
    package var ahead: TimeSpan
    package var spread: TimeSpan

    package init(ahead: TimeSpan, spread: TimeSpan) {
        self.ahead = ahead
        self.spread = spread
    }

    /// The end of one token from now on; evenly spread by its identifier, whole seconds.
    package func end(of id: TokenID, at now: Instant) -> Instant {
        let earliest = now + ahead
        guard spread > .zero else { return earliest }
        return earliest + TimeSpan(seconds: Int64(id.lot % UInt64(spread.seconds + 1)))
    }
}

/// A plan over these is refused as a whole.
package struct Limits: Hashable, Sendable {
    /// Of all actions: those of the policy, or of the whole plan.
    package var all: Ceiling
    /// Of the actions on the tokens of any one owner.
    package var perOwner: Ceiling
    /// Of the actions on the tokens that have a destination in any one vault.
    package var perVault: Ceiling

    package init(
        actions: Int? = nil, percent: Int? = nil, perOwner: Ceiling = Ceiling(), perVault: Ceiling = Ceiling()
    ) {
        all = Ceiling(actions: actions, percent: percent)
        self.perOwner = perOwner
        self.perVault = perVault
    }
}

/// How many actions there may be.
package struct Ceiling: Hashable, Sendable {
    /// At most this many.
    package var actions: Int?
    /// At most this share of the tokens that it is about: one is always allowed.
    package var percent: Int?

    package init(actions: Int? = nil, percent: Int? = nil) {
        self.actions = actions
        self.percent = percent
    }

    /// Whether there is no such limit.
    package var isOpen: Bool { actions == nil && percent == nil }
}
