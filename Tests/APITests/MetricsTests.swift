import Crypto
import Engine
import HTTPServer
import RotaCore
import TestSupport
import Testing

struct `Metrics` {
    private func scrape(_ fixture: APIFixture, as caller: String) async throws -> Response {
        try await fixture.send("GET", "/metrics", [("Authorization", "Bearer \(caller)")])
    }

    /// Its samples by what stands before the value.
    private func samples(_ response: Response) -> [String: String] {
        let lines = response.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        return Dictionary(
            lines.map { line in
                let parts = line.split(separator: " ").map(String.init)
                return (parts.dropLast().joined(separator: " "), parts.last ?? "")
            }, uniquingKeysWith: { _, second in "twice: \(second)" })
    }

    @Test func `are for those who audit, and for nobody else`() async throws {
        let fixture = try APIFixture()
        for (scope, status) in [
            ("rota:audit", 200), ("rota:admin", 200), ("rota:operate", 403), ("rota:introspect", 403), ("a", 403),
        ] {
            let caller = try await fixture.issue(scope.replacing(":", with: "-"), scopes: [scope])
            let answer = try await scrape(fixture, as: caller)
            #expect(answer.status == status, "\(scope)")
            if status == 403 { #expect(answer.challenges.first?.contains("rota:audit") == true) }
        }
        #expect(try await fixture.send("GET", "/metrics").status == 401)
        #expect(try await scrape(fixture, as: "nothing").status == 401)
    }

    @Test func `tell how many tokens there are and when they end`() async throws {
        let fixture = try APIFixture()
        let now = fixture.clock.now()
        let caller = try await fixture.issue("prometheus", scopes: ["rota:audit"])
        for (name, days) in [("a", 1), ("b", 6), ("c", 30), ("d", 31)] {
            _ = try await fixture.issue(name, expiresAt: now + .days(Int64(days)))
        }
        let answer = try await scrape(fixture, as: caller)
        #expect(answer[header: "Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        let told = samples(answer)
        #expect(told["rota_tokens_active"] == "5")
        #expect(told[#"rota_tokens_ending{days="1"}"#] == "1")
        #expect(told[#"rota_tokens_ending{days="7"}"#] == "2")
        #expect(told[#"rota_tokens_ending{days="30"}"#] == "3")
        #expect(told[#"rota_actions_blocked{reason="no-destination"}"#] == "0")
        #expect(told[#"rota_held{reason="frozen"}"#] == "0")
        // There was none: no number says so.
        #expect(told["rota_last_run_age_seconds"] == nil)
        #expect(!told.values.contains { $0.hasPrefix("twice") })
    }

    @Test func `count the store once in a while, and what is asked at each question`() async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("prometheus", scopes: ["rota:audit", "rota:introspect"])
        _ = try await scrape(fixture, as: caller)
        let value = try await fixture.issue("ingest")
        _ = try await fixture.introspect(value, as: caller)
        _ = try await fixture.send("GET", "/v1/authorize", [("Authorization", "Bearer nothing")])
        _ = try await fixture.send("GET", "/v1/self", [("Authorization", "Bearer \(value)")])
        var told = samples(try await scrape(fixture, as: caller))
        #expect(told["rota_tokens_active"] == "1")
        #expect(told[#"rota_http_requests_total{endpoint="introspect",code="200"}"#] == "1")
        #expect(told[#"rota_http_requests_total{endpoint="authorize",code="401"}"#] == "1")
        #expect(told[#"rota_http_requests_total{endpoint="self",code="200"}"#] == "1")
        fixture.clock.advance(by: TimeSpan(seconds: 30))
        told = samples(try await scrape(fixture, as: caller))
        #expect(told["rota_tokens_active"] == "2")
    }

