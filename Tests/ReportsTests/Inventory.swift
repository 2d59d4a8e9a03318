import Engine
import RotaCore
import TestSupport

/// A believable store: the same thousand tokens every time.
struct Inventory {
    static let now = Instant(seconds: 1_795_489_200)  // 2026-11-24T03:00:00Z

    static let policies = PolicySet([
        Policy(
            name: "production-rotation",
            description: "Production tokens turn over every quarter and never idle.",
            basis: "Risk analysis RA-12, 2026-09", mode: .enforce,
            selector: Selector(labels: ["env": [Glob("production")]]),
            rules: [
                Rule(.maxAge(.days(90)), action: .rotate, startBefore: .days(3), overlap: .hours(24)),
                Rule(.unusedFor(.days(30)), action: .revoke),
            ],
            controls: ["pci-dss-4.0.1": ["8.6.3", "8.2.6"], "nist-800-53-r5": ["IA-5f", "AC-2(3)"]]),
        Policy(
            name: "every-token-ends", description: "No token without an end.", basis: "Security standard 7.4",
            mode: .warn, rules: [Rule(.expiry(required: true, maxLifetime: .days(365), maxRemaining: nil))],
            controls: ["nist-800-53-r5": ["AC-2(2)"]]),
        Policy(
            name: "development-hygiene", basis: "", mode: .observe,
            selector: Selector(labels: ["env": [Glob("development"), Glob("test")]]),
            rules: [
                Rule(.maxAge(.days(180)), action: .rotate), Rule(.unusedFor(.days(60)), action: .revoke),
            ]),
        Policy(
            name: "partner-keys", description: "Keys held by partners, which rota does not drive.",
            basis: "Contract annex C", mode: .enforce, selector: Selector(issuers: [Glob("external:*")]),
            rules: [Rule(.maxAge(.days(365)), action: .rotate, startBefore: .days(30))],
            controls: ["pci-dss-4.0.1": ["8.6.3"]]),
    ])

    static let request = ReportRequest(
        policies: policies, vaults: ["main"], now: now, generator: "rota 0.1.0", actor: "cli:alice")

    private static let systems = [
        "snowflake", "marketing-hub", "sap", "dynamics", "salesforce", "purview", "power-bi", "databricks",
        "kafka", "jira",
    ]
    private static let teams = [
        "team-data", "team-ingestion", "team-platform", "team-sales-ops", "team-finance", "team-governance",
        "team-web", "",
    ]
    private static let purposes = ["export", "ingest", "sync", "metrics", "stream", "backup"]

    private var state: UInt64 = 42

    private mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    static func store(_ count: Int = 1000) -> FakeStoreReads {
        var inventory = Inventory()
        var store = FakeStoreReads((0..<count).map { inventory.token($0) })
        for token in store.tokens {
            store.destinations[token.id] = [Destination(vault: "main", path: token.name)]
        }
        inventory.addHistory(to: &store)
        return store
    }

