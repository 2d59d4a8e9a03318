import Crypto
import Dispatch
import Engine
import HTTPServer
import Reports
import RotaCore
import TestSupport
import Testing

@testable import API

/// What looks at all tokens.
struct `What takes long` {
    private let now = Instant(seconds: 1_790_000_000)

    @Test func `is sent away beyond a few, and nothing else waits for it`() async throws {
        let fixture = try APIFixture()
        let admin = try await fixture.issue("admin", scopes: ["rota:admin"])
        let gate = DispatchSemaphore(value: 0)
        var taken = 0
        while fixture.api.reporters.take({ gate.wait() }) { taken += 1 }
        #expect(taken == 4)
        for path in ["/v1/reports/compliance", "/v1/policies"] {
            let answer = try await fixture.ask("GET", path, as: admin)
            #expect(answer.status == 503, "\(path)")
            #expect(answer[header: "Retry-After"] == "10", "\(path)")
        }
        #expect(try await fixture.ask("GET", "/v1/tokens", as: admin).status == 200)
        for _ in 0..<taken { gate.signal() }
    }

    private func report(at now: Instant) throws -> Report {
        let request = ReportRequest(
            policies: PolicySet([]), vaults: [], now: now, generator: "test", actor: "cli:tester")
        var sums = SumsOnly()
        try composeReport(request, from: FakeStoreReads([]), as: &sums)
        return try #require(sums.report)
    }

    /// Asks, and counts how often it was judged and answered.
    private final class Posture: Sendable {
        let remembered = RememberedPosture()
        let judging = Locked<[RememberedPosture.Finish]>([])
        let begun = Locked(0)
        let answers = Locked<[Instant?]>([])

        func ask(at now: Instant, by policies: String = "p") {
            remembered.ask(at: now, by: policies) { [self] finish in
                begun.withLock { $0 += 1 }
                judging.withLock { $0.append(finish) }
            } finish: { [self] result in
                answers.withLock { $0.append((try? result.get())?.facts.at) }
            }
        }

        func finish(_ result: Result<Report, any Error>) {
            judging.withLock { $0.isEmpty ? nil : $0.removeFirst() }?(result)
        }

        var told: [Instant?] { answers.withLock(\.self) }
        var count: Int { begun.withLock(\.self) }
    }

    @Test func `is judged once, however many ask`() throws {
        let posture = Posture()
        for _ in 0..<9 { posture.ask(at: now) }
        #expect(posture.count == 1)
        #expect(posture.told.isEmpty)
        posture.finish(.success(try report(at: now)))
        #expect(posture.told == Array(repeating: now, count: 9))
        posture.ask(at: now + .minutes(1) - TimeSpan(seconds: 1))
        #expect(posture.count == 1)
    }

    @Test func `is had as it was by whoever asks while it is renewed`() throws {
        let posture = Posture()
        posture.ask(at: now)
        posture.finish(.success(try report(at: now)))
        let later = now + .minutes(2)
        posture.ask(at: later)
        posture.ask(at: later)
        #expect(posture.count == 2)
        #expect(posture.told == [now, now])
        posture.finish(.success(try report(at: later)))
        #expect(posture.told == [now, now, later])
    }

    @Test func `is judged again for whoever asks after a change, once`() throws {
        let posture = Posture()
        posture.ask(at: now)
        posture.remembered.forget()
        let later = now + TimeSpan(seconds: 1)
        for _ in 0..<3 { posture.ask(at: later) }
        #expect(posture.count == 1)
        posture.finish(.success(try report(at: now)))
        #expect(posture.told == [now])
        #expect(posture.count == 2)
        posture.finish(.success(try report(at: later)))
        #expect(posture.told == [now, later, later, later])
        posture.ask(at: later)
        #expect(posture.count == 2)
    }

    @Test func `is judged by other policies in its turn`() throws {
        let posture = Posture()
        posture.ask(at: now)
        posture.ask(at: now, by: "q")
        #expect(posture.count == 1)
        posture.finish(.success(try report(at: now)))
        #expect(posture.count == 2)
        posture.finish(.success(try report(at: now)))
        #expect(posture.told == [now, now])
    }

    @Test func `is judged again after a judgement that failed`() throws {
        struct Failing: Error {}
        let posture = Posture()
        posture.ask(at: now)
        posture.ask(at: now)
        posture.finish(.failure(Failing()))
        #expect(posture.told == [nil, nil])
        posture.ask(at: now)
        #expect(posture.count == 2)
    }
}
