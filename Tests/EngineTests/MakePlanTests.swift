import Crypto
import Engine
import Glibc
import JSON
import RotaCore
import Stores
import Testing

private let now = Instant(seconds: 1_790_000_000)

/// A store of its own for one test, gone when it is over.
private final class Inventory {
    let store: any Store
    private let folder: String

    init(instance: String = "instance") throws {
        var template = Array("/tmp/rota-plan-XXXXXX".utf8CString)
        folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        let location = "sqlite:\(folder)/rota.db"
        let identity = StoreIdentity(instance: instance, generation: 1, createdAt: now)
        try createStore(
            at: location, identity: identity, change: Change(actor: "test", at: now, cause: "test"))
        store = try openStore(at: location, endpoints: [])
    }

    /// Adds a token of ours with one value, `age` old.
    func add(
        _ name: String, age: TimeSpan, idle: TimeSpan? = nil, issuer: Issuer = .rota,
        env: String = "production", owner: String = "",
        destination: String? = "main:app"
    ) throws {
        let issuedAt = now - age
        let token = Token(
            id: TokenID("tok_" + name), name: name, owner: owner, labels: ["env": env], issuer: issuer,
            externalID: issuer == .rota ? nil : name, createdAt: issuedAt,
            usage: idle.map { .lastUsed(now - $0) } ?? .unknown,
            values: ValueSummary(currentIssuedAt: issuedAt),
            destinationCount: destination == nil ? 0 : 1)
        let version = Version(number: 1, state: .current, digest: nil, issuedAt: issuedAt)
        let place = destination.flatMap { Destination($0.replacing("app", with: name)) }
        try store.transaction {
            try store.addToken(
                token, version: version, destinations: place.map { [$0] } ?? [],
                change: Change(actor: "test", at: now, cause: "test"))
        }
    }

    func plan(_ policies: [Policy], limits: Limits = Limits(), at instant: Instant = now) throws -> PlanResult {
        try makePlan(
            PlanRequest(policies: PolicySet(policies), limits: limits, vaults: ["main", "other"], at: instant),
            from: store)
    }

    deinit {
        store.close()
        for name in ["rota.db", "rota.db-wal", "rota.db-shm", "rota.db.gate", "rota.db-gate"] {
            _ = remove("\(folder)/\(name)")
        }
        _ = rmdir(folder)
    }
}

@Suite struct MakePlanTests {
    private let rotate = Policy(
        name: "rotate", mode: .enforce,
        selector: Selector(labels: ["env": [Glob("production")]]),
        rules: [Rule(.maxAge(.days(90)), action: .rotate, startBefore: .days(3), overlap: .hours(24))])
    private let revoke = Policy(
        name: "revoke", mode: .enforce, rules: [Rule(.unusedFor(.days(30)), action: .revoke)])

    @Test func `a plan holds what is due, oldest deadline first, and nothing else`() throws {
        let inventory = try Inventory()
        try inventory.add("young", age: .days(10))
        try inventory.add("due", age: .days(87))
        try inventory.add("old", age: .days(100))
        try inventory.add("old-elsewhere", age: .days(100), env: "test")
        let result = try inventory.plan([rotate])
        #expect(result.plan.actions.map(\.name) == ["old", "due"])
        #expect(result.plan.actions.map(\.overlap) == [.hours(24), .hours(24)])
        #expect(result.plan.candidates == 3)
        #expect(result.refusal == nil)
        #expect(result.findings.map(\.name) == ["old"])
        #expect(result.findings.first?.mode == .enforce)
    }

    @Test func `a token that several queries find is planned once, by the strictest`() throws {
        let inventory = try Inventory()
        try inventory.add("both", age: .days(100), idle: .days(40))
        let result = try inventory.plan([rotate, revoke])
        #expect(result.plan.actions.map(\.action) == [.revoke])
        #expect(result.plan.actions.first?.covers == [RuleReference(policy: "rotate", rule: "max-age")])
        #expect(result.plan.candidates == 1)
        #expect(result.findings.count == 2)
    }

