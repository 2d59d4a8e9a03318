import Engine
import RotaCore
import TestSupport
import Testing

@Suite struct MakePlanCandidateTests {
    private static let now = Instant(seconds: 1_790_000_000)

    /// Whether the index that the query names would hold the token: written apart from the evaluation.
    private func holds(_ query: CandidateQuery, _ token: Token) -> Bool {
        switch query {
        case .issuedAtOrBefore(let instant):
            return token.values.oldestIssuedAt.map { $0.seconds <= instant.seconds } ?? false
        case .idleSinceAtOrBefore(let instant):
            switch token.usage {
            case .lastUsed(let used): return used.seconds <= instant.seconds
            case .neverUsed(let since): return max(since.seconds, token.createdAt.seconds) <= instant.seconds
            case .unknown: return false
            }
        case .overlapEndedAtOrBefore(let instant):
            return token.values.overlapEndsAt.map { $0.seconds <= instant.seconds } ?? false
        case .withoutExpiry: return token.expiresAt == nil
        case .lifetimeMoreThan(let span):
            return token.expiresAt.map { $0.seconds - token.createdAt.seconds > span.seconds } ?? false
        case .expiresAfter(let instant): return token.expiresAt.map { $0.seconds > instant.seconds } ?? false
        case .expiredAtOrBefore(let instant):
            return token.expiresAt.map { $0.seconds <= instant.seconds } ?? false
        case .without, .ownerOutside, .scopesBeyond, .nameOutside, .seenFromMoreThan:
            // Not about time: DifferentialTests asks the store itself.
            return false
        }
    }

    /// Small numbers, so that limits are often met exactly.
    private func span(_ random: inout some RandomNumberGenerator) -> TimeSpan {
        TimeSpan(seconds: Int64.random(in: 0...40, using: &random))
    }

    private func rule(_ random: inout some RandomNumberGenerator) -> Rule {
        let limit = TimeSpan(seconds: Int64.random(in: 1...40, using: &random))
        let optional = Bool.random(using: &random) ? span(&random) : nil
        let requirement: Requirement =
            switch Int.random(in: 0..<3, using: &random) {
            case 0: .maxAge(limit)
            case 1: .unusedFor(limit)
            default:
                .expiry(
                    required: Bool.random(using: &random), maxLifetime: optional,
                    maxRemaining: Bool.random(using: &random) ? limit : nil)
            }
        return Rule(
            requirement, action: Action.allCases.randomElement(using: &random) ?? .notify,
            startBefore: Bool.random(using: &random) ? span(&random) : .zero,
            overlap: Bool.random(using: &random) ? span(&random) : .zero,
            cap: OverlapCap(Bool.random(using: &random) ? span(&random) : nil))
    }

    private func token(_ random: inout some RandomNumberGenerator) -> Token {
        let now = Self.now
        let current = now - span(&random)
        let oldest = Bool.random(using: &random) ? current : current - span(&random)
        let usage: Usage =
            switch Int.random(in: 0..<3, using: &random) {
            case 0: .lastUsed(now - span(&random))
            case 1: .neverUsed(since: now - span(&random))
            default: .unknown
            }
        let known = Int.random(in: 0..<8, using: &random) > 0
        return Token(
            id: TokenID("t"), name: "t", createdAt: now - span(&random),
            expiresAt: Bool.random(using: &random) ? now + span(&random) : nil, usage: usage,
            usageAssertedUntil: Bool.random(using: &random) ? now - span(&random) : nil,
            watchedSince: Bool.random(using: &random) ? now - span(&random) : nil,
            values: ValueSummary(
                currentIssuedAt: known ? current : nil, oldestIssuedAt: known ? oldest : nil,
                rotationOpen: Bool.random(using: &random), awaitingRetirement: oldest < current,
                overlapEndsAt: oldest < current ? now + span(&random) - span(&random) : nil))
    }

    /// Always watched, never, or in a few stretches up to what is yet to come.
    private func tracking(_ random: inout some RandomNumberGenerator) -> TrackingHistory {
        if Bool.random(using: &random) { return .unbroken }
        return TrackingHistory(
            (0..<Int.random(in: 0...3, using: &random)).map { _ in
                let start = Self.now - span(&random)
                let end = start + span(&random)
                return Heartbeat(tracker: "t", startedAt: start, beatAt: end, askedAt: end)
            })
    }

    @Test func `no due verdict lies outside the ranges, now or within the lookahead`() {
        var random = Numbers(state: 20_261_127)
        for _ in 0..<20_000 {
            let rule = rule(&random)
            let lookahead = span(&random)
            let one = candidateQueries(for: rule, at: Self.now)
            let ahead = candidateQueries(for: rule, at: Self.now, lookahead: lookahead)
            let others = PolicySet(
                policies: [Policy(name: "p", rules: [rule, self.rule(&random)])], digest: "")
            let merged = candidateQueries(for: others, at: Self.now)
            let tracking = tracking(&random)
            for _ in 0..<15 {
                let token = token(&random)
                guard token.canAuthenticate(at: Self.now) else { continue }
                let verdict = evaluate(rule, of: token, at: Self.now, tracking: tracking)
                if verdict.status == .due || verdict.status == .violating {
                    expectHeld(one, token, rule)
                    expectHeld(ahead, token, rule)
                    expectHeld(merged, token, rule)
                }
                let later = evaluate(rule, of: token, at: Self.now + lookahead, tracking: tracking)
                if later.status == .due || later.status == .violating { expectHeld(ahead, token, rule) }
            }
        }
    }

    /// Recorded only when it fails: an expectation for each of 300,000 cases would take longer than they do.
    private func expectHeld(_ queries: [CandidateQuery], _ token: Token, _ rule: Rule) {
        if !queries.contains(where: { holds($0, token) }) { Issue.record("\(rule) misses \(token)") }
    }

    @Test func `the ranges of many policies are one of each kind, the widest`() {
        let set = PolicySet(
            policies: [30, 90, 60].map { days in
                Policy(
                    name: "p\(days)",
                    rules: [
                        Rule(.maxAge(.days(days))), Rule(.unusedFor(.days(days))),
                        Rule(
                            .expiry(required: true, maxLifetime: .days(days), maxRemaining: .days(days))),
                    ])
            }, digest: "")
        #expect(
            candidateQueries(for: set, at: Self.now) == [
                .issuedAtOrBefore(Self.now - .days(30)), .idleSinceAtOrBefore(Self.now - .days(30)),
                .withoutExpiry, .lifetimeMoreThan(.days(30)), .expiresAfter(Self.now + .days(30)),
            ])
    }
}
