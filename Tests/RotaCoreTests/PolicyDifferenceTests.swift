import RotaCore
import Testing

@Suite struct PolicyDifferenceTests {
    private static let rotation = Policy(
        name: "rotation", mode: .enforce,
        rules: [Rule(.maxAge(.days(90)), action: .rotate, overlap: .hours(1)), Rule(.owner([]))])

    private func compare(_ after: [Policy], _ token: Token) -> PolicyDifference? {
        PolicyComparison(
            before: PolicySet([Self.rotation]), after: PolicySet(after), vaults: ["main"], tracking: .unbroken
        ).difference(of: token, at: now) { [Destination(vault: "main", path: "app")] }
    }

    @Test func `the same policies make no difference`() {
        #expect(compare([Self.rotation], token(age: .days(91))) == nil)
    }

    @Test func `a limit that is kept before and after is no difference`() {
        var stricter = Self.rotation
        stricter.rules[0].requirement = .maxAge(.days(60))
        #expect(compare([stricter], token(age: .days(10))) == nil)
    }

    @Test func `a stricter limit makes a verdict and an action appear`() throws {
        var stricter = Self.rotation
        stricter.rules[0].requirement = .maxAge(.days(60))
        let difference = try #require(compare([stricter], token(age: .days(70))))
        #expect(difference.rulings.map(\.rule) == ["max-age"])
        #expect(difference.rulings[0].before?.status == .compliant)
        #expect(difference.rulings[0].after?.status == .violating)
        #expect(difference.changesAction && difference.before == nil && difference.after?.action == .rotate)
    }

    @Test func `a policy that only looks from now on makes its action vanish and its verdict stay`() throws {
        var looking = Self.rotation
        looking.mode = .observe
        let difference = try #require(compare([looking], token(age: .days(91))))
        #expect(difference.rulings.isEmpty && difference.before?.action == .rotate && difference.after == nil)
    }

    @Test func `a removed policy makes its verdicts vanish and a new one makes them appear`() throws {
        let other = Policy(name: "other", rules: [Rule(.description)])
        let difference = try #require(compare([other], token(age: .days(10))))
        #expect(
            difference.rulings.map { "\($0.policy)/\($0.rule)" } == [
                "rotation/max-age", "rotation/owner", "other/description",
            ])
        #expect(difference.rulings.map { $0.after == nil } == [true, true, false])
        #expect(!difference.changesAction)
    }

    @Test func `what an action comes to otherwise is a difference, though the action is the same`() throws {
        func changed(_ change: (inout Rule) -> Void) throws -> PolicyDifference {
            let first = Policy(
                name: "p", mode: .enforce,
                rules: [
                    Rule(
                        .expiry(required: true, maxLifetime: nil, maxRemaining: nil), action: .setExpiry,
                        newEnd: NewEnd(ahead: .days(30), spread: .days(15)), renewal: .days(9), revokeAfter: .days(14))
                ])
            var second = first
            change(&second.rules[0])
            let comparison = PolicyComparison(
                before: PolicySet([first]), after: PolicySet([second]), vaults: [], tracking: .unbroken)
            return try #require(comparison.difference(of: token(), at: now) { [] })
        }
        let sooner = try changed { $0.newEnd = NewEnd(ahead: .days(1), spread: .zero) }
        #expect(sooner.changesAction && sooner.termsBefore.first == "ends in 30d and up to 15d more")
        #expect(try changed { $0.renewal = nil }.changesAction)
        #expect(try changed { $0.revokeAfter = .hours(1) }.changesAction)
    }

    @Test func `another overlap is another rotation`() throws {
        var longer = Self.rotation
        longer.rules[0].overlap = .hours(2)
        #expect(try #require(compare([longer], token(age: .days(91)))).changesAction)
    }

    @Test func `a revocation after a quarantine appears with the rule for it`() throws {
        let mild = Policy(
            name: "idle", mode: .enforce, rules: [Rule(.unusedFor(.days(30)), action: .quarantine)])
        var strict = mild
        strict.rules[0].revokeAfter = .days(14)
        let comparison = PolicyComparison(
            before: PolicySet([mild]), after: PolicySet([strict]), vaults: [], tracking: .unbroken)
        let quarantine = Quarantine(
            since: ago(.days(14)), by: "rota", cause: "idle", rule: RuleReference(policy: "idle", rule: "unused-for"))
        let difference = comparison.difference(of: token(state: .quarantined), in: quarantine, at: now)
        #expect(difference?.before == nil && difference?.after?.action == .revoke)
    }

    @Test func `what is written otherwise is named`() {
        var changed = Self.rotation
        changed.pace = 5
        changed.mode = .warn
        let set = PolicySet([Self.rotation, Policy(name: "gone", rules: [])])
        let other = PolicySet([changed, Policy(name: "new", rules: [])])
        #expect(
            set.changes(to: other).map { "\($0.policy): \($0.parts)" } == [
                "gone: [\"removed\"]", "new: [\"added\"]", "rotation: [\"mode\", \"pace\"]",
            ])
    }

    @Test func `what goes into a few words is told as it was and as it is`() throws {
        var (before, after) = (Self.rotation, Self.rotation)
        before.mode = .warn
        after.mode = .enforce
        after.pace = 5
        after.minimumNotice = .days(3)
        after.schedule = try Schedule(every: .hours(6))
        after.limits = Limits(actions: 9, percent: 20, perOwner: Ceiling(actions: 2))
        after.rules[0].startBefore = .days(9)
        let change = try #require(PolicySet([before]).changes(to: PolicySet([after])).first)
        #expect(
            change.sentence == "mode (warn -> enforce), rules, minimum-notice (none -> 3d), "
                + "schedule (the default -> every 6h), pace (none -> 5), "
                + "limits (none -> 9 actions, 20 percent, 2 actions per owner)")
        #expect(change.values.map(\.part) == ["mode", "minimum-notice", "schedule", "pace", "limits"])
    }
}
