/// When a policy gives notice of what it does, and how old a notice must be before it is done.
package struct NoticeTerms: Hashable, Sendable {
    /// Longest first; never empty.
    package let leads: [TimeSpan]
    /// No action is taken sooner than this after its first notice.
    package let minimum: TimeSpan
    private let mode: Mode

    /// Nil for a policy that gives no notice; one that observes gives none.
    package init?(_ policy: Policy) {
        let leads = policy.leadTimes
        guard policy.mode != .observe, !leads.isEmpty else { return nil }
        self.leads = leads
        minimum = policy.minimumNotice ?? .zero
        mode = policy.mode
    }

    package var longestLead: TimeSpan { leads[0] }

    /// Until when an action that is called for has to wait for its notice; nil: for none, it may be taken.
    ///
    /// Exactly `minimum` after the first notice it may. A notice of another action counts for nothing, and one that
    /// has not been sent begins its time now at the earliest. To notify is no action that anybody needs notice of.
    package func hold(_ coming: ComingAction, after sent: [StandingNotice], at now: Instant) -> Instant? {
        guard minimum > .zero, coming.action != .notify else { return nil }
        let standing = sent.first { $0.announces(coming) }
        let release = (standing?.firstSentAt ?? now) + minimum
        return release > now ? release : nil
    }

    /// From when on an action that comes may be taken, where its notice will not be old enough when it is called for;
    /// nil where it will. The first notice is taken to come at its time, or now where that has passed.
    package func delay(of coming: ComingAction, after sent: [StandingNotice], at now: Instant) -> Instant? {
        guard minimum > .zero, coming.action != .notify, let start = coming.verdict.start, start > now else {
            return nil
        }
        let first = sent.first { $0.announces(coming) }?.firstSentAt ?? max(now, start - longestLead)
        return first + minimum > start ? first + minimum : nil
    }

    /// The notice that is to be sent now of an action; nil for none.
    ///
    /// Each stage comes once, from exactly its lead time before the action is taken. Of several that have passed, the
    /// nearest stands for all. An action that waits for its notice is taken when that is old enough, and its stages
    /// lead up to that. A notification tells by itself when it is there, so that only what is ahead of it is told.
    package func due(for coming: ComingAction, after sent: [StandingNotice], at now: Instant) -> DueNotice? {
        guard coming.isAhead else { return nil }
        let standing = sent.first { $0.announces(coming) }
        let start = coming.verdict.start ?? now
        if coming.action == .notify, start <= now { return nil }
        let isHeld = minimum > .zero && coming.action != .notify
        let begins = isHeld ? max(start, (standing?.firstSentAt ?? now) + minimum) : start
        guard let stage = leads.lastIndex(where: { begins - $0 <= now }) else { return nil }
        if let standing, standing.lead <= leads[stage] { return nil }
        return DueNotice(
            coming, mode: mode, stage: stage + 1, stages: leads.count, lead: leads[stage], begins: max(begins, now),
            firstSentAt: standing?.firstSentAt ?? now, at: now)
    }

    /// Whether a notice that was sent still holds; else it counts for nothing from now on, and the next one is a first.
    ///
    /// - parameter coming: what the rule says now of the same action; an action under way keeps its notice.
    package func keeps(_ sent: StandingNotice, for coming: ComingAction, at now: Instant) -> Bool {
        switch coming.verdict.status {
        case .due, .violating: return sent.announces(coming)
        case .compliant:
            // Not withdrawn for a start that moves about by as much as clocks of idle time do.
            return sent.announces(coming)
                && coming.verdict.start.map { $0 - longestLead - StandingNotice.tolerance <= now } ?? false
        // Nobody knows when it would be now. Once that is known again, it is the same one or another.
        case .unknown: return sent.rule == coming.rule && sent.action == coming.action
        case .waived: return false
        }
    }
}

extension Policy {
    /// When people are told of its actions, longest first; with a minimum notice that is longer than all of them, that
    /// one too, so that the action need not be late for it.
    package var leadTimes: [TimeSpan] {
        guard let minimumNotice, notifyBefore.first.map({ $0 < minimumNotice }) ?? true else { return notifyBefore }
        return [minimumNotice] + notifyBefore
    }
}
