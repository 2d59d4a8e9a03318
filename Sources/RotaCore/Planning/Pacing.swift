extension PlannedAction {
    /// Whether a run takes it, and it changes something.
    ///
    /// A notification changes nothing, so it takes no share of a pace or a limit; else the standing ones
    /// would crowd out the rest night after night.
    package var takesEffect: Bool { blocked == nil && !waiting && action != .notify }
}

/// A number of actions held against limits: those of one policy, or the ones above all of them.
package struct LimitCheck: Sendable {
    /// Such as `policy 'production-rotation' would act`.
    package var subject: String
    package var limits: Limits
    /// How many actions would take effect.
    package var actions: Int

    package init(subject: String, limits: Limits, actions: Int) {
        self.subject = subject
        self.limits = limits
        self.actions = actions
    }

    /// Whether the share decides, so that the tokens have to be counted: one action is always allowed.
    package var needsTotal: Bool { limits.percent != nil && actions > 1 }

    /// The sentence that refuses a plan, with the numbers; nil within the limits.
    ///
    /// - parameter total: of how many tokens the share is; only looked at when `needsTotal`.
    /// - parameter set: what those are, such as `active tokens`.
    package func refusal(total: Int, of set: String) -> String? {
        if let most = limits.actions, actions > most {
            return "\(subject) on \(actions) tokens; its limit is \(most) actions"
        }
        guard needsTotal, let percent = limits.percent else { return nil }
        let allowed = max(1, total * percent / 100)
        guard actions > allowed else { return nil }
        let limit = "its limit is \(percent) percent, which is \(allowed)"
        return "\(subject) on \(actions) of \(total) \(set); \(limit)"
    }
}
