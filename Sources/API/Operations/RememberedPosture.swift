import Crypto
import Engine
import RotaCore

/// How the tokens stand to each policy, for a while: to judge all of them takes seconds where there are millions.
final class RememberedPosture: Sendable {
    static let freshness = TimeSpan.minutes(1)

    private struct State {
        var last: (policies: String, report: Report)?
        var isJudging = false
    }

    private let state = Locked(State())

    /// One who asks judges; whoever else asks meanwhile has what was judged before, where there is anything.
    func report(at now: Instant, _ configuration: ServedConfiguration, _ parts: API.Parts) throws -> Report {
        let digest = configuration.policies.digest
        let known = state.withLock { state -> Report? in
            guard let last = state.last, last.policies == digest else { return nil }
            let at = last.report.facts.at
            if at <= now, now - at < Self.freshness || state.isJudging { return last.report }
            state.isJudging = true
            return nil
        }
        if let known { return known }
        defer { state.withLock { $0.isJudging = false } }
        let request = ReportRequest(
            policies: configuration.policies, vaults: configuration.vaultNames, now: now,
            generator: "rota \(parts.version)", actor: "rota serve")
        var sums = SumsOnly()
        try parts.readers.read { try composeReport(request, from: $0, as: &sums) }
        guard let report = sums.report else { throw StoreError.failed("a report without an end") }
        state.withLock { $0.last = (digest, report) }
        return report
    }

    /// After a change that a person made and wants to see.
    func forget() { state.withLock { $0.last = nil } }
}

/// A report that keeps nothing but its sums.
private struct SumsOnly: ReportFormat {
    static var order: TokenOrder { .unsorted }
    var report: Report?

    mutating func begin(_ facts: ReportFacts) {}
    mutating func add(_ token: Token, _ rulings: [Planner.Ruling]) {}
    mutating func end(_ report: Report) { self.report = report }
}
