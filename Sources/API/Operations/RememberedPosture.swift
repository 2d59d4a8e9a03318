import Crypto
import Engine
import HTTPServer
import RotaCore

/// How the tokens stand to each policy, for a while: to judge all of them takes seconds where there are millions, so
/// that it is done once, however many ask.
final class RememberedPosture: Sendable {
    static let freshness = TimeSpan.minutes(1)

    typealias Finish = @Sendable (Result<Report, any Error>) -> Void

    /// Who waits for a judgement, by which policies.
    private struct Asker: Sendable {
        var policies: String
        /// Has it judged, and calls back from wherever that was done.
        var judge: @Sendable (@escaping Finish) -> Void
        var finish: Finish
    }

    private struct State {
        var last: (policies: String, report: Report)?
        /// By which policies it is being judged; nil: it is not.
        var judging: String?
        /// Whether something has changed since that was begun.
        var isOutdated = false
        var waiting: [Asker] = []
        /// Those for whom what is being judged comes too early.
        var following: [Asker] = []
    }

    private let state = Locked(State())

    /// Gives `finish` what was judged within the last minute; else has it judged, or waits for who has begun to.
    /// Whoever asks while what is known is being renewed has that.
    ///
    /// No thread waits: `finish` is called at once, or from where it was judged.
    func ask(
        at now: Instant, by policies: String, judge: @escaping @Sendable (@escaping Finish) -> Void,
        finish: @escaping Finish
    ) {
        let asker = Asker(policies: policies, judge: judge, finish: finish)
        let (known, begins) = state.withLock { state -> (Report?, Bool) in
            if let last = state.last, last.policies == policies {
                let at = last.report.facts.at
                if at <= now, now - at < Self.freshness || state.judging != nil { return (last.report, false) }
            }
            if let judging = state.judging {
                if judging == policies, !state.isOutdated {
                    state.waiting.append(asker)
                } else {
                    state.following.append(asker)
                }
                return (nil, false)
            }
            state.judging = policies
            state.isOutdated = false
            state.waiting = [asker]
            return (nil, true)
        }
        if let known { return finish(.success(known)) }
        if begins { begin(asker) }
    }

    private func begin(_ asker: Asker) {
        asker.judge { [self] result in
            let (told, next) = state.withLock { state -> ([Asker], Asker?) in
                let told = state.waiting
                if case .success(let report) = result, !state.isOutdated { state.last = (asker.policies, report) }
                let next = state.following.first
                state.judging = next?.policies
                state.isOutdated = false
                state.waiting = state.following.filter { $0.policies == next?.policies }
                state.following.removeAll { $0.policies == next?.policies }
                return (told, next)
            }
            if let next { begin(next) }
            for asker in told { asker.finish(result) }
        }
    }

    /// After a change that a person made and wants to see.
    func forget() {
        state.withLock { state in
            state.last = nil
            state.isOutdated = true
        }
    }
}

extension API {
    /// Answers from how all tokens stood to the policies a moment ago.
    func judged(
        at now: Instant, otherwise: @escaping @Sendable (any Error) -> Response,
        _ body: @escaping @Sendable (Report, ServedConfiguration) throws -> Response
    ) -> Answer {
        let configuration = parts.configuration()
        return .later { [self] respond in
            postures.ask(at: now, by: configuration.policies.digest) { [self] finish in
                let isTaken = reporters.take { [self] in
                    finish(Result { try judge(at: now, configuration) })
                }
                if !isTaken { finish(.failure(Refused(reporters.busy))) }
            } finish: { [self] result in
                let isTaken = workers.take {
                    do { respond(try body(try result.get(), configuration)) } catch { respond(otherwise(error)) }
                }
                if !isTaken { respond(workers.busy) }
            }
        }
    }

    private func judge(at now: Instant, _ configuration: ServedConfiguration) throws -> Report {
        let request = ReportRequest(
            policies: configuration.policies, vaults: configuration.vaultNames, now: now,
            generator: "rota \(parts.version)", actor: "rota serve")
        var sums = SumsOnly()
        try parts.readers.read { try composeReport(request, from: $0, as: &sums) }
        guard let report = sums.report else { throw StoreError.failed("a report without an end") }
        return report
    }
}

/// A report that keeps nothing but its sums.
struct SumsOnly: ReportFormat {
    static var order: TokenOrder { .unsorted }
    var report: Report?

    mutating func begin(_ facts: ReportFacts) {}
    mutating func add(_ token: Token, _ rulings: [Planner.Ruling], blocked: BlockedCall?) {}
    mutating func end(_ report: Report) { self.report = report }
}
