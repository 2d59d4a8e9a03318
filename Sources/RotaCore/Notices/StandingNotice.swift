/// The notice that was sent of a coming action, and holds for as long as that action is ahead: one for each action of
/// each rule over a token.
package struct StandingNotice: Hashable, Sendable {
    /// A start may be told this much too late before it counts as another one: clocks of idle time are that exact.
    package static let tolerance = TimeSpan.hours(1)

    package var rule: RuleReference
    package var action: Action
    /// What the start of the action was counted from.
    package var origin: Instant?
    /// When the action was to be called for, as it was known when the notice was sent last.
    package var start: Instant?
    /// Which lead time was sent last.
    package var lead: TimeSpan
    package var firstSentAt: Instant
    package var sentAt: Instant

    package init(
        rule: RuleReference, action: Action, origin: Instant?, start: Instant?, lead: TimeSpan, firstSentAt: Instant,
        sentAt: Instant
    ) {
        self.rule = rule
        self.action = action
        self.origin = origin
        self.start = start
        self.lead = lead
        self.firstSentAt = firstSentAt
        self.sentAt = sentAt
    }

    /// Whether it tells of this very action: not of a milder one, of another rule, nor of one with another deadline.
    ///
    /// A start that only moves away while nobody watches is the same one; one that is nearer than was told is not.
    package func announces(_ coming: ComingAction) -> Bool {
        guard rule == coming.rule, action == coming.action, origin == coming.origin else { return false }
        guard let start, let comes = coming.verdict.start else { return start == nil && coming.verdict.start == nil }
        return comes >= start - Self.tolerance
    }
}

/// A notice that is to be sent now.
package struct DueNotice: Hashable, Sendable {
    package var coming: ComingAction
    package var mode: Mode
    /// Which of the lead times it is, from 1, and of how many.
    package var stage: Int
    package var stages: Int
    package var lead: TimeSpan
    /// When the action is taken, at the earliest; never before `at`.
    package var begins: Instant
    /// When the first notice of it is or was sent.
    package var firstSentAt: Instant
    package var at: Instant

    package init(
        _ coming: ComingAction, mode: Mode, stage: Int, stages: Int, lead: TimeSpan, begins: Instant,
        firstSentAt: Instant, at: Instant
    ) {
        self.coming = coming
        self.mode = mode
        self.stage = stage
        self.stages = stages
        self.lead = lead
        self.begins = begins
        self.firstSentAt = firstSentAt
        self.at = at
    }

    package var left: TimeSpan { begins - at }
    /// Whole days: never more than there are.
    package var daysLeft: Int64 { left.seconds / 86_400 }

    /// What is remembered of it.
    package var standing: StandingNotice {
        StandingNotice(
            rule: coming.rule, action: coming.action, origin: coming.origin, start: coming.verdict.start, lead: lead,
            firstSentAt: firstSentAt, sentAt: at)
    }
}