    @Test func `tell how long verifications take, in buckets that hold those below them`() async throws {
        let fixture = try APIFixture(nanoseconds: [0, 40_000, 0, 300_000, 0, 300_001, 0, 11_000_000_000])
        let caller = try await fixture.issue("prometheus", scopes: ["rota:audit"])
        for _ in 1...4 { _ = try await fixture.send("GET", "/v1/authorize") }
        let told = samples(try await scrape(fixture, as: caller))
        let name = "rota_verification_duration_seconds"
        #expect(told[#"\#(name)_bucket{endpoint="authorize",le="5e-05"}"#] == "1")
        #expect(told[#"\#(name)_bucket{endpoint="authorize",le="0.0005"}"#] == "3")
        #expect(told[#"\#(name)_bucket{endpoint="authorize",le="10.0"}"#] == "3")
        #expect(told[#"\#(name)_bucket{endpoint="authorize",le="+Inf"}"#] == "4")
        #expect(told[#"\#(name)_count{endpoint="authorize"}"#] == "4")
        #expect(told[#"\#(name)_sum{endpoint="authorize"}"#]?.hasPrefix("11.0006") == true)
        #expect(told[#"\#(name)_count{endpoint="introspect"}"#] == "0")
    }

    @Test func `tell what vaults were asked for, and what holds Rota back`() async throws {
        let freeze = Freeze(reason: "r", actor: "a", begunAt: ManualClock().now(), endsAt: nil)
        let meter = VaultMeter()
        let fixture = try APIFixture(brake: .frozen(freeze), vaultMeter: meter)
        let vault = FakeVault("v")
        let metered = MeteredVault(vault, meter)
        let caller = try await fixture.issue("prometheus", scopes: ["rota:audit"])
        try await metered.check()
        vault.setHook { $0.operation == .probe ? .denied : nil }
        for _ in 1...2 { _ = try? await metered.probe(Destination(vault: "v", path: "p")) }
        let told = samples(try await scrape(fixture, as: caller))
        #expect(told[#"rota_held{reason="frozen"}"#] == "1")
        #expect(told[#"rota_held{reason="clock-suspect"}"#] == "0")
        #expect(told[#"rota_vault_requests_total{vault="v",operation="check",outcome="ok"}"#] == "1")
        #expect(told[#"rota_vault_requests_total{vault="v",operation="probe",outcome="denied"}"#] == "2")
    }

    @Test func `of the last run stay while another one is under way`() async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("prometheus", scopes: ["rota:audit"])
        let start = fixture.clock.now()
        let change = Change(actor: "cli:tester", at: start, cause: "test")
        try await fixture.store.write { store in
            try store.beginRun(RunRecord(id: "run_1", actor: "scheduler", startedAt: start), change: change)
            try store.finishRun("run_1", aborted: nil, totals: [:], change: change)
        }
        fixture.clock.advance(by: .hours(1))
        let next = fixture.clock.now()
        try await fixture.store.write { store in
            try store.beginRun(RunRecord(id: "run_2", actor: "scheduler", startedAt: next), change: change)
        }
        fixture.clock.advance(by: TimeSpan(seconds: 90))
        let told = samples(try await scrape(fixture, as: caller))
        #expect(told["rota_last_run_age_seconds"] == "3690")
        #expect(told["rota_last_run_failed"] == "0")
        #expect(told["rota_run_duration_seconds"] == "90")
    }

    @Test func `escape whatever a policy is called`() async throws {
        let fixture = try APIFixture()
        let caller = try await fixture.issue("prometheus", scopes: ["rota:audit"])
        let now = fixture.clock.now()
        try await fixture.store.write { store in
            guard let id = try store.token(named: "prometheus")?.id else { return }
            let finding = Finding(
                tokenID: id, policy: "a\"\u{301}b\\c\r\nd", rule: "max-age", reason: "r", message: "m", openedAt: now)
            let change = Change(actor: "cli:tester", at: now, cause: "test")
            _ = try store.openFinding(finding, blocked: nil, announce: false, change: change)
        }
        let text = try await scrape(fixture, as: caller).text
        #expect(text.contains("rota_findings_open{policy=\"a\\\"\u{301}b\\\\c\r\\nd\",rule=\"max-age\"} 1"))
    }
}
