import Engine
import RotaCore
import Testing

struct `What has become of a value` {
    struct Example: CustomTestStringConvertible {
        var name: String
        var state = TokenState.active
        var end: TokenEnd?
        var expiresAt: Instant?
        /// Of the three versions; nil: there is none.
        var versions: [VersionState]
        /// Which of them, from 1.
        var asked: Int
        var standing: ValueFate.Standing
        var successor: Int?
        var since: Instant?

        var testDescription: String { name }
    }

    static let now = Instant(seconds: 1_700_000_000)
    /// The values were issued a day apart, and each ended six hours before this.
    static func day(_ number: Int) -> Instant { now - .days(Int64(10 - number)) }

    static let examples = [
        Example(name: "the only one is valid", versions: [.current], asked: 1, standing: .valid),
        Example(
            name: "one that is on its way already is accepted", versions: [.current, .pending], asked: 2,
            standing: .valid),
        Example(
            name: "the current one is valid while its successor is on its way", versions: [.current, .pending],
            asked: 1,
            standing: .valid),
        Example(
            name: "one in its overlap is replaced", versions: [.previous, .current], asked: 1, standing: .replaced,
            successor: 2, since: day(8)),
        Example(
            name: "one that may be in use still is replaced", versions: [.unconfirmed, .previous, .current], asked: 1,
            standing: .replaced, successor: 3, since: day(8)),
        Example(
            name: "one past its overlap is rotated, and the newest takes its place",
            versions: [.revoked, .previous, .current], asked: 1, standing: .rotated, successor: 3,
            since: day(1) + .hours(18)),
        Example(
            name: "one that was given up before it came into use is revoked", versions: [.current, .revoked], asked: 2,
            standing: .revoked, since: day(2) + .hours(18)),
        Example(
            name: "after a revocation nothing takes its place, whatever was before", state: .revoked,
            end: TokenEnd(at: day(9), by: "cli:alice", cause: "leaked"), versions: [.revoked, .revoked], asked: 1,
            standing: .revoked, since: day(9)),
        Example(
            name: "past the end it is expired, written down or not", expiresAt: now, versions: [.previous, .current],
            asked: 2, standing: .expired, since: now),
        Example(
            name: "before the end it is not", expiresAt: now + TimeSpan(seconds: 1), versions: [.current], asked: 1,
            standing: .valid),
        Example(
            name: "in quarantine nothing is accepted", state: .quarantined, versions: [.previous, .current], asked: 2,
            standing: .quarantined, since: day(7)),
        Example(
            name: "what ended before the quarantine has ended", state: .quarantined, versions: [.revoked, .current],
            asked: 1, standing: .rotated, successor: 2, since: day(1) + .hours(18)),
        Example(
            name: "an end that passes in quarantine is an end", state: .quarantined, expiresAt: day(8),
            versions: [.current], asked: 1, standing: .expired, since: day(8)),
        Example(
            name: "an expired token has no successor", state: .expired,
            end: TokenEnd(at: day(9), by: "rota", cause: "expired"), expiresAt: day(8), versions: [.expired, .expired],
            asked: 1, standing: .expired, since: day(8)),
    ]

    @Test(arguments: examples) func `is told its holder`(_ example: Example) {
        var token = Token(
            id: TokenID("tok_1"), name: "ingest", state: example.state, createdAt: Self.day(0),
            expiresAt: example.expiresAt, values: ValueSummary(currentIssuedAt: Self.day(1)))
        token.end = example.end
        let versions = example.versions.enumerated().map { index, state in
            Version(
                number: index + 1, state: state, digest: nil, issuedAt: Self.day(index + 1),
                endedAt: state.authenticates ? nil : Self.day(index + 1) + .hours(18))
        }
        let fate = ValueFate(
            of: versions[example.asked - 1], among: versions, of: token, quarantinedAt: Self.day(7),
            replacedAt: Self.day(8),
            at: Self.now)
        #expect(fate.standing == example.standing)
        #expect(fate.successor?.number == example.successor)
        #expect(fate.since == example.since)
        // As whoever is asked about it says.
        let known = KnownValue(
            tokenID: token.id, version: example.asked,
            isInForce: token.state == .active && versions[example.asked - 1].state.authenticates,
            expiresAt: token.expiresAt, name: token.name)
        #expect(fate.standing.isAccepted == known.authenticates(at: Self.now))
        // A sentence with the time in it, where there is one.
        #expect(fate.message.contains(fate.since?.description ?? "value"))
    }
}
