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
}
