import Crypto
import Testing

@testable import Engine

@Suite struct LanesTests {
    @Test func `results keep the order of the items, and a lane its width`() async throws {
        let underWay = Locked<[Int: Int]>([:])
        let most = Locked(0)
        let results = try await inLanes(Array(0..<200), width: 3, lane: { String($0 % 2) }) { item -> Int in
            let now = underWay.withLock { count in
                count[item % 2, default: 0] += 1
                return count[item % 2] ?? 0
            }
            most.withLock { $0 = max($0, now) }
            await Task.yield()
            underWay.withLock { $0[item % 2, default: 0] -= 1 }
            return item
        }
        #expect(results == Array(0..<200))
        #expect(most.withLock { $0 } == 3)
    }

    @Test func `a lane that stands still holds up no other`() async throws {
        let finished = Locked(0)
        let gate = AsyncStream<Void>.makeStream()
        let stuck = 0..<50
        try await withThrowingTaskGroup { group in
            group.addTask {
                _ = try await inLanes(Array(0..<100), width: 4, lane: { stuck.contains($0) ? "stuck" : "free" }) {
                    item in
                    if stuck.contains(item) {
                        for await _ in gate.stream {}
                    } else {
                        finished.withLock { $0 += 1 }
                    }
                }
            }
            while finished.withLock({ $0 }) < 50 { await Task.yield() }
            gate.continuation.finish()
            try await group.waitForAll()
        }
    }
}
