import Crypto
import Dispatch
import Engine
import RotaCore
import Stores
import TestSupport
import Testing

@Suite struct StoreQueueTests {
    /// Runs `body` while the thread of the store is held up, so that all that it submits is there when that looks.
    private func whileHeldUp(_ queue: StoreQueue, _ body: () async throws -> Void) async throws {
        let (entered, hold) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let held: Void = queue.read { _ in
            entered.signal()
            hold.wait()
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                entered.wait()
                continuation.resume()
            }
        }
        try await body()
        hold.signal()
        try await held
    }

    @Test func `one that throws is undone alone, and the others that shared its transaction stand`() async throws {
        let bench = try RotationBench([FakeVault("main")])
        let (tries, outcomes, finished) = (Locked(0), Locked<[String]>([]), DispatchGroup())
        try await whileHeldUp(bench.queue) {
            for number in 0..<3 {
                finished.enter()
                bench.queue.write({ store in
                    tries.withLock { $0 += 1 }
                    let token = Token(
                        id: TokenID("tok_\(number)"), name: "number-\(number)", createdAt: bench.clock.now(),
                        values: ValueSummary(currentIssuedAt: nil))
                    try store.addToken(token, version: nil, destinations: [], change: bench.change)
                    if number == 1 { throw StoreError.failed("on purpose") }
                }) { outcome in
                    let told = (try? outcome.get()) == nil ? "failed" : "stands"
                    outcomes.withLock { $0.append("\(number) \(told)") }
                    finished.leave()
                }
            }
        }
        await withCheckedContinuation { continuation in
            finished.notify(queue: .global()) { continuation.resume() }
        }
        #expect(outcomes.withLock(\.self) == ["0 stands", "1 failed", "2 stands"])
        #expect(tries.withLock(\.self) == 5, "the third is not begun at first")
        let names = try await bench.queue.read { store in
            try (0..<3).map { try store.token(TokenID("tok_\($0)")) != nil }
        }
        #expect(names == [true, false, true])
    }

    @Test func `reads between writes do not cut their transaction, and see what was written`() async throws {
        let bench = try RotationBench([FakeVault("main")])
        let queue = bench.queue
        let order = Locked<[String]>([])
        let finished = DispatchGroup()
        try await whileHeldUp(queue) {
            for number in 0..<50 {
                finished.enter()
                queue.write({ _ in order.withLock { $0.append("write") } }) { _ in
                    order.withLock { $0.append("commit") }
                    finished.leave()
                }
                finished.enter()
                Task {
                    _ = try await queue.read { _ in order.withLock { $0.append("read") } }
                    finished.leave()
                }
                if number.isMultiple(of: 5) { await Task.yield() }
            }
        }
        await withCheckedContinuation { continuation in
            finished.notify(queue: .global()) { continuation.resume() }
        }
        let seen = order.withLock(\.self)
        let writes = Array(repeating: "write", count: 50) + Array(repeating: "commit", count: 50)
        #expect(seen.filter { $0 != "read" } == writes, "one transaction took them all")
    }
}
