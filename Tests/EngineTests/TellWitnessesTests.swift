import Crypto
import Engine
import JSON
import RotaCore
import Stores
import TestSupport
import Testing
import TransparencyLog

/// Waiting lasts until somebody is tired of it, so that only what a test does ends it.
private struct StandingClock: WallClock {
    let clock: ManualClock
    func now() -> Instant { clock.now() }
    func reading() -> ClockReading { clock.reading() }
    /// Nobody waits for it: a cancellation ends it at once, and a test in which none comes is over after a minute.
    func sleep(milliseconds: Int64) async throws {
        // Longer than any test, so that no time passes by itself.
        try await Task.sleep(for: .seconds(3600))
    }
}

@Suite(.timeLimit(.minutes(1))) struct TellWitnessesTests {
    private let fixture: RunFixture
    private let signer: NoteSigner

    init() async throws {
        fixture = try RunFixture()
        signer = try #require(NoteSigner(name: "rota-test", seed: Secret(copying: [UInt8](repeating: 7, count: 32))))
    }

    private func use(
        _ witnesses: FakeWitness..., impatient: Bool = false, given: @escaping @Sendable (String) -> Void = { _ in }
    ) -> TellWitnesses {
        TellWitnesses(
            store: fixture.store, charges: witnesses.map { TellWitnesses.Charge($0, every: .hours(24)) },
            clock: impatient ? fixture.clock : StandingClock(clock: fixture.clock), actor: "rota", given: given)
    }

    /// So many more entries, and a checkpoint over them.
    @discardableResult
    private func grow(by count: Int = 1) async throws -> SignedCheckpoint {
        let before = try await fixture.store.read { try $0.newestEntry() }
        for number in 0..<count { try await fixture.addToken("t\(before)-\(number)") }
        let (signer, change) = (signer, fixture.change())
        return try await fixture.store.write { try issueCheckpoint(in: $0, by: signer, change: change) }
    }

    private func actions() async throws -> [String] {
        try await fixture.store.read { store in
            var actions: [String] = []
            try store.eachAuditEntry(from: 1, object: nil) { entry in
                if entry.action.hasPrefix("witness.") { actions.append(entry.action) }
                return true
            }
            return actions
        }
    }

    @Test func `each gets what was signed, once in its interval, and only where the log has grown`() async throws {
        let witness = FakeWitness("w")
        #expect(try await use(witness).tell() == [], "nothing is signed")
        let first = try await grow()
        #expect(try await use(witness).tell()?.map(\.outcome) == [.taken])
        #expect(witness.taken.map(\.note) == [first.note])
        #expect(witness.taken.first?.key == signer.key.text)
        try await grow()
        #expect(try await use(witness).tell() == [])
        fixture.clock.advance(by: .hours(24))
        #expect(try await use(witness).tell()?.count == 1)
        fixture.clock.advance(by: .days(30))
        #expect(try await use(witness).tell() == [])
        #expect(witness.taken.count == 2)
        #expect(try await actions() == ["witness.begin"], "what is told makes the log grow once")
    }

    @Test func `whom somebody names is told, whether it is his turn or not`() async throws {
        let (named, other) = (FakeWitness("a", canBeAsked: false), FakeWitness("b"))
        try await grow()
        _ = try await use(named, other).tell()
        #expect(try await use(named, other).tell(["a"])?.map(\.name) == ["a"])
        #expect(named.taken.count == 2 && other.taken.count == 1)
    }

    @Test func `one that is down is told of once, tried again later, and holds up no other`() async throws {
        let (down, up) = (FakeWitness("down"), FakeWitness("up"))
        down.fail("connection refused")
        try await grow()
        let results = try #require(try await use(down, up).tell())
        #expect(results.map(\.outcome) == [.failed("connection refused"), .taken])
        #expect(try await use(down, up).tell() == [], "not before its time")
        for _ in 1...3 {
            fixture.clock.advance(by: .hours(2))
            _ = try await use(down, up).tell()
        }
        let failure = try await use(down).standings().first?.record?.failure
        #expect(failure?.count == 4 && failure?.since == RunFixture.epoch)
        down.fail(nil)
        fixture.clock.advance(by: .hours(3))
        let back = try await use(down, up).tell()
        #expect(back?.first?.outcome == .taken && back?.first?.hadFailed == true)
        #expect(try await actions().filter { $0 == "witness.fail" }.count == 1)
        #expect(try await use(down).standings().first?.record?.failure == nil)
    }

    @Test func `one that fell out and comes back is told of twice`() async throws {
        let witness = FakeWitness("w")
        try await grow()
        _ = try await use(witness).tell()
        witness.fail("down")
        try await grow()
        for _ in 1...3 {
            fixture.clock.advance(by: .hours(25))
            _ = try await use(witness).tell()
        }
        witness.fail(nil)
        fixture.clock.advance(by: .hours(25))
        _ = try await use(witness).tell()
        #expect(try await actions() == ["witness.begin", "witness.fail", "witness.recover"])
    }

    @Test func `one that does not answer is left after a while`() async throws {
        let (silent, up) = (FakeWitness("silent"), FakeWitness("up"))
        silent.fallSilent()
        try await grow()
        let results = try #require(try await use(silent, up, impatient: true).tell(within: 5_000))
        #expect(results.first?.outcome == .failed("no answer within 5 seconds"))
    }

    @Test func `a crash between giving and writing down gives it again, and loses nothing`() async throws {
        let witness = FakeWitness("w", canBeAsked: false)
        try await grow()
        // What was given is not written down: as when the process dies there.
        let checkpoint = try #require(try await fixture.store.read { try $0.newestCheckpoint() })
        try await witness.take(
            OfferedCheckpoint(
                log: "rota-test", size: checkpoint.size, root: checkpoint.root, at: checkpoint.at,
                note: checkpoint.note, key: signer.key.text), at: fixture.clock.now())
        #expect(try await use(witness).tell()?.map(\.outcome) == [.taken])
        #expect(Set(witness.taken.map(\.note)).count == 1 && witness.taken.count == 2)
        let readable = FakeWitness("r")
        readable.hold(checkpoint.note)
        #expect(try await use(readable).tell()?.map(\.outcome) == [.alreadyHeld])
        #expect(readable.taken.isEmpty)
    }

    // MARK: - What it holds already

    @Test func `a log that was cut off is found by what the witness holds, which stays`() async throws {
        let witness = FakeWitness("w")
        let (signer, other) = (signer, try RunFixture())
        // The log of then had more entries than that of now, by the same key.
        for number in 1...9 { try await other.addToken("o\(number)") }
        let change = other.change()
        let longer = try await other.store.write { try issueCheckpoint(in: $0, by: signer, change: change) }
        try await grow()
        witness.hold(longer.note)
        let cause = try await use(witness).tell()?.first?.cause
        #expect(cause?.contains("does not go on from the checkpoint of \(longer.size) entries") == true)
        #expect(witness.taken.isEmpty)
        #expect(try await actions() == ["witness.fail"])
    }

    @Test func `a log that was written anew is found as well`() async throws {
        let witness = FakeWitness("w")
        let (signer, other) = (signer, try RunFixture())
        try await other.addToken("another")
        let change = other.change()
        let forked = try await other.store.write { try issueCheckpoint(in: $0, by: signer, change: change) }
        try await grow(by: 5)
        witness.hold(forked.note)
        #expect(try await use(witness).tell()?.first?.cause?.contains("does not go on from") == true)
    }

    @Test(arguments: ["a value", "rota-test\n3\nAAAA\n"]) func `something else is left as it is`(
        _ text: String
    ) async throws {
        let witness = FakeWitness("w")
        witness.hold(text)
        try await grow()
        #expect(try await use(witness).tell()?.first?.cause?.contains("no checkpoint") == true)
        #expect(witness.taken.isEmpty)
    }

    @Test func `a checkpoint by a key that the log does not know is left as it is`() async throws {
        let witness = FakeWitness("w")
        let stranger = try #require(
            NoteSigner(name: "rota-test", seed: Secret(copying: [UInt8](repeating: 8, count: 32))))
        let newest = try await grow()
        let text = TransparencyLog.Checkpoint(origin: "rota-test", size: newest.size, root: newest.root).text
        witness.hold(SignedNote(signing: text, by: stranger).serialized)
        #expect(try await use(witness).tell()?.first?.cause?.contains("no key of this log") == true)
    }

    @Test func `what an earlier key has signed is known still`() async throws {
        let witness = FakeWitness("w")
        try await grow()
        _ = try await use(witness).tell()
        let next = try #require(
            NoteSigner(name: "rota-test", seed: Secret(copying: [UInt8](repeating: 9, count: 32))))
        let change = fixture.change()
        _ = try await fixture.store.write {
            try issueCheckpoint(in: $0, by: next, succession: .from(nil), change: change)
        }
        #expect(try await use(witness).tell(["w"])?.map(\.outcome) == [.taken])
        #expect(witness.taken.last?.key == next.key.text)
    }

    // MARK: - One at a time

    @Test func `while another process tells them nobody else does`() async throws {
        let witness = FakeWitness("w")
        try await grow()
        let second = StoreQueue(try openStore(at: fixture.location, endpoints: [])) { _ in }
        #expect(try await second.read { $0.takeUpWitnesses() })
        #expect(try await use(witness).tell() == nil)
        try await second.read { $0.letGoWitnesses() }
        #expect(try await use(witness).tell()?.count == 1)
        await second.close()
    }
}
