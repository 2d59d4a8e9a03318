import RotaCore
import Stores
import TestSupport
import Testing

@testable import Engine

@Suite struct UseFlushTests {
    private let fixture: RunFixture
    private let log = UseLog(tracker: "test")

    init() throws { fixture = try RunFixture() }

    private func note(_ id: TokenID, _ outcome: Use.Outcome = .accepted) {
        log.note(Use(tokenID: id, version: 1, at: fixture.clock.now(), outcome: outcome))
    }

    private func flush() async throws {
        try await log.flush(into: fixture.store, at: fixture.clock.reading())
    }

    private func uses(of id: TokenID) async throws -> Int {
        try await fixture.store.read { store in
            try store.usage(of: id, since: RunFixture.epoch).reduce(0) { $0 + $1.accepted.count }
        }
    }

    private func heartbeats() async throws -> [Heartbeat] {
        try await fixture.store.read { try $0.heartbeats() }
    }

    /// Whatever it is asked to do, it cannot.
    private static func closedStore(in folder: ScratchFolder) throws -> any Store {
        let location = "sqlite:\(folder.path)/rota.db"
        let identity = StoreIdentity(instance: "closed", generation: 1, createdAt: RunFixture.epoch)
        try createStore(
            at: location, identity: identity, change: Change(actor: "test", at: RunFixture.epoch, cause: "set up"))
        let store = try openStore(at: location, endpoints: [])
        store.close()
        return store
    }

    private func seconds(_ count: Int64) -> Instant { RunFixture.epoch + TimeSpan(seconds: count) }

    @Test func `a first use is written down at once, and later ones within a minute`() async throws {
        let id = try await fixture.addToken("a")
        note(id)
        note(id)
        try await flush()
        #expect(try await uses(of: id) == 2)
        #expect(try await fixture.token(id).usage == .lastUsed(RunFixture.epoch))
        for second in 1...59 {
            fixture.clock.advance(by: TimeSpan(seconds: 1))
            note(id)
            try await flush()
            #expect(try await uses(of: id) == 2, "\(second)")
        }
        fixture.clock.advance(by: TimeSpan(seconds: 1))
        try await flush()
        #expect(try await uses(of: id) == 61)
        #expect(try await fixture.token(id).usage == .lastUsed(seconds(59)))
    }

    @Test func `what somebody may soon decide by is written down every second, but not more often`() async throws {
        let id = try await fixture.addToken("a")
        func use(_ version: Int, _ outcome: Use.Outcome = .accepted, isInOverlap: Bool = false) {
            log.note(
                Use(
                    tokenID: id, version: version, at: fixture.clock.now(), outcome: outcome,
                    isInOverlap: isInOverlap))
        }
        use(1)
        try await flush()
        use(1, isInOverlap: true)
        try await flush()
        #expect(try await uses(of: id) == 1, "the same second")
        for second in 1...3 as ClosedRange<Int64> {
            fixture.clock.advance(by: TimeSpan(seconds: 1))
            use(1, isInOverlap: true)
            use(2, .refused)
            try await flush()
            let last = try await fixture.store.read { try $0.lastUses(of: id) }
            #expect(last == [1: seconds(second)])
        }
        let refusals = try await fixture.store.read { store in
            try store.usage(of: id, since: RunFixture.epoch).reduce(0) { $0 + $1.refused.count }
        }
        #expect(refusals == 3)
    }

    @Test func `a heartbeat speaks for nothing that still waits`() async throws {
        let id = try await fixture.addToken("a")
        note(id)
        try await flush()
        // Used every 25 seconds: written at 0 and 75, when the heartbeat of 60 and that of 120 see it wait.
        for second in 1...125 {
            fixture.clock.advance(by: TimeSpan(seconds: 1))
            if second.isMultiple(of: 25) { note(id) }
            try await flush()
            guard second == 59 || second == 121 else { continue }
            let beat = try #require(try await heartbeats().last)
            let last = try await fixture.store.read { try $0.lastUses(of: id) }
            #expect(try beat.beatAt <= #require(last[1]) + TimeSpan(seconds: 25), "whoever dies now has lost nothing")
        }
        try await log.finish(into: fixture.store, at: fixture.clock.reading())
        #expect(try await heartbeats().last?.beatAt == seconds(125))
        #expect(try await uses(of: id) == 6)
    }

