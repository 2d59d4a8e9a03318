import Engine
import RotaCore
import Stores
import TestSupport
import Testing

/// A wall clock beside what the store has recorded.
struct ClockLagTests {
    private static let epoch = RunFixture.epoch

    /// How far behind a clock is that shows an instant so long after the epoch.
    private func lag(_ fixture: RunFixture, at span: TimeSpan) async throws -> TimeSpan? {
        try await fixture.store.read { try $0.lag(of: Self.epoch + span)?.span }
    }

    @Test func `a clock is behind when the store has recorded more than a minute later`() async throws {
        let fixture = try RunFixture()
        try await fixture.addToken("a")
        for ahead in [TimeSpan.zero, .hours(1), .days(4000)] { #expect(try await lag(fixture, at: ahead) == nil) }
        #expect(try await lag(fixture, at: TimeSpan(seconds: -60)) == nil)
        #expect(try await lag(fixture, at: TimeSpan(seconds: -61)) == TimeSpan(seconds: 61))
    }

    @Test func `what is changed by a clock that is behind does not make it right`() async throws {
        let fixture = try RunFixture()
        fixture.clock.advance(by: .hours(5))
        try await fixture.addToken("a")
        fixture.clock.advance(by: .hours(-5))
        for number in 1...20 { try await fixture.addToken("late\(number)") }
        #expect(try await lag(fixture, at: .zero) == .hours(5))
    }

    @Test func `whoever only looks sees a clock that is behind or has jumped, and changes nothing`() async throws {
        let fixture = try RunFixture()
        func code() async throws -> String? {
            let reading = fixture.clock.reading()
            return try await fixture.store.read { try $0.brake(by: reading)?.code }
        }
        let trusted = ClockMark(trusted: fixture.clock.reading())
        try await fixture.store.write { $0.keepClock(trusted) }
        #expect(try await code() == nil)
        fixture.clock.jump(by: .days(1))
        for _ in 0..<2 { #expect(try await code() == "clock-suspect") }
        let change = fixture.change()
        await #expect(throws: StoreError.self, "the gate goes by it, too") {
            _ = try await fixture.store.write { try $0.revokeToken(TokenID("tok_a"), change: change) }
        }
        #expect(try await fixture.store.read { $0.clockMark() } == trusted)
        fixture.clock.jump(by: .days(-1))
        #expect(try await code() == nil)
        fixture.clock.advance(by: .hours(5))
        try await fixture.addToken("a")
        fixture.clock.advance(by: .hours(-5))
        #expect(try await code() == "clock-suspect")
    }

    @Test func `the last run counts, however much was changed since`() async throws {
        let fixture = try RunFixture()
        let (start, change) = (Self.epoch + .hours(5), Change(actor: "timer", at: Self.epoch, cause: "test"))
        try await fixture.store.write { store in
            try store.beginRun(RunRecord(id: "run_a", actor: "timer", startedAt: start), change: change)
        }
        for number in 1...300 { try await fixture.addToken("late\(number)") }
        #expect(try await lag(fixture, at: .zero) == .hours(5))
    }

    @Test func `a confirmation is audited, and what stands before it does not count any more`() async throws {
        let fixture = try RunFixture()
        fixture.clock.advance(by: .hours(5))
        try await fixture.addToken("a")
        fixture.clock.advance(by: .hours(-5))
        let lag = try #require(try await fixture.store.read { try $0.lag(of: Self.epoch) })
        let change = fixture.change("confirmed")
        try await fixture.store.write { try $0.trustClock(.behind(lag), change: change) }
        #expect(try await self.lag(fixture, at: .zero) == nil)
        #expect(try await self.lag(fixture, at: .hours(-1)) == .hours(1))
        let entry = try await fixture.store.read { store in
            var last: AuditEntry?
            try store.eachAuditEntry(below: .max, object: "clock") {
                last = $0
                return false
            }
            return last
        }
        #expect(entry?.action == "clock.trust" && entry?.actor == "test")
        #expect(entry?.body.contains("\"behind_seconds\":18000") == true)
    }
}
