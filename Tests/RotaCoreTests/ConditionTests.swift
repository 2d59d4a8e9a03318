import RotaCore
import Testing

/// `when`: what is written, and what it makes of a token.
@Suite struct ConditionTests {
    private static let full = token(
        age: .days(10), oldest: .days(12), usage: .lastUsed(ago(.days(3))), expiresIn: .days(20), destinations: 2)

    @Test(arguments: [
        (#"token.name == "tok_1" && token.owner == "team-a" && token.integration == "snowflake""#, true),
        (#"token.issuer == "rota" && token.description == """#, true),
        (#"token.scopes.exists(s, s.startsWith("export:")) && "export:read" in token.scopes"#, true),
        (#"token.scopes.all(s, s.endsWith(":write"))"#, false),
        (#"size(token.scopes.filter(s, s.contains("read"))) == 1"#, true),
        (#"token.scopes.map(s, s.split) == []"#, nil),
        (#"token.labels.env == "production" && has(token.labels.env) && !has(token.labels.tier)"#, true),
        (#"token.destinations == 2"#, true),
        (#"token.created_at == now - duration("12000h")"#, true),
        (#"token.value_issued_at == now - duration("240h")"#, true),
        (#"token.age == duration("288h")"#, true),
        (#"token.last_used_at == now - duration("72h") && token.idle == duration("72h")"#, true),
        (#"token.expires_at - now <= duration("480h")"#, true),
        (#"token.expires_at - now < duration("480h")"#, false),
        (#"now == timestamp("2026-09-21T14:13:20Z") && now.getHours() == 14"#, true),
    ])
    func `every field of a token can be asked for`(source: String, expected: Bool?) throws {
        guard let expected else {
            #expect(throws: ConditionFault.self) { try Condition(source) }
            return
        }
        #expect(answer(try Condition(source), Self.full) == (expected ? .holds : .fails))
    }

    @Test(arguments: [
        ("token.expires_at < now", ConditionError.absent(.expiresAt)),
        ("token.last_used_at < now", .absent(.lastUsedAt)),
        (#"token.idle > duration("1h")"#, .absent(.idle)),
        (#"token.value_issued_at < now"#, .absent(.valueIssuedAt)),
        (#"token.age > duration("1h")"#, .absent(.age)),
        (#"token.labels.tier == "1""#, .noSuchKey),
        ("token.scopes[3] == \"\"", .indexOutOfRange),
        ("token.destinations / (token.destinations - 1) == 1", .divisionByZero),
        ("token.destinations + 9223372036854775807 > 0", .overflow),
        (#"timestamp(token.name) < now"#, .invalid),
        ("dyn(token.name) > 1", .wrongType),
        (
            "[0,1,2,3,4,5,6,7,8,9].all(a, [0,1,2,3,4,5,6,7,8,9].all(b, [0,1,2,3,4,5,6,7,8,9].all(c, "
                + "[0,1,2,3,4,5,6,7,8,9].all(d, [0,1,2,3,4,5,6,7,8,9].all(e, a + b + c + d + e >= 0)))))",
            .tooCostly
        ),
    ])
    func `what cannot be worked out is an error, and no answer`(source: String, expected: ConditionError) throws {
        let bare = token(age: nil, usage: .unknown)
        #expect(answer(try Condition(source), bare) == .errs(expected))
    }

    @Test func `what a token does not have can be asked for`() throws {
        let bare = token(age: nil, usage: .unknown)
        let source = "!has(token.expires_at) && !has(token.idle) && !has(token.last_used_at) && !has(token.age)"
        #expect(answer(try Condition(source), bare) == .holds)
    }

    @Test func `a zone is one that was known when the policy was read`() throws {
        let condition = try Condition(#"now.getHours("Test/East") == 15"#, zones: { $0 == "Test/East" ? .utc : nil })
        #expect(answer(condition, Self.full) == .fails)
        #expect(throws: ConditionFault.self) { try Condition(#"now.getHours("Nowhere/Else") == 1"#) }
    }

    // MARK: In a policy

    private func policy(_ when: String, _ rules: [Rule], mode: Mode = .enforce) throws -> Policy {
        Policy(name: "p", mode: mode, when: try Condition(when), rules: rules)
    }

    private func decide(_ policy: Policy, _ token: Token) -> Planner.Decision {
        Planner(policies: PolicySet([policy]), vaults: ["main"], tracking: .unbroken)
            .decide(token, at: now) { [Destination(vault: "main", path: "app")] }
    }

    private static let rules = [
        Rule(.maxAge(.days(1)), action: .rotate), Rule(.unusedFor(.days(1)), action: .revoke),
        Rule(.name([Glob("other")]), action: .quarantine),
    ]

    @Test func `a policy whose condition does not hold has no say`() throws {
        let decision = decide(try policy("token.destinations == 7", Self.rules), Self.full)
        #expect(decision.rulings.isEmpty && decision.action == nil)
        #expect(decide(try policy("token.destinations == 2", Self.rules), Self.full).action?.action == .revoke)
    }

    @Test func `a token whose condition errs is unknown, and never acted on`() throws {
        let erring = try policy(#"token.labels.tier == "1""#, Self.rules)
        let decision = decide(erring, Self.full)
        #expect(decision.action == nil)
        #expect(decision.rulings.map(\.verdict.status) == [.unknown, .unknown, .unknown])
        #expect(decision.rulings.allSatisfy { $0.verdict.reason.code == "condition-failed" && !$0.verdict.calls })
        #expect(erring.complaint(about: Self.full, at: now, tracking: .unbroken) == "1:14: there is no key 'tier'")
        #expect(erring.selects(Self.full, at: now, tracking: .unbroken), "counted among those that it selects")
    }

    @Test func `a timeline tells the condition that does not hold, or errs`() throws {
        func timeline(_ when: String) throws -> PolicyTimeline {
            Timeline(
                of: Self.full, at: [], vaults: [], policies: [try policy(when, Self.rules)], at: now,
                tracking: .unbroken
            ).policies[0]
        }
        let without = try timeline("token.destinations == 7")
        #expect(without.mismatch?.description == "'when' does not hold: token.destinations == 7")
        #expect(without.rules.isEmpty)
        let erring = try timeline("token.labels.tier == \"1\"")
        #expect(erring.mismatch == nil && erring.complaint != nil)
        #expect(erring.rules.allSatisfy { $0.verdict.status == .unknown && $0.start == nil })
    }

    @Test func `a condition is part of the digest, and none changes nothing`() throws {
        let plain = Policy(name: "p", rules: Self.rules)
        let one = try policy("true", Self.rules, mode: .observe)
        let other = try policy("false", Self.rules, mode: .observe)
        #expect(Set([plain, one, other].map { PolicySet([$0]).digest }).count == 3)
    }

    @Test func `a quarantine ends in a revocation only while the condition holds`() throws {
        let rule = Rule(.unusedFor(.days(1)), action: .quarantine, revokeAfter: .days(2))
        let held = token(usage: .lastUsed(ago(.days(30))), state: .quarantined)
        let reference = RuleReference(policy: "p", rule: rule.name)
        let quarantine = Quarantine(since: ago(.days(5)), by: "policy:p", cause: "idle", rule: reference)
        func ends(_ when: String) throws -> Bool {
            quarantine.revocation(of: held, by: [try policy(when, [rule])]) != nil
        }
        #expect(try ends(#"token.labels.env == "production""#))
        #expect(try !ends(#"token.labels.env == "development""#))
        #expect(try !ends(#"token.labels.tier == "1""#), "it errs")
        #expect(try !ends(#"token.idle > duration("24h")"#), "nobody sees it idle")
    }

    private func answer(_ condition: Condition, _ token: Token) -> Condition.Answer {
        condition.answer(for: token, at: now, idle: token.idleClock(at: now, tracking: .unbroken))
    }
}