    @Test func `what cannot be done is blocked, with its reason`() throws {
        let inventory = try Inventory()
        try inventory.add("external", age: .days(100), issuer: .external(kind: "aws-iam"))
        try inventory.add("homeless", age: .days(100), destination: nil)
        try inventory.add("lost", age: .days(100), destination: "gone:app")
        let result = try inventory.plan([rotate])
        let blocked = Dictionary(uniqueKeysWithValues: result.plan.actions.map { ($0.name, $0.blocked) })
        #expect(
            blocked == ["external": .issuerNotDriven, "homeless": .noDestination, "lost": .unknownVault])
    }

    @Test func `the pace lets the oldest go first, past those that are blocked`() throws {
        let inventory = try Inventory()
        try inventory.add("homeless", age: .days(120), destination: nil)
        for age in [100, 101, 102] { try inventory.add("age-\(age)", age: .days(Int64(age))) }
        var paced = rotate
        paced.pace = 2
        let result = try inventory.plan([paced])
        #expect(result.plan.actions.map(\.name) == ["homeless", "age-102", "age-101", "age-100"])
        #expect(result.plan.actions.map(\.waiting) == [false, false, false, true])
    }

    @Test func `a policy's limits refuse the plan with the numbers, and the plan is still shown`() throws {
        let inventory = try Inventory()
        for index in 0..<4 { try inventory.add("old-\(index)", age: .days(100)) }
        for index in 0..<6 { try inventory.add("young-\(index)", age: .days(1)) }
        try inventory.add("elsewhere", age: .days(1), env: "test")
        var limited = rotate
        limited.limits = Limits(percent: 40)
        #expect(try inventory.plan([limited]).refusal == nil)
        limited.limits = Limits(percent: 39)
        let refused = try inventory.plan([limited])
        #expect(
            refused.refusal
                == "policy 'rotate' would act on 4 of 10 tokens that it selects; "
                + "its limit is 39 percent, which is 3")
        #expect(refused.plan.actions.count == 4)
        limited.limits = Limits(actions: 3)
        #expect(
            try inventory.plan([limited]).refusal
                == "policy 'rotate' would act on 4 tokens; its limit is 3 actions")
    }

    @Test func `what waits does not count against a limit`() throws {
        let inventory = try Inventory()
        for index in 0..<4 { try inventory.add("old-\(index)", age: .days(100)) }
        var limited = rotate
        limited.pace = 2
        limited.limits = Limits(actions: 2)
        #expect(try inventory.plan([limited]).refusal == nil)
    }

    @Test func `the limits above all policies count every action`() throws {
        let inventory = try Inventory()
        try inventory.add("old", age: .days(100))
        try inventory.add("idle", age: .days(1), idle: .days(40))
        for index in 0..<8 { try inventory.add("young-\(index)", age: .days(1)) }
        let policies = [rotate, revoke]
        #expect(try inventory.plan(policies, limits: Limits(actions: 2, percent: 20)).refusal == nil)
        #expect(
            try inventory.plan(policies, limits: Limits(percent: 19)).refusal
                == "the plan would act on 2 of 10 active or quarantined tokens; its limit is 19 percent, which is 1")
    }

    @Test func `a limit per owner counts the tokens of each owner, and names who is over it`() throws {
        let inventory = try Inventory()
        for index in 0..<3 { try inventory.add("a-\(index)", age: .days(100), owner: "team-a") }
        for index in 0..<2 { try inventory.add("b-\(index)", age: .days(100), owner: "team-b") }
        for index in 0..<3 { try inventory.add("a-young-\(index)", age: .days(1), owner: "team-a") }
        try inventory.add("elsewhere", age: .days(1), env: "test", owner: "team-a")
        var limited = rotate
        func refusal(_ ceiling: Ceiling) throws -> String? {
            limited.limits = Limits(perOwner: ceiling)
            return try inventory.plan([limited]).refusal
        }
        #expect(try refusal(Ceiling(actions: 3)) == nil)
        #expect(
            try refusal(Ceiling(actions: 2))
                == "policy 'rotate' would act on 3 tokens of owner 'team-a'; its limit per owner is 2 actions")
        // Of the tokens of that owner that the policy selects: 3 of 6, and 2 of 2.
        #expect(try refusal(Ceiling(percent: 100)) == nil)
        #expect(
            try refusal(Ceiling(percent: 50))
                == "policy 'rotate' would act on 2 of 2 tokens of owner 'team-b' that it selects; "
                + "its limit per owner is 50 percent, which is 1")
        // Above all policies it is of every active token of his.
        #expect(
            try inventory.plan([rotate], limits: Limits(perOwner: Ceiling(percent: 42))).refusal
                == "the plan would act on 3 of 7 active or quarantined tokens of owner 'team-a'; "
                + "its limit per owner is 42 percent, which is 2; "
                + "the plan would act on 2 of 2 active or quarantined tokens of owner 'team-b'; "
                + "its limit per owner is 42 percent, which is 1")
    }

    @Test func `a limit per vault counts the tokens with a destination in each`() throws {
        let inventory = try Inventory()
        for index in 0..<3 { try inventory.add("m-\(index)", age: .days(100)) }
        try inventory.add("o", age: .days(100), destination: "other:app")
        for index in 0..<3 { try inventory.add("m-young-\(index)", age: .days(1)) }
        try inventory.add("o-young", age: .days(1), destination: "other:app")
        let plain = try inventory.plan([rotate], limits: Limits(perVault: Ceiling(actions: 3, percent: 50)))
        #expect(plain.refusal == nil)
        #expect(
            try inventory.plan([rotate], limits: Limits(perVault: Ceiling(percent: 49))).refusal
                == "the plan would act on 3 of 6 active or quarantined tokens with a destination in vault 'main'; "
                + "its limit per vault is 49 percent, which is 2")
        var limited = rotate
        limited.limits = Limits(perVault: Ceiling(actions: 2))
        #expect(
            try inventory.plan([limited]).refusal
                == "policy 'rotate' would act on 3 tokens with a destination in vault 'main'; "
                + "its limit per vault is 2 actions")
    }

    @Test func `of many owners over a limit those with the most actions are named, and the others counted`() throws {
        let inventory = try Inventory()
        for owner in 0..<6 {
            for index in 0...owner { try inventory.add("t-\(owner)-\(index)", age: .days(100), owner: "team-\(owner)") }
        }
        let refusal = try inventory.plan([rotate], limits: Limits(perOwner: Ceiling(actions: 1))).refusal ?? ""
        #expect(refusal.hasPrefix("the plan would act on 6 tokens of owner 'team-5'; "))
        #expect(refusal.hasSuffix("on 4 tokens of owner 'team-3'; its limit per owner is 1 action; and 2 more owners"))
    }

    @Test func `policies that do not enforce find, and do not act`() throws {
        let inventory = try Inventory()
        try inventory.add("old", age: .days(100))
        var watching = rotate
        watching.mode = .warn
        let result = try inventory.plan([watching])
        #expect(result.plan.actions.isEmpty)
        #expect(result.findings.map(\.mode) == [.warn])
    }

    @Test func `the digest stands for the store, the policies and what would be done`() throws {
        let inventory = try Inventory()
        try inventory.add("old", age: .days(100))
        let digest = try inventory.plan([rotate]).plan.digest
        #expect(digest.hasPrefix("sha256:"))
        #expect(digest.utf8.count == "sha256:".utf8.count + 64)
        #expect(try inventory.plan([rotate], at: now + .hours(1)).plan.digest == digest)
        var longer = rotate
        longer.rules[0].overlap = .hours(25)
        #expect(try inventory.plan([longer]).plan.digest != digest)
        let other = try Inventory(instance: "other")
        try other.add("old", age: .days(100))
        #expect(try other.plan([rotate]).plan.digest != digest)
        try inventory.add("older", age: .days(101))
        #expect(try inventory.plan([rotate]).plan.digest != digest)
    }

    @Test func `the digest is that of the whole document in its canonical spelling`() throws {
        let inventory = try Inventory()
        for name in ["b", "a", "c"] { try inventory.add(name, age: .days(name == "c" ? 200 : 100)) }
        try inventory.add("homeless", age: .days(100), destination: nil)
        let policies = PolicySet([rotate])
        let actions = ["a", "b", "c"].map { name -> JSON in
            let parameters: JSON = ["overlap": .integer(86_400), "cap": .null, "revoke_at_cap": .bool(false)]
            return [.string("tok_" + name), .integer(1), "rotate", parameters, "rotate", "max-age"]
        }
        let identity = try inventory.store.identity()
        let document: JSON = [
            "instance": .string(identity.instance), "generation": .integer(identity.generation),
            "policies": .string(policies.digest), "actions": .array(actions),
        ]
        let digest = "sha256:" + Hex.encode(SHA256.digest(of: document.canonicalBytes()))
        #expect(try inventory.plan([rotate]).plan.digest == digest)
    }

    @Test func `the digest tells lives with the same number apart`() throws {
        let digests = try ["one", "two"].map { id in
            let inventory = try Inventory()
            try inventory.add("old", age: .days(100))
            let store = inventory.store
            let (identity, change) = (try store.identity(), Change(actor: "a", at: now, cause: "test"))
            try store.transaction {
                _ = try store.beginGeneration(after: identity, id: id, instance: nil, totals: [:], change: change)
            }
            let plan = try inventory.plan([rotate]).plan
            #expect(plan.generation == 2 && plan.generationID == id)
            return plan.digest
        }
        #expect(digests[0] != digests[1])
    }

    @Test func `an empty store and no policies make an empty plan`() throws {
        let inventory = try Inventory()
        #expect(try inventory.plan([rotate]).plan.actions.isEmpty)
        #expect(try inventory.plan([]).plan.candidates == 0)
    }
}
