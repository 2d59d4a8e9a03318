import Crypto
import Dispatch
import Engine
import RotaCore
import Stores
import TestSupport
import Testing

@Suite struct StoreQueueTests {
    @Test func `reads between writes do not cut their transaction, and see what was written`() async throws {
        let bench = try RotationBench([FakeVault("main")])
        let (entered, hold) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let queue = bench.queue
        // The thread of the store is held up, so that all that follows is there when it looks.
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
        let order = Locked<[String]>([])
        let finished = DispatchGroup()
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
        hold.signal()
        try await held
        await withCheckedContinuation { continuation in
            finished.notify(queue: .global()) { continuation.resume() }
        }
        let seen = order.withLock(\.self)
        let writes = Array(repeating: "write", count: 50) + Array(repeating: "commit", count: 50)
        #expect(seen.filter { $0 != "read" } == writes, "one transaction took them all")
    }
}
