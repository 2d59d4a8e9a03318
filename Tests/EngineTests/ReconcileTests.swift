import Crypto
import JSON
import RotaCore
import Stores
import TestSupport
import Testing

@testable import Engine

/// A store that has lost what the vaults and an exported audit log still know.
struct ReconcileTests {
    private let vaults = [FakeVault("a"), FakeVault("b")]
    private let bench: RotationBench
    private let places = [
        Destination(vault: "a", path: "apps/bench"), Destination(vault: "b", path: "apps/bench"),
    ]

    init() throws { bench = try RotationBench(vaults) }

    private var useCase: ReconcileUseCase {
        ReconcileUseCase(store: bench.queue, rotator: bench.rotator(seed: 7), clock: bench.clock)
    }

    /// A value as a later life of the store would have minted it, put where somebody has brought it.
    private func lose(in indices: [Int]) -> String {
        let text = String(decoding: TokenValue.mint(prefix: "rota") { Random.bytes(64) }.copyBytes(), as: UTF8.self)
        for index in indices { vaults[index].foreignWrite(text, at: places[index]) }
        return text
    }

    private func isAccepted(_ value: String) async throws -> Bool {
        guard let digest = TokenValue.digest(of: Secret(utf8: value)) else { return false }
        return try await bench.queue.read { try $0.version(with: digest)?.version.state.authenticates ?? false }
    }

    private func reconcile(_ audit: ExportedAudit = ExportedAudit(), adopts: Bool = true) async throws
        -> (Reconciliation, Reconciled)
    {
        let plan = try await useCase.compare(with: audit, adopts: adopts)
        let done = try await useCase.carryOut(plan, instance: nil, actor: "cli:alice", reason: "drill")
        return (plan, try #require(done))
    }

    @Test func `what every destination holds becomes current, and nothing is written anywhere`() async throws {
        let value = lose(in: [0, 1])
        let (plan, done) = try await reconcile()
        #expect(plan.losses.map(\.cure) == [.adopt] && done.adopted == 1 && done.rotations.isEmpty)
        #expect(try await bench.states() == [.previous, .current])
        #expect(try await isAccepted(value))
        #expect(vaults.allSatisfy { $0.count(of: .write) == 0 })
        #expect(done.identity.generation == 2)
        bench.clock.advance(by: .hours(25))
        try await bench.runToTheEnd()
        #expect(try await bench.states() == [.revoked, .current])
        #expect(try await bench.violations().isEmpty)
    }

    @Test func `it tells how many destinations are read, values judged and tokens rotated`() async throws {
        let told = Locked<[StepProgress]>([])
        let useCase = ReconcileUseCase(
            store: bench.queue, rotator: bench.rotator(seed: 7), clock: bench.clock,
            progress: { step in told.withLock { $0.append(step) } })
        _ = lose(in: [1])
        let plan = try await useCase.compare(with: ExportedAudit())
        _ = try await useCase.carryOut(plan, instance: nil, actor: "cli:alice", reason: "drill")
        let steps = told.withLock(\.self)
        #expect(steps.contains(StepProgress(.judging, 0, of: 1)))
        #expect(steps.contains(StepProgress(.reading, 2, of: 2)) && steps.last == StepProgress(.rotating, 1, of: 1))
    }

    @Test func `what only some destinations hold is accepted until a rotation has replaced it everywhere`() async throws
    {
        let value = lose(in: [1])
        let (plan, done) = try await reconcile()
        #expect(plan.losses.map(\.cure) == [.adoptAndRotate])
        #expect(done.rotations.map(\.isThrough) == [true])
        #expect(try await isAccepted(value))
        #expect(try await bench.states() == [.previous, .unconfirmed, .current])
        #expect(vaults[0].value(at: places[0]) == vaults[1].value(at: places[1]))
        bench.clock.advance(by: .hours(25))
        try await bench.runToTheEnd()
        #expect(try await bench.states() == [.revoked, .revoked, .current])
    }

    @Test func `where nothing may be taken back the token is rotated at once, and the value is never accepted`()
        async throws
    {
        let value = lose(in: [0, 1])
        let (plan, done) = try await reconcile(adopts: false)
        #expect(plan.losses.map(\.cure) == [.rotate] && done.adopted == 0)
        #expect(done.rotations.map(\.isThrough) == [true])
        #expect(try await !isAccepted(value))
        #expect(vaults[0].value(at: places[0]) != value && vaults[1].value(at: places[1]) != value)
    }

    @Test func `a destination whose value is not accepted any more has its token rotated`() async throws {
        let first = try #require(vaults[0].value(at: places[0]))
        _ = try await bench.rotator().rotate([bench.request(overlap: .zero)])
        try await bench.runToTheEnd()
        for (vault, place) in zip(vaults, places) { vault.foreignWrite(first, at: place) }
        #expect(try await !bench.violations().isEmpty)
        let (plan, done) = try await reconcile()
        #expect(plan.ended.count == 2 && plan.losses.isEmpty)
        #expect(done.rotations.map(\.isThrough) == [true])
        #expect(try await bench.violations().isEmpty)
    }

    @Test func `what is not ours, or cannot be read, is told and left alone`() async throws {
        vaults[0].foreignWrite("somebody's password", at: places[0])
        vaults[1].setHook { $0.operation == .probe ? .denied : nil }
        let plan = try await useCase.compare(with: ExportedAudit())
        #expect(plan.foreign.map(\.destination.vault) == ["a"] && plan.unreadable.map(\.destination.vault) == ["b"])
        #expect(plan.losses.isEmpty && plan.rotations.isEmpty)
        _ = try await useCase.carryOut(plan, instance: nil, actor: "cli:alice", reason: "drill")
        #expect(vaults[0].value(at: places[0]) == "somebody's password")
    }

    @Test func `a look changes nothing, and of two reconciliations after one look one is carried out`() async throws {
        _ = lose(in: [0, 1])
        let plan = try await useCase.compare(with: ExportedAudit())
        #expect(try await bench.states() == [.current])
        #expect(try await bench.queue.read { try $0.identity().generation } == 1)
        _ = try await useCase.carryOut(plan, instance: nil, actor: "cli:alice", reason: "drill")
        await #expect(throws: StoreError.self) {
            _ = try await useCase.carryOut(plan, instance: nil, actor: "cli:bob", reason: "drill")
        }
        #expect(try await bench.queue.read { try $0.identity().generation } == 2)
    }