    @Test func `many versions in use are written down each second, and nothing is lost`() async throws {
        let small = UseLog(tracker: "small", capacity: 4)
        let ids = [try await fixture.addToken("a"), try await fixture.addToken("b"), try await fixture.addToken("c")]
        for _ in 0..<3 {
            for id in ids { small.note(Use(tokenID: id, version: 1, at: fixture.clock.now())) }
            try await small.flush(into: fixture.store, at: fixture.clock.reading())
            fixture.clock.advance(by: TimeSpan(seconds: 1))
        }
        for id in ids { #expect(try await uses(of: id) == 3) }
    }

    @Test func `a graceful stop loses nothing`() async throws {
        let id = try await fixture.addToken("a")
        try await flush()
        note(id)
        try await log.finish(into: fixture.store, at: fixture.clock.reading())
        #expect(try await uses(of: id) == 1)
    }

    @Test func `what the store could not take is taken by the next flush, once`() async throws {
        let id = try await fixture.addToken("a")
        let folder = try ScratchFolder()
        let closed = try Self.closedStore(in: folder)
        let failing = StoreQueue(closed) { _ in }
        note(id)
        await #expect(throws: StoreError.self) { try await log.flush(into: failing, at: fixture.clock.reading()) }
        fixture.clock.advance(by: TimeSpan(seconds: 1))
        note(id)
        try await flush()
        #expect(try await uses(of: id) == 2)
        fixture.clock.advance(by: TimeSpan(seconds: 1))
        try await flush()
        #expect(try await uses(of: id) == 2)
    }

    @Test func `a heartbeat is written once a minute while it runs, and its row grows`() async throws {
        let id = try await fixture.addToken("a")
        note(id)
        for _ in 0..<130 {
            try await flush()
            fixture.clock.advance(by: TimeSpan(seconds: 1))
        }
        #expect(
            try await heartbeats() == [
                Heartbeat(tracker: "test", startedAt: seconds(0), beatAt: seconds(120), askedAt: seconds(0))
            ])
        try await log.finish(into: fixture.store, at: fixture.clock.reading())
        #expect(try await heartbeats().last?.beatAt == seconds(130), "a stop says to when it watched")
    }

    @Test func `a tracker watches from when it is first asked`() async throws {
        let id = try await fixture.addToken("a")
        try await flush()
        fixture.clock.advance(by: .days(40))
        try await flush()
        #expect(try await fixture.store.read { try $0.tracking() } == TrackingHistory.none)
        note(id)
        fixture.clock.advance(by: .hours(1))
        try await flush()
        let watched = try await fixture.store.read { store in
            try store.tracking().watched(from: RunFixture.epoch, to: seconds(100 * 86_400))
        }
        #expect(watched == .hours(1))
    }

    @Test func `the time in which uses were lost is not watched`() async throws {
        let small = UseLog(tracker: "small", capacity: 1)
        let (first, second) = (try await fixture.addToken("a"), try await fixture.addToken("b"))
        func use(_ id: TokenID) { small.note(Use(tokenID: id, version: 1, at: fixture.clock.now())) }
        use(first)
        try await small.flush(into: fixture.store, at: fixture.clock.reading())
        fixture.clock.advance(by: .hours(1))
        try await small.flush(into: fixture.store, at: fixture.clock.reading())
        fixture.clock.advance(by: .hours(1))
        use(first)
        use(second)
        try await small.flush(into: fixture.store, at: fixture.clock.reading())
        fixture.clock.advance(by: .hours(1))
        try await small.flush(into: fixture.store, at: fixture.clock.reading())
        let tracking = try await fixture.store.read { try $0.tracking() }
        #expect(tracking.watched(from: seconds(0), to: seconds(3600)) == .hours(1))
        #expect(tracking.watched(from: seconds(3600), to: seconds(7200)) == .zero, "lost somewhere in here")
        #expect(tracking.watched(from: seconds(7200), to: seconds(10_800)) == .hours(1))
    }

    @Test func `tokens that nobody knew of are never used since it began to watch`() async throws {
        let (quiet, busy) = (try await fixture.addToken("quiet"), try await fixture.addToken("busy"))
        note(busy)
        try await flush()
        #expect(try await fixture.token(quiet).usage == .unknown)
        fixture.clock.advance(by: .hours(2))
        try await flush()
        #expect(try await fixture.token(quiet).usage == .neverUsed(since: RunFixture.epoch))
        #expect(try await fixture.token(busy).usage == .lastUsed(RunFixture.epoch))
    }

