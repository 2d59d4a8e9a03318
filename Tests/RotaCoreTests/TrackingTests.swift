import RotaCore
import TestSupport
import Testing

@Suite struct TrackingTests {
    /// A stretch that was asked throughout, in days before now.
    private func watched(_ from: Int64, _ to: Int64, by tracker: String = "a") -> Heartbeat {
        Heartbeat(tracker: tracker, startedAt: ago(.days(from)), beatAt: ago(.days(to)), askedAt: ago(.days(to)))
    }

    private func idleness(_ token: Token, _ heartbeats: [Heartbeat]) -> Idleness? {
        token.idleness(at: now, tracking: TrackingHistory(heartbeats))
    }

    /// Used so many days ago, with a value that trackers can see all the time.
    private func used(
        _ days: Int64, assertedUntil asserted: Int64? = nil, watchedSince since: Int64? = 1000
    ) -> Token {
        var token = token(usage: .lastUsed(ago(.days(days))))
        token.usageAssertedUntil = asserted.map { ago(.days($0)) }
        token.watchedSince = since.map { ago(.days($0)) }
        return token
    }

    // MARK: idle clocks

    @Test func `40 days of downtime make nobody idle`() {
        let token = used(45)
        let rule = Rule(.unusedFor(.days(30)), action: .revoke)
        let down = TrackingHistory([watched(100, 42), watched(2, 0)])
        #expect(token.idleness(at: now, tracking: down) == Idleness(time: .days(5), untracked: .days(40)))
        let verdict = evaluate(rule, of: token, at: now, tracking: down)
        #expect(verdict.status == .compliant)
        #expect(verdict.deadline == now + .days(25), "as if it were watched from now on")
        #expect(
            verdict.reason.message
                == "idle for 5 days (not watched for 40 days, which do not count); the limit is 30 days")
        let up = TrackingHistory([watched(100, 0)])
        #expect(evaluate(rule, of: token, at: now, tracking: up).status == .violating)
        #expect(evaluate(rule, of: token, at: now, tracking: .none).status == .compliant)
    }

    @Test func `a deadline that has passed is when the watched time reached the limit`() {
        let rule = Rule(.unusedFor(.days(30)), action: .revoke)
        let history = TrackingHistory([watched(100, 50), watched(30, 0)])
        let verdict = evaluate(rule, of: used(60), at: now, tracking: history)
        #expect(verdict.status == .violating)
        #expect(verdict.deadline == ago(.days(10)), "10 days before the gap, 20 after it")
        #expect(verdict.reason.code == "idle-too-long")
    }

    @Test func `an import asserts the idle time up to which it speaks, and no longer`() {
        #expect(idleness(used(50, assertedUntil: 20), [])?.time == .days(30))
        #expect(idleness(used(50, assertedUntil: 20), [watched(10, 5)])?.time == .days(35))
        #expect(idleness(used(50, assertedUntil: 20), [watched(100, 5)])?.time == .days(45), "no day twice")
        #expect(idleness(used(10, assertedUntil: 20), [watched(5, 0)])?.time == .days(5), "it was used since")
    }

    @Test func `where no tracker can see a use, watched time does not count`() {
        #expect(idleness(used(50, watchedSince: nil), [watched(100, 0)])?.time == .zero)
        #expect(idleness(used(50, assertedUntil: 20, watchedSince: nil), [watched(100, 0)])?.time == .days(30))
        #expect(idleness(used(50, watchedSince: 7), [watched(100, 0)])?.time == .days(7))
    }

    @Test func `never used counts from the start of tracking, and unknown stays unknown`() {
        var token = token(created: .days(20), usage: .neverUsed(since: ago(.days(90))))
        token.watchedSince = ago(.days(20))
        #expect(idleness(token, [watched(100, 0)])?.time == .days(20))
        token.usage = .unknown
        #expect(idleness(token, [watched(100, 0)]) == nil)
    }

    @Test func `a hypothesis assumes unbroken tracking of every token`() {
        #expect(used(50, watchedSince: nil).idleness(at: now, tracking: .unbroken) == Idleness(time: .days(50)))
        #expect(
            used(50, assertedUntil: 20).idleness(at: now, tracking: .unbroken)
                == Idleness(time: .days(50), asserted: .days(30), since: now - .days(50)))
    }

    // MARK: heartbeats

    @Test func `a tracker that nobody asks sees nothing`() {
        var beat = watched(30, 0)
        beat.askedAt = nil
        #expect(idleness(used(50), [beat])?.time == .zero)
        beat.askedAt = ago(.days(20))
        #expect(idleness(used(50), [beat])?.time == .days(17), "until a week after it was last asked")
    }

    @Test func `trackers that overlap count once`() {
        let history = [watched(20, 10), watched(15, 5, by: "b"), watched(30, 25), watched(18, 12, by: "c")]
        #expect(idleness(used(50), history)?.time == .days(20))
    }

    @Test func `what a clock that was ahead said of days that are to come is not watched`() {
        let clock = ManualClock(now)
        clock.jump(by: .days(30))
        let beat = Heartbeat(tracker: "a", startedAt: ago(.days(2)), beatAt: clock.now(), askedAt: clock.now())
        clock.jump(by: .days(-30))
        let history = TrackingHistory([beat.notLater(than: clock.now())])
        clock.advance(by: .days(6))
        #expect(history.watched(from: now, to: clock.now()) == .zero)
        #expect(history.watched(from: ago(.days(9)), to: clock.now()) == .days(2))
        #expect(history.instant(after: .days(5), from: ago(.days(2))) == nil)
        let phantom = Heartbeat(tracker: "a", startedAt: clock.now(), beatAt: clock.now(), askedAt: clock.now())
        #expect(phantom.notLater(than: now).watched == nil)
    }

    // MARK: arithmetic

    @Test(arguments: 0..<20)
    func `the arithmetic agrees with counting seconds one by one`(seed: UInt64) {
        var random = Numbers(state: seed)
        for _ in 0..<200 {
            let beats = (0..<Int.random(in: 0...6, using: &random)).map { _ -> Heartbeat in
                let start = Int64.random(in: 0...60, using: &random)
                let end = Instant(seconds: Int64.random(in: start...70, using: &random))
                return Heartbeat(
                    tracker: "t", startedAt: Instant(seconds: start), beatAt: end,
                    askedAt: Bool.random(using: &random) ? end : nil)
            }
            let history = TrackingHistory(beats)
            // Whether the second that begins at each instant is watched.
            let seconds = (0..<80).map { second in
                beats.contains {
                    $0.askedAt != nil && $0.startedAt.seconds <= second && second < $0.beatAt.seconds
                }
            }
            let from = Int.random(in: 0...75, using: &random)
            let to = Int.random(in: 0...75, using: &random)
            let counted = from < to ? seconds[from..<to].count(where: \.self) : 0
            let (start, end) = (Instant(seconds: Int64(from)), Instant(seconds: Int64(to)))
            #expect(history.watched(from: start, to: end).seconds == Int64(counted))

            let span = TimeSpan(seconds: Int64.random(in: 1...30, using: &random))
            let forward = (from...80).first { seconds[from..<min($0, 80)].count(where: \.self) >= span.seconds }
            #expect(history.instant(after: span, from: start)?.seconds == forward.map { Int64($0) })
            let backward = (0...to).last { seconds[$0..<to].count(where: \.self) >= span.seconds }
            #expect(history.instant(before: end, by: span)?.seconds == backward.map { Int64($0) })
        }
    }

    @Test(arguments: 0..<20)
    func `idle time never exceeds the time on the wall, and its deadline agrees with it`(seed: UInt64) {
        var random = Numbers(state: seed)
        func some(_ longest: Int64) -> Int64 { Int64.random(in: 0...longest, using: &random) }
        for _ in 0..<200 {
            let history = TrackingHistory((0..<some(4)).map { _ in watched(some(60), some(60)) })
            let token = used(
                some(60), assertedUntil: Bool.random(using: &random) ? some(60) : nil,
                watchedSince: Bool.random(using: &random) ? some(60) : nil)
            guard let idle = token.idleness(at: now, tracking: history), let since = token.idleSince else { continue }
            #expect(idle.time >= .zero && idle.time + idle.untracked == now - since)
            let limit = TimeSpan.days(1 + some(60))
            let reached = token.idleClock(at: now, tracking: history)?.reached(limit, tracking: history)
            #expect((reached != nil) == (idle.time >= limit))
            guard let reached else { continue }
            #expect(token.idleness(at: reached, tracking: history)?.time == limit)
        }
    }
}
