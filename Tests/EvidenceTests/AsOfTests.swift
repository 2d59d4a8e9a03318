import Engine
import Glibc
import PolicyFiles
import Reports
import RotaCore
import Stores
import TestSupport
import Testing

/// What was, and what was written of it.
@Suite struct AsOfTests {
    /// Seeds are printed, so that a failure can be seen again: ROTA_EVIDENCE_SEED=N.
    private static let seed = ProcessEnvironment.value("ROTA_EVIDENCE_SEED").flatMap(UInt64.init) ?? 7

    /// The report as it was made then, if its own time and that it was rebuilt are left out.
    private static func asItWas(_ text: String, madeAt now: Instant, at instant: Instant) -> String {
        text.replacing(",\"as_of\":\"\(instant)\"", with: "")
            .replacing(
                "<p class=\"banner\"><strong>Of the past.</strong> Rebuilt from the audit log for \(instant).</p>\n",
                with: ""
            )
            .replacing("**Of the past:** rebuilt from the audit log for \(instant). ", with: "")
            .replacing("**Of the past:** rebuilt from the audit log for \(instant).\n\n", with: "")
            .replacing("as it was at \(instant), rebuilt from the audit log", with: "actual")
            .replacing(now.description, with: instant.description)
    }

    private static func difference(_ one: String, _ other: String) -> String {
        let (ones, others) = (Array(one.utf8), Array(other.utf8))
        let place = zip(ones, others).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
        func part(_ bytes: [UInt8]) -> String {
            String(decoding: bytes[max(0, place - 120)..<min(bytes.count, place + 120)], as: UTF8.self)
        }
        return "byte \(place) of \(ones.count), \(others.count):\n\(part(ones))\n---\n\(part(others))"
    }

    @Test func `a report of a past instant is the one that was made then, byte for byte`() async throws {
        print("the quarter of seed \(Self.seed)")
        let quarter = try SimulatedQuarter(seed: Self.seed)
        var instants: Set<Instant> = []
        while instants.count < 24 {
            instants.insert(
                SimulatedQuarter.start + TimeSpan(seconds: Int64(86_400 + quarter.below(86_400 * 90))))
        }
        try await quarter.live(reportsAt: Array(instants))
        print(quarter.counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", "))
        #expect(quarter.kept.count >= 20)
        let now = quarter.clock.now() + TimeSpan(seconds: 12_345)
        let store = try openStore(at: quarter.location, endpoints: [])
        defer { store.close() }
        for (number, kept) in quarter.kept.enumerated() {
            let past = try PastStore(
                of: store, at: kept.at, period: kept.period, in: "\(quarter.scratch.path)/past\(number)")
            defer { past.remove() }
            // Whatever ends this process, nothing is left of it.
            #expect(access("\(quarter.scratch.path)/past\(number)", F_OK) != 0)
            #expect(past.remarks == [])
            let texts = try #require(past.policies)
            let policies = try #require(readPolicies(texts.files.map { ($0.name, $0.bytes) }).policies)
            #expect(policies.digest == texts.digest)
            let request = ReportRequest(
                policies: policies, vaults: texts.vaults, now: now, asOf: kept.at, period: kept.period,
                generator: "rota test", actor: "cli:auditor")
            let files = try SimulatedQuarter.files(request, from: past.store)
            for kind in ReportKind.allCases {
                let (then, again) = (
                    try #require(kept.files[kind]),
                    Self.asItWas(try #require(files[kind]), madeAt: now, at: kept.at)
                )
                #expect(
                    then.utf8.elementsEqual(again.utf8),
                    "\(kind) of \(kept.at), report \(number): \(Self.difference(then, again))")
            }
        }
        let verdict = try verifyState(of: store, in: "\(quarter.scratch.path)/state")
        #expect(verdict.faults == [])
        #expect(verdict.remarks == [])
        #expect(verdict.untold == 0)
        #expect(verdict.rows > 500)
    }

    @Test func `a report that was made while a run acted is made again`() throws {
        let scratch = try ScratchFolder()
        let location = "sqlite:\(scratch.path)/store/rota.db"
        let start = SimulatedQuarter.start
        try createStore(
            at: location, identity: StoreIdentity(instance: "midrun", generation: 1, createdAt: start),
            change: Change(actor: "cli:init", at: start, cause: "init"))
        let store = try openStore(at: location, endpoints: [])
        defer { store.close() }
        func change(_ minute: Int64) -> Change {
            Change(actor: "cli:cron", at: start + TimeSpan(seconds: 60 * minute), cause: "nightly", run: "r")
        }
        func act(_ number: Int, _ minute: Int64) throws {
            let action = RecordedAction(
                run: "r", tokenID: TokenID("t"), name: "t", action: .revoke, policy: "p", rule: "max-age",
                reason: "max-age-exceeded", message: "m \(number)", deadline: start, outcome: .failed, cause: "no",
                at: change(minute).at)
            try store.transaction { try store.recordActions([action]) }
        }
        func request(_ minute: Int64, asOf: Instant? = nil) -> ReportRequest {
            ReportRequest(
                policies: PolicySet([]), vaults: [], now: change(minute).at, asOf: asOf, period: .days(7),
                generator: "rota test", actor: "cli:auditor")
        }
        try store.transaction {
            try store.beginRun(RunRecord(id: "r", actor: "cli:cron", startedAt: change(1).at), change: change(1))
        }
        try act(1, 2)
        let then = try SimulatedQuarter.files(request(3), from: store)
        try act(2, 4)
        try store.transaction {
            try store.finishRun("r", aborted: nil, totals: [.failed: 2], change: change(5))
        }
        #expect(try #require(then[.json]).contains("\"skipped\":0,\"failed\":1}"))
        let past = try PastStore(of: store, at: change(3).at, period: .days(7), in: "\(scratch.path)/past")
        defer { past.remove() }
        let again = try SimulatedQuarter.files(request(9, asOf: change(3).at), from: past.store)
        for kind in ReportKind.allCases {
            let (one, other) = (
                try #require(then[kind]),
                Self.asItWas(try #require(again[kind]), madeAt: change(9).at, at: change(3).at)
            )
            #expect(one.utf8.elementsEqual(other.utf8), "\(kind): \(Self.difference(one, other))")
        }
    }
}
