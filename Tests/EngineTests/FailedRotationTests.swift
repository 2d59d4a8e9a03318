import Engine
import RotaCore
import TestSupport
import Testing

/// What a person asked for and did not get is told until it does not matter any more.
@Suite struct FailedRotationTests {
    private let vault = FakeVault("a")
    private let bench: RotationBench

    init() throws { bench = try RotationBench([vault]) }

    private var place: Destination { Destination(vault: "a", path: "apps/bench") }

    private func rotate(seed: UInt64 = 1) async throws -> RotationResult? {
        try await RotateUseCase(store: bench.queue, rotator: bench.rotator(seed: seed), clock: bench.clock)
            .rotate("bench", overlap: .hours(1), reason: "a drill", actor: "cli:alice")
    }

    private func failed() async throws -> [String] {
        try await bench.queue.read { store in
            try store.failedRotations().map { "\($0.token.name) by \($0.rotation.claim.actor): \($0.cause)" }
        }
    }

    private static let conflict =
        "bench by cli:alice: a:apps/bench holds a value that rota does not know; it was not touched"

    @Test func `a rotation that was given up is told with its cause, once for each token`() async throws {
        #expect(try await failed() == [])
        vault.foreignWrite("theirs", at: place)
        #expect(try await rotate()?.outcome == .blocked)
        #expect(try await rotate(seed: 2)?.outcome == .blocked)
        #expect(try await failed() == [Self.conflict])
    }

    @Test func `it is not told any more once the token has a new value`() async throws {
        let ours = vault.value(at: place)
        vault.foreignWrite("theirs", at: place)
        _ = try await rotate()
        vault.foreignWrite(ours, at: place)
        #expect(try await rotate(seed: 2)?.isThrough == true)
        #expect(try await failed() == [])
        // The overlap of that one is no reason to keep silent about the next.
        vault.foreignWrite("theirs again", at: place)
        _ = try await rotate(seed: 3)
        #expect(try await failed() == [Self.conflict])
    }

    @Test func `it is not told of a token that has ended`() async throws {
        vault.foreignWrite("theirs", at: place)
        _ = try await rotate()
        let (id, change) = (bench.id, bench.change)
        _ = try await bench.queue.write { try $0.revokeToken(id, change: change) }
        #expect(try await failed() == [])
    }

    @Test func `one that a policy called for is told by its runs`() async throws {
        vault.foreignWrite("theirs", at: place)
        var request = bench.request()
        request.trigger = RotationTrigger(
            policy: "p", rule: "max-age", reason: "max-age-exceeded", message: "too old", deadline: nil)
        _ = try await bench.rotator().rotate([request])
        #expect(try await failed() == [])
    }
}
