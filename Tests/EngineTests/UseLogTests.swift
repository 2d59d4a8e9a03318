import Crypto
import Dispatch
import RotaCore
import TestSupport
import Testing

@testable import Engine

@Suite struct UseLogTests {
    private static let noon = Instant(seconds: 1_800_014_400)
    private let log = UseLog(tracker: "test")

    private func use(
        _ token: String = "a", _ version: Int = 1, after seconds: Int64 = 0, _ outcome: Use.Outcome = .accepted,
        source: String? = nil, agent: String? = nil, scopes: [String] = []
    ) -> Use {
        Use(
            tokenID: TokenID(token), version: version, at: Self.noon + TimeSpan(seconds: seconds), outcome: outcome,
            source: source, agent: agent, scopes: scopes)
    }

    @Test func `uses of one version on one day are one sum, and others are apart`() throws {
        for later in [0, 5, 3] as [Int64] { log.note(use(after: later, source: "10.0.0.\(later)", scopes: ["read"])) }
        log.note(use("a", 2))
        log.note(use("b"))
        log.note(use(after: 86_400))
        let tallies = log.drain().tallies
        #expect(tallies.map(\.key.tokenID.text) == ["a", "a", "a", "b"])
        #expect(tallies.map(\.key.version) == [1, 1, 2, 1])
        let first = try #require(tallies.first)
        #expect(first.key.day == Self.noon.midnight)
        #expect(first.accepted.count == 3)
        #expect(first.accepted.last == Self.noon + TimeSpan(seconds: 5))
        #expect(first.accepted.sources.texts == ["10.0.0.0", "10.0.0.5", "10.0.0.3"])
        #expect(first.scopes.texts == ["read"])
        #expect(log.drain().isEmpty, "what was drained is gone")
    }

    @Test func `a refused use is counted apart, with its source`() throws {
        log.note(use(source: "inside", scopes: ["read"]))
        log.note(use(after: 9, .refused, source: "outside", agent: "curl", scopes: ["write"]))
        let tally = try #require(log.drain().tallies.first)
        #expect(tally.accepted.count == 1 && tally.accepted.last == Self.noon)
        #expect(tally.accepted.sources.texts == ["inside"])
        #expect(tally.refused.count == 1 && tally.refused.last == Self.noon + TimeSpan(seconds: 9))
        #expect(tally.refused.sources.texts == ["outside"] && tally.refused.agents.texts == ["curl"])
        #expect(tally.scopes.texts == ["read"], "what was refused was not exercised")
    }

    @Test func `what strangers send is bounded in number and length, and made harmless`() throws {
        for number in 0..<100 {
            log.note(
                use(
                    source: "source-\(number)", agent: String(repeating: "x", count: 1000) + "\(number)",
                    scopes: ["s\(number)"]))
        }
        log.note(use("b", agent: "evil\u{1B}[2J\n\u{202E}agent\u{0}"))
        let tallies = log.drain().tallies
        let many = try #require(tallies.first)
        #expect(many.accepted.count == 100)
        #expect(many.accepted.sources.texts.count == UseTally.mostSources && many.accepted.sources.more)
        #expect(many.accepted.agents.texts.map(\.utf8.count) == [UseTally.longestAgent])
        #expect(many.scopes.texts.count == UseTally.mostScopes && many.scopes.more)
        #expect(tallies.last?.accepted.agents.texts == ["evil?[2J??agent?"])
    }

    @Test func `memory is bounded, and what there is no room for is counted`() {
        let small = UseLog(tracker: "test", capacity: 3)
        for token in ["a", "b", "c", "d", "a", "e"] { small.note(use(token)) }
        let batch = small.drain()
        #expect(batch.tallies.map(\.accepted.count) == [2, 1, 1])
        #expect(batch.lost == 2)
    }

    @Test func `what is not written down is counted, lost or not`() {
        let small = UseLog(tracker: "test", capacity: 2)
        for token in ["a", "b", "c", "a"] { small.note(use(token, source: token == "a" ? "here" : nil)) }
        small.note(use("b", 1, .refused))
        #expect(small.count == 5)
        let batch = small.drain()
        #expect(small.count == 0)
        small.putBack(batch)
        #expect(small.count == 5)
    }

    @Test func `what is put back is merged with what came meanwhile`() {
        log.note(use(source: "one"))
        let batch = log.drain()
        log.note(use(after: 2, source: "two"))
        log.putBack(batch)
        let tally = log.drain().tallies
        #expect(tally.map(\.accepted.count) == [2])
        #expect(tally.first?.accepted.last == Self.noon + TimeSpan(seconds: 2))
        #expect(tally.first?.accepted.sources.texts == ["two", "one"])
    }

    @Test func `nothing is lost or doubled when many note and one drains`() {
        let log = log
        let counted = Locked(0)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for number in 0..<2_000 {
                if thread == 0, number.isMultiple(of: 50) {
                    let drained = log.drain().tallies.reduce(0) { $0 + $1.accepted.count }
                    counted.withLock { $0 += drained }
                }
                log.note(use("t\(number % 7)", thread))
            }
        }
        let rest = log.drain().tallies.reduce(0) { $0 + $1.accepted.count }
        #expect(counted.withLock { $0 } + rest == 16_000)
    }

    @Test func `what a clock that was ahead noted is taken to have been now, with what is of today`() throws {
        let clock = ManualClock(Self.noon)
        func note(_ outcome: Use.Outcome = .accepted) {
            log.note(Use(tokenID: TokenID("a"), version: 1, at: clock.now(), outcome: outcome, source: "here"))
        }
        note()
        clock.jump(by: .days(30))
        note()
        note(.refused)
        clock.jump(by: .days(-30))
        let batch = log.drain().notLater(than: clock.now())
        let tally = try #require(batch.tallies.first)
        #expect(batch.tallies.count == 1 && tally.key.day == Self.noon.midnight)
        #expect(tally.accepted.count == 2 && tally.accepted.last == Self.noon)
        #expect(tally.refused.count == 1 && tally.refused.last == Self.noon)
    }
}
