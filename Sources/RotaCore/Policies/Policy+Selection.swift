// Whether a policy is for a token: `match` and `when` together.
extension Policy {
    /// Whether it has a say about a token. One whose condition errs has: its rules do not know what to say.
    package func selects(_ token: Token, at now: Instant, tracking: TrackingHistory) -> Bool {
        guard selector.matches(token) else { return false }
        return answer(for: token, at: now, tracking: tracking) != .fails
    }

    /// The first condition that does not hold; nil when the policy has a say about the token.
    package func mismatch(with token: Token, at now: Instant, tracking: TrackingHistory) -> Mismatch? {
        if let mismatch = selector.mismatch(with: token) { return mismatch }
        guard let condition, answer(for: token, at: now, tracking: tracking) == .fails else { return nil }
        return .condition(condition.source)
    }

    /// What one of its rules says of a token that it has a say about.
    package func verdict(
        of rule: Rule, on token: Token, at now: Instant, tracking: TrackingHistory
    ) -> Verdict {
        if case .errs(let error) = answer(for: token, at: now, tracking: tracking) {
            return Verdict(.unknown, .conditionFailed(error))
        }
        return evaluate(rule, of: token, at: now, tracking: tracking)
    }

    /// Why its condition errs, with the place in it; nil where it does not.
    package func complaint(about token: Token, at now: Instant, tracking: TrackingHistory) -> String? {
        condition?.complaint(about: token, at: now, idle: token.idleClock(at: now, tracking: tracking))
    }

    private func answer(for token: Token, at now: Instant, tracking: TrackingHistory) -> Condition.Answer {
        condition?.answer(for: token, at: now, idle: token.idleClock(at: now, tracking: tracking)) ?? .holds
    }
}
