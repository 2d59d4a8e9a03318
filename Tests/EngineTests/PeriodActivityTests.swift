import RotaCore
import Testing

@testable import Engine

struct PeriodActivityTests {
    private static let start = Instant(seconds: 1_800_000_000)

    private func action(
        _ outcome: Outcome, _ action: Action = .rotate, hour: Int64 = 0, deadline: Int64? = 2, cause: String? = nil
    ) -> RecordedAction {
        RecordedAction(
            run: "r", tokenID: TokenID("t"), name: "t", action: action, policy: "p", rule: "max-age",
            reason: "max-age-due", message: "m", deadline: deadline.map { Self.start + .hours($0) },
            outcome: outcome, cause: cause, at: Self.start + .hours(hour))
    }

    private func activity(_ actions: [RecordedAction], promotions: [RecordedAction] = []) -> PeriodActivity {
        var activity = PeriodActivity(from: Self.start, to: Self.start + .days(1))
        for action in actions { activity.add(action) }
        for promotion in promotions { activity.add(promotion: promotion) }
        return activity
    }

    @Test func `a rotation in its overlap is done when its value became current, in time or late`() {
        let began = action(.started)
        let inTime = activity([began], promotions: [action(.done, hour: 1)])
        #expect(inTime.outcomes == [.rotate: [.done: 1]])
        #expect((inTime.doneInTime, inTime.doneLate) == (1, 0))
        let late = activity([began], promotions: [action(.done, hour: 3)])
        #expect((late.doneInTime, late.doneLate) == (0, 1))
        #expect(late.latestDone.map(\.at) == [Self.start + .hours(3)])
    }

    @Test func `a stalled rotation stays started until it is promoted`() {
        let stalled = action(.started, cause: "sealed")
        #expect(activity([stalled]).outcomes == [.rotate: [.started: 1]])
        #expect(activity([stalled]).doneInTime == 0)
    }

    @Test func `what was done by one run is not counted again by its promotion`() {
        let done = activity([action(.done)], promotions: [action(.done)])
        #expect(done.outcomes == [.rotate: [.done: 1]])
        #expect(done.doneInTime == 1)
        #expect(activity([action(.done, .revoke)]).outcomes == [.revoke: [.done: 1]])
    }

    @Test func `a failure is unfinished until a later promotion, and a skip changes neither`() {
        let failure = action(.failed, hour: 2, cause: "sealed")
        #expect(activity([failure]).unfinishedCount == 1)
        #expect(activity([failure, action(.skipped, hour: 3)]).unfinishedCount == 1)
        #expect(activity([action(.started), action(.skipped, hour: 1)]).unfinishedCount == 0)
        #expect(activity([failure], promotions: [action(.done, hour: 3)]).unfinishedCount == 0)
        // One of before the failure settles nothing.
        #expect(activity([failure], promotions: [action(.done, hour: 1)]).unfinishedCount == 1)
    }

    @Test func `what nobody's run did is counted apart, and ends what a run could not do`() {
        var byHand = action(.done, hour: 3)
        (byHand.run, byHand.policy) = ("", "")
        let activity = activity([action(.failed, hour: 2, cause: "sealed")], promotions: [byHand])
        #expect(activity.outcomes == [.rotate: [.failed: 1]] && activity.count(.done) == 0 && activity.byHand == 1)
        #expect(activity.latestDone.isEmpty && activity.days.allSatisfy { $0.done == 0 })
        #expect((activity.doneInTime, activity.doneLate, activity.unfinishedCount) == (0, 0, 0))
    }

    @Test func `what policies did that give no notice is counted, and to notify is none of it`() {
        func count(_ announcing: Set<String>) -> Int {
            var activity = PeriodActivity(from: Self.start, to: Self.start + .days(1), announcing: announcing)
            activity.add(action(.done, .revoke))
            activity.add(action(.done, .notify))
            activity.add(promotion: action(.done, hour: 1))
            return activity.doneUnannounced
        }
        #expect(count([]) == 2 && count(["p"]) == 0)
    }
}
