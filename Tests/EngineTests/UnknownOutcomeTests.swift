import Crypto
import Dispatch
import Engine
import Foundation
import Glibc
import RotaCore
import Stores
import TestSupport
import Testing

/// A COMMIT that the disk fails: nobody goes on as if it were there, or as if it were not (I11).
@Suite struct UnknownOutcomeTests {
    private let fixture: RunFixture

    init() throws { fixture = try RunFixture() }

    /// Lets no write to the store's log through while `body` runs: a descriptor that is only read stands in for it.
    private func whileTheDiskFails(_ body: () async throws -> Void) async throws {
        let log = "/" + fixture.location.split(separator: "/").suffix(2).joined(separator: "/") + "-wal"
        let files = FileManager.default
        let descriptors = try files.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }.filter {
            (try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?.hasSuffix(log) == true
        }
        try #require(descriptors.count == 1)
        let (kept, stand) = (dup(descriptors[0]), open("/dev/null", O_RDONLY | O_CLOEXEC))
        dup2(stand, descriptors[0])
        defer {
            dup2(kept, descriptors[0])
            close(kept)
            close(stand)
        }
        try await body()
    }

    @Test func `who decides what to do then is told before anybody who waits, and nothing is written any more`()
        async throws
    {
        await fixture.store.close()
        let order = Locked<[String]>([])
        let queue = StoreQueue(try openStore(at: fixture.location, endpoints: [])) { _ in
            order.withLock { $0.append("told") }
        }
        let finished = DispatchGroup()
        let write = { (name: String) in
            finished.enter()
            let change = fixture.change()
            queue.write({ store in
                order.withLock { $0.append("\(name) is tried") }
                let token = Token(
                    id: TokenID("tok_\(name)"), name: name, createdAt: change.at,
                    values: ValueSummary(currentIssuedAt: nil))
                try store.addToken(token, version: nil, destinations: [], change: change)
            }) { outcome in
                var isUnknown = false
                if case .failure(let error as StoreError) = outcome, case .outcomeUnknown = error { isUnknown = true }
                order.withLock { $0.append("\(name) \(isUnknown ? "is unknown" : "is known")") }
                finished.leave()
            }
        }
        let settle: () async -> Void = {
            await withCheckedContinuation { continuation in
                finished.notify(queue: .global()) { continuation.resume() }
            }
        }
        // The first one makes the log.
        write("first")
        await settle()
        #expect(order.withLock(\.self) == ["first is tried", "first is known"])
        order.withLock { $0 = [] }
        try await whileTheDiskFails {
            write("second")
            await settle()
        }
        #expect(order.withLock(\.self) == ["second is tried", "told", "second is unknown"])
        order.withLock { $0 = [] }
        // The disk is well again, but what is on it is not known: not even tried.
        write("third")
        await settle()
        #expect(order.withLock(\.self) == ["told", "third is unknown"])
        await queue.close()
        let names = try openStore(at: fixture.location, endpoints: []).token(named: "third")
        #expect(names == nil)
    }
}