    mutating func token(_ index: Int) -> Token {
        let now = Self.now
        let environment = ["production", "production", "production", "development", "test"][next(5)]
        let system = Self.systems[next(Self.systems.count)]
        let purpose = Self.purposes[next(Self.purposes.count)]
        let external = next(12) == 0
        let created = now - .days(Int64(next(next(12) == 0 ? 900 : 300))) - .hours(Int64(next(24)))
        // Most values are young; a few have been forgotten.
        let span = next(14) == 0 ? 420 : environment == "production" ? 91 : 170
        let age = TimeSpan(
            seconds: min((now - created).seconds, Int64(next(span)) * 86_400 + Int64(next(86_400))))
        let idle = TimeSpan(
            seconds: min(
                (now - created).seconds, Int64(next(next(11) == 0 ? 80 : 6)) * 86_400 + Int64(next(86_400))))
        var expires: Instant? = created + .days(300 + Int64(next(66)))
        if let end = expires, end <= now { expires = next(90) == 0 ? end : now + .days(Int64(next(200))) }
        if next(30) == 0 { expires = nil }
        if next(25) == 0 { expires = Instant("2026-12-31T23:59:59Z") }
        var token = Token(
            id: TokenID("tok_" + String(100_000 + index, radix: 36)),
            name:
                "\(system)-\(purpose)-\(environment.prefix(4))-\(index % 97)-\(index)",
            owner: Self.teams[min(next(Self.teams.count), next(30) == 0 ? 7 : 6)], integration: system,
            scopes: ["\(purpose):write"],
            labels: environment == "test" && next(4) == 0 ? [:] : ["env": environment],
            issuer: external ? .external(kind: next(2) == 0 ? "aws-iam" : "github") : .rota,
            createdAt: created,
            expiresAt: expires, usage: .lastUsed(now - idle),
            values: ValueSummary(currentIssuedAt: now - age), destinationCount: next(40) == 0 ? 0 : 1,
            provenance: next(3) == 0 ? .asserted : .observed)
        switch next(40) {
        case 0: token.usage = .unknown
        case 1: token.usage = .neverUsed(since: created)
        case 2: token.values = ValueSummary(currentIssuedAt: nil)
        case 3, 4:
            token.state = .revoked
            token.end = TokenEnd(
                at: now - .days(Int64(next(60))), by: "cli:bob", cause: "no longer needed, OPS-\(400 + index)"
            )
        case 5: token.state = .expired
        case 6: token.state = .quarantined
        default: break
        }
        return token
    }

    private mutating func addHistory(to store: inout FakeStoreReads) {
        let active = store.tokens.filter { $0.state == .active }
        for day in stride(from: Int64(29), through: 0, by: -1) {
            for number in 0..<(3 + next(11)) {
                let token = active[next(active.count)]
                let at = Self.now - .days(day) + TimeSpan(seconds: Int64(number))
                let outcome: Outcome = [
                    .done, .done, .done, .done, .done, .started, .done, .done, .failed, .blocked,
                ][next(10)]
                let action = RecordedAction(
                    run: "run-\(day)", tokenID: token.id, name: token.name,
                    action: next(8) == 0 ? .revoke : .rotate,
                    policy: "production-rotation", rule: "max-age", reason: "max-age-due",
                    message: "the value is 88 days old",
                    deadline: at + .days(Int64(next(6)) - 1), outcome: outcome,
                    cause: outcome == .failed
                        ? "main: 503 from the vault, four attempts"
                        : outcome == .blocked
                            ? "a destination holds a value that rota does not know" : nil, at: at)
                store.actions.append(action)
                if action.action == .rotate, action.outcome == .done { store.promotions.append(action) }
            }
        }
        for index in 0..<7 {
            let token = active[next(active.count)]
            store.rotations.append(
                Rotation(
                    id: Int64(index), tokenID: token.id, fromVersion: 1, toVersion: 2,
                    phase: index < 5 ? .open : .overlap,
                    overlap: .hours(24), claimedAt: Self.now - .days(Int64(index)) - .hours(5),
                    claim: Change(actor: "policy:production-rotation", at: Self.now, cause: "max-age-due"),
                    trigger: nil,
                    failures: index + 1, nextAttemptAt: Self.now + .hours(1),
                    cause: index < 3 ? "main: permission denied on secret/data/\(token.name)" : nil))
        }
        store.run = RunRecord(
            id: "run-0", plan: "plan-0", actor: "rota serve", startedAt: Self.now - .hours(3),
            finishedAt: Self.now - .hours(3) + TimeSpan(seconds: 41))
        store.deliveries = DeliveryCounts(waiting: 3, delivered: 1204, dead: 1)
    }
}

/// Gathers what a report writes.
final class Gathered {
    var bytes: [UInt8] = []
    var text: String { String(decoding: bytes, as: UTF8.self) }
    func sink(_ more: [UInt8]) { bytes += more }
}
