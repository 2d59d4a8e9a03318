import TestSupport
import Testing

@testable import RotaCore

/// A plan is kept as rows of numbers; what comes out is what went in.
struct PlannedActionsTests {
    /// Names of every length, the empty one and one that fills a piece of text among them.
    private func actions(_ count: Int) -> [PlannedAction] {
        var numbers = Numbers(state: 7)
        return (0..<count).map { index in
            let length = index == 5 ? 70_000 : Int.random(in: 0...40, using: &numbers)
            let deadline = Bool.random(using: &numbers) ? ago(.hours(.random(in: 0...9, using: &numbers))) : nil
            let action = Action.allCases.randomElement(using: &numbers) ?? .rotate
            return PlannedAction(
                tokenID: TokenID("tok_\(numbers.next() % 100_000)_\(index)"),
                name: String(repeating: "ü", count: length),
                owner: String(repeating: "o", count: length % 7), revision: .random(in: 1...Int64.max, using: &numbers),
                action: action, policy: "policy-\(index % 3)", rule: index % 2 == 0 ? "max-age" : "unused-for",
                verdict: Verdict(
                    .violating, .idleTooLong(idle: Idleness(time: .days(Int64(index))), limit: .days(30)),
                    deadline: deadline),
                overlap: action == .rotate ? .hours(24) : .zero, blocked: index % 11 == 0 ? .conflict : nil,
                covers: index % 5 == 0 ? [RuleReference(policy: "other", rule: "expiry")] : [])
        }
    }

    @Test(arguments: [0, 1, 3, 9000]) func `actions come out as they went in, in the order of a plan`(_ count: Int) {
        let actions = actions(count)
        let ordered = actions.sorted { left, right in
            left.verdict.deadline == right.verdict.deadline
                ? left.tokenID < right.tokenID : left.verdict.deadline.precedes(right.verdict.deadline)
        }
        let planned = PlannedActions(actions)
        #expect(Array(planned) == ordered)
        #expect(planned.indicesByToken.map { planned[$0].tokenID } == actions.map(\.tokenID).sorted())
    }

    @Test func `those that take effect are counted by policy`() {
        let planned = PlannedActions(actions(500))
        #expect(planned.effects == Dictionary(grouping: planned.filter(\.takesEffect), by: \.policy).mapValues(\.count))
    }

    @Test func `holding some back changes them in one copy only`() {
        let before = PlannedActions(actions(500))
        var after = before
        after.hold(toPaceOf: (0..<3).map { Policy(name: "policy-\($0)", rules: [], pace: 2) })
        #expect(before.allSatisfy { !$0.waiting })
        #expect(after.effects.values.allSatisfy { $0 == 2 })
    }

    @Test func `violations stand beside the action that cures them, and without one`() throws {
        let rules = [
            Rule(.maxAge(.days(90)), action: .rotate),
            Rule(.expiry(required: true, maxLifetime: nil, maxRemaining: nil)),
        ]
        let policies = [
            Policy(name: "acts", mode: .enforce, rules: rules), Policy(name: "looks", mode: .warn, rules: rules),
        ]
        let planner = Planner(policies: PolicySet(policies), vaults: ["main"], tracking: .unbroken)
        var rows = PlanRows()
        for (id, age) in [("a", 100), ("b", 1), ("c", 91)] {
            let token = token(id, age: .days(Int64(age)), expiresIn: id == "c" ? .days(1) : nil)
            let decision = planner.decide(token, at: now) { [Destination(vault: "main", path: id)] }
            rows.add(token, decision, by: policies)
        }
        let told = Violations(rows).map { "\($0.tokenID) \($0.policy) \($0.rule) \($0.mode) \($0.verdict.reason.code)" }
        #expect(
            told == [
                "a acts max-age enforce max-age-exceeded", "a acts expiry enforce no-expiry",
                "a looks max-age warn max-age-exceeded", "a looks expiry warn no-expiry",
                "b acts expiry enforce no-expiry", "b looks expiry warn no-expiry",
                "c acts max-age enforce max-age-exceeded", "c looks max-age warn max-age-exceeded",
            ])
        var sorted = rows
        sorted.sort()
        #expect(PlannedActions(sorted).map(\.tokenID.text) == ["a", "c", "b"])
    }
}