    @Test func `many versions are written in several transactions, none left out`() async throws {
        let id = try await fixture.addToken("a")
        for version in 1...9_000 {
            log.note(Use(tokenID: id, version: version, at: fixture.clock.now()))
        }
        try await flush()
        #expect(try await uses(of: id) == 9_000)
    }

    // MARK: - A clock that jumps

    /// Asked each second, and flushed.
    private func serve(_ id: TokenID, seconds: Int) async throws {
        for _ in 0..<seconds {
            note(id)
            try await flush()
            fixture.clock.advance(by: TimeSpan(seconds: 1))
        }
    }

    private func watched(from start: Instant, to end: Instant) async throws -> TimeSpan {
        try await fixture.store.read { try $0.tracking().watched(from: start, to: end) }
    }

    @Test(arguments: [30, -30] as [Int64])
    func `a clock that is wrong for some seconds watches nothing that is to come, and stops no heartbeat`(
        days: Int64
    ) async throws {
        let id = try await fixture.addToken("a")
        try await serve(id, seconds: 10)
        fixture.clock.jump(by: .days(days))
        try await serve(id, seconds: 5)
        fixture.clock.jump(by: .days(-days))
        try await serve(id, seconds: 130)
        try await log.finish(into: fixture.store, at: fixture.clock.reading())
        let now = fixture.clock.now()
        for beat in try await heartbeats() {
            #expect(beat.beatAt <= now && beat.startedAt >= RunFixture.epoch && beat.askedAt ?? now <= now)
        }
        #expect(try await heartbeats().last?.beatAt == now, "it goes on as before")
        #expect(try await watched(from: now, to: now + .days(40)) == .zero)
        let before = try await watched(from: now - .days(60), to: now)
        #expect((TimeSpan(seconds: 125)...TimeSpan(seconds: 145)).contains(before), "\(before)")
        #expect(try await fixture.token(id).usage == .lastUsed(now - TimeSpan(seconds: 1)))
        let kept = try await fixture.store.read { try $0.usage(of: id, since: .beginning) }
        #expect(kept.allSatisfy { $0.key.day <= now })
        #expect(kept.reduce(0) { $0 + $1.accepted.count } == 145, "none is lost")
    }

    @Test func `a glitch between two flushes leaves nothing in the future either`() async throws {
        let id = try await fixture.addToken("a")
        try await serve(id, seconds: 3)
        fixture.clock.jump(by: .days(30))
        note(id)
        fixture.clock.jump(by: .days(-60))
        note(id)
        fixture.clock.jump(by: .days(30))
        try await serve(id, seconds: 70)
        try await log.finish(into: fixture.store, at: fixture.clock.reading())
        let now = fixture.clock.now()
        #expect(
            try await heartbeats() == [
                Heartbeat(
                    tracker: "test", startedAt: seconds(0), beatAt: now, askedAt: now - TimeSpan(seconds: 1))
            ])
        #expect(try await fixture.token(id).usage == .lastUsed(now - TimeSpan(seconds: 1)))
    }

    @Test func `a stretch ends where the clock jumped, and another begins when the new time is believed`() async throws
    {
        let id = try await fixture.addToken("a")
        try await serve(id, seconds: 30)
        fixture.clock.jump(by: .days(300))
        try await serve(id, seconds: 60)
        #expect(
            try await heartbeats() == [
                Heartbeat(tracker: "test", startedAt: seconds(0), beatAt: seconds(29), askedAt: seconds(29))
            ])
        // Until then its uses are where they are if the clock is wrong.
        guard case .lastUsed(let used) = try await fixture.token(id).usage else { return }
        #expect((seconds(29)...seconds(89)).contains(used))
        for _ in 0..<20 {
            note(id)
            try await flush()
            fixture.clock.advance(by: TimeSpan(seconds: 60))
        }
        let now = fixture.clock.now()
        let last = try #require(try await heartbeats().last)
        #expect(last.beatAt == now - TimeSpan(seconds: 60) && now - last.startedAt < .hours(1))
        #expect(try await watched(from: seconds(30), to: now - .hours(1)) == .zero, "no day between was watched")
        #expect(try await fixture.token(id).usage == .lastUsed(now - TimeSpan(seconds: 60)))
    }
}