    private func log(_ entries: JSON...) -> ExportedAudit {
        var audit = ExportedAudit()
        for entry in entries { audit.add(entry) }
        return audit
    }

    private func digest(_ value: String) throws -> JSON {
        .string(try #require(TokenValue.digest(of: Secret(utf8: value))).description)
    }

    @Test func `a revocation that the store has forgotten is carried out again`() async throws {
        let value = lose(in: [0, 1])
        let audit = log([
            "action": "token.revoke", "object": .string(bench.id.text), "cause": "leaked",
            "after": ["state": "revoked"],
        ])
        let (plan, done) = try await reconcile(audit)
        #expect(plan.revocations.map(\.cause) == ["leaked"] && done.revoked == 1)
        let id = bench.id
        let token = try #require(try await bench.queue.read { try $0.token(id) })
        #expect(token.state == .revoked && token.end?.cause.contains("leaked") == true)
        #expect(try await !isAccepted(value))
        #expect(done.rotations.isEmpty && done.adopted == 0)
    }

    @Test func `a version that the log says was retired is retired again, once its successor is back`() async throws {
        let value = lose(in: [0, 1])
        let id = bench.id.text
        let audit = log(
            ["action": "version.arm", "object": .string(id), "after": ["version": 2, "digest": try digest(value)]],
            ["action": "version.retire", "object": .string(id), "after": ["version": 1]])
        let (plan, done) = try await reconcile(audit)
        #expect(plan.losses.map(\.why) == ["every destination holds it; the audit log knows it as version 2"])
        #expect(done.retired == 1)
        #expect(try await bench.states() == [.revoked, .current])
    }

    @Test func `a value that the log says was ended, or was another token's, is not taken back`() async throws {
        let value = lose(in: [0, 1])
        let id = bench.id.text
        let ended = log(
            ["action": "version.arm", "object": .string(id), "after": ["version": 2, "digest": try digest(value)]],
            ["action": "version.retire", "object": .string(id), "after": ["version": 2]])
        #expect(try await useCase.compare(with: ended).losses.map(\.cure) == [.rotate])
        let foreign = log(
            ["action": "version.arm", "object": "tok_other", "after": ["version": 2, "digest": try digest(value)]])
        #expect(try await useCase.compare(with: foreign).losses.map(\.cure) == [.rotate])
    }

    @Test func `a retired value that a destination holds again is accepted until a rotation has replaced it`()
        async throws
    {
        let first = try #require(vaults[0].value(at: places[0]))
        _ = try await bench.rotator().rotate([bench.request(overlap: .hours(24))])
        // The folder vault was restored together with the store, from an older copy.
        vaults[1].foreignWrite(first, at: places[1])
        let seen = Locked<[String]>([])
        for vault in vaults {
            vault.setHook { _ in
                let violations = (try? await bench.violations()) ?? ["the store does not answer"]
                seen.withLock { $0 += violations }
                return nil
            }
        }
        let (plan, done) = try await reconcile(
            log(["action": "version.retire", "object": .string(bench.id.text), "after": ["version": 1]]))
        #expect(plan.rotations == [bench.id] && done.retired == 0)
        #expect(done.rotations.map(\.isThrough) == [true])
        #expect(try await isAccepted(first))
        #expect(vaults[1].value(at: places[1]) == vaults[0].value(at: places[0]))
        bench.clock.advance(by: .hours(25))
        try await bench.runToTheEnd()
        #expect(try await bench.states() == [.revoked, .revoked, .current])
        let violations = seen.withLock(\.self)
        #expect(violations.isEmpty)
    }

    @Test func `a retired value waits for the guard where a destination cannot be read`() async throws {
        _ = try await bench.rotator().rotate([bench.request(overlap: .hours(24))])
        vaults[1].setHook { $0.operation == .probe ? .denied : nil }
        let (plan, done) = try await reconcile(
            log(["action": "version.retire", "object": .string(bench.id.text), "after": ["version": 1]]))
        #expect(plan.rotations.isEmpty && done.retired == 0)
        #expect(try await bench.states() == [.previous, .current])
    }

    @Test func `under a freeze or by a suspect clock nothing is carried out`() async throws {
        _ = lose(in: [0, 1])
        let plan = try await useCase.compare(with: ExportedAudit())
        let change = bench.change
        let freeze = Freeze(reason: "release", actor: "cli:alice", begunAt: change.at, endsAt: nil)
        func isRefused() async throws {
            await #expect {
                _ = try await useCase.carryOut(plan, instance: nil, actor: "cli:alice", reason: "drill")
            } throws: {
                if case .held? = $0 as? StoreError { true } else { false }
            }
            #expect(try await bench.queue.read { try $0.identity().generation } == 1)
            #expect(try await bench.states() == [.current])
        }
        try await bench.queue.write { try $0.freeze(freeze, change: change) }
        try await isRefused()
        _ = try await bench.queue.write { try $0.unfreeze(change: change) }
        try await bench.queue.read { $0.distrustClock(.jumped(.ahead(.days(1)))) }
        try await isRefused()
        try await bench.queue.read { $0.distrustClock(nil) }
        #expect(try await useCase.carryOut(plan, instance: nil, actor: "a", reason: "drill")?.adopted == 1)
    }

