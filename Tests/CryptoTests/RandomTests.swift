import Crypto
import Testing

@Suite struct RandomTests {
    @Test(arguments: [0, 1, 32, 255, 256, 257, 1_000])
    func `as many bytes come as were asked for`(count: Int) {
        #expect(Random.bytes(count).count == count)
        #expect(Random.secret(count).count == count)
    }

    @Test func `bytes do not repeat, and every part of a long draw is filled`() {
        #expect(Random.bytes(32) != Random.bytes(32))
        let long = Random.bytes(4_096)
        for start in stride(from: 0, to: long.count, by: 256) {
            #expect(Set(long[start..<start + 256]).count > 100)
        }
    }

    @Test func `the generator feeds the standard library`() {
        var generator = Random.Generator()
        let drawn = Set((0..<2_000).map { _ in Int.random(in: 0..<62, using: &generator) })
        #expect(drawn == Set(0..<62))
    }
}

@Suite struct LockedTests {
    @Test func `no change made behind a lock is lost`() async {
        let count = Locked(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<1_000 { count.withLock { $0 += 1 } } }
            }
        }
        #expect(count.withLock { $0 } == 8_000)
    }

    @Test func `a lock is free again after its body has thrown`() {
        struct Refused: Error, Equatable {}
        let value = Locked("kept")
        #expect(throws: Refused()) { try value.withLock { _ throws(Refused) in throw Refused() } }
        #expect(value.withLock { $0 } == "kept")
    }
}