    // MARK: - Logs of several lives, in which numbers are given again

    private func minted(_ action: String, _ number: Int64, _ digest: JSON) -> JSON {
        [
            "action": .string(action), "object": .string(bench.id.text),
            "after": ["version": .integer(number), "digest": digest],
        ]
    }

    private func retired(_ number: Int64) -> JSON {
        ["action": "version.retire", "object": .string(bench.id.text), "after": ["version": .integer(number)]]
    }

    @Test func `the end of a former version is not the end of a later one with the same number`() async throws {
        let (value, other) = (lose(in: [0, 1]), try digest("another value"))
        let lost = log(minted("version.arm", 2, other), retired(2), minted("version.adopt", 2, try digest(value)))
        #expect(try await useCase.compare(with: lost).losses.map(\.cure) == [.adopt])
        let (_, done) = try await reconcile(lost)
        #expect(done.adopted == 1)
        _ = try await bench.rotator().rotate([bench.request(overlap: .hours(24), supersedes: true)])
        #expect(try await bench.states() == [.previous, .previous, .current])
        for _ in 0..<20 { #expect(try await useCase.compare(with: lost).retirements.isEmpty) }
        let ended = log(minted("version.arm", 2, other), minted("version.adopt", 2, try digest(value)), retired(2))
        #expect(try await useCase.compare(with: ended).retirements.map { $0.value.version } == [2])
    }

    // MARK: - Quarantines

    private func entry(_ action: String, after seconds: Int64, _ cause: String) -> JSON {
        [
            "action": .string(action), "object": .string(bench.id.text), "cause": .string(cause),
            "at": .string((bench.clock.now() + TimeSpan(seconds: seconds)).description), "after": [:],
        ]
    }

    private func state() async throws -> TokenState? {
        let id = bench.id
        return try await bench.queue.read { try $0.token(id)?.state }
    }

    @Test func `a quarantine that the store has forgotten is carried out again`() async throws {
        let (_, done) = try await reconcile(
            log(entry("token.restore", after: 1, "needed"), entry("token.quarantine", after: 2, "odd uses")))
        #expect(try await state() == .quarantined && done.quarantined == 1)
        let id = bench.id
        let quarantine = try await bench.queue.read { try $0.quarantine(of: id) }
        #expect(quarantine?.cause.contains("odd uses") == true)
    }

    @Test func `of quarantines and restorations the last one counts`() async throws {
        let (_, done) = try await reconcile(
            log(entry("token.quarantine", after: 1, "odd uses"), entry("token.restore", after: 2, "needed")))
        #expect(try await state() == .active && done.quarantined == 0)
    }

    @Test func `a restoration that the store has forgotten is carried out again`() async throws {
        let (id, change) = (bench.id, bench.change)
        _ = try await bench.queue.write { try $0.quarantineToken(id, by: nil, change: change) }
        _ = try await reconcile(log(entry("token.restore", after: 2, "needed")))
        #expect(try await state() == .active)
    }

    @Test func `what the store has recorded later than the log stays as it is`() async throws {
        let old = entry("token.quarantine", after: 0, "odd uses")
        bench.clock.advance(by: .hours(1))
        let (id, change) = (bench.id, bench.change)
        _ = try await bench.queue.write { store in
            _ = try store.quarantineToken(id, by: nil, change: change)
            return try store.restoreToken(id, change: change)
        }
        _ = try await reconcile(log(old))
        #expect(try await state() == .active)
    }
}
