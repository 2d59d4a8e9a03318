import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

/// What destinations hold: surveyed, adopted, and looked after.
@Suite struct DestinationTests {
    private let vault = FakeVault("a")
    private let other = FakeVault("b")
    private let bench: RotationBench

    init() throws {
        bench = try RotationBench([vault, other])
    }

    private var place: Destination { Destination(vault: "a", path: "apps/bench") }
    private var survey: DestinationSurvey { DestinationSurvey(store: bench.queue, vaults: bench.vaults) }

    private func places(in vault: String? = nil) async throws -> [SurveyedPlace] {
        let found = Locked<[SurveyedPlace]>([])
        try await survey.look(at: [bench.id], in: vault) { place in found.withLock { $0.append(place) } }
        return found.withLock { $0.sorted { $0.destination.vault < $1.destination.vault } }
    }

    private func drift() async throws -> [String: PlaceVerdict.Finding] {
        let found = Locked<[String: PlaceVerdict.Finding]>([:])
        try await FindDrift(survey).look(at: [bench.id]) { verdict in
            found.withLock { $0[verdict.place.destination.vault] = verdict.finding }
        }
        return found.withLock { $0 }
    }

    private func adopt() async throws -> [AdoptUseCase.Outcome] {
        try await AdoptUseCase(store: bench.queue, clock: bench.clock)
            .adopt(try await places(), actor: "cli:tester", cause: "vault adopt")
    }

    private func digest(_ text: String) throws -> Digest {
        try #require(TokenValue.digest(of: Secret(utf8: text)))
    }

    /// Another token, and a value of it.
    private func addOther() async throws -> String {
        let value = "rota_other"
        let digest = try digest(value)
        let change = bench.change
        try await bench.queue.write { store in
            try store.addToken(
                Token(
                    id: TokenID("tok_other"), name: "other", createdAt: change.at,
                    values: ValueSummary(currentIssuedAt: nil)),
                version: Version(number: 1, state: .current, digest: digest, issuedAt: nil), destinations: [],
                change: change)
        }
        return value
    }

    @Test func `what a destination holds is told apart, and no value is shown`() async throws {
        #expect(try await places().map(\.content) == [.version(1, .current), .version(1, .current)])
        vault.foreignWrite(nil, at: place)
        other.foreignWrite(try await addOther(), at: place)
        #expect(try await places().map(\.content) == [.empty, .otherToken("other")])
        vault.foreignWrite("legacy", at: place)
        other.script(.probe, .denied)
        let places = try await places()
        #expect(places[0].content == .unknown(try digest("legacy")))
        #expect(places[1].content == .unreadable("permission denied (scripted)"))
        #expect(!"\(places)".contains("legacy"))
        #expect(try await self.places(in: "b").map(\.destination.vault) == ["b"])
    }

    @Test func `an adopted value is taken over by a rotation, and one that changed since is a conflict`() async throws {
        vault.foreignWrite("legacy", at: place)
        #expect(try await bench.rotator().rotate([bench.request()]).map(\.blocked) == [.conflict])
        #expect(try await adopt() == [.adopted, .nothingToDo])
        #expect(try await places().map(\.content) == [.adopted, .version(1, .current)])

        vault.foreignWrite("changed", at: place)
        #expect(try await bench.rotator().rotate([bench.request()]).map(\.blocked) == [.conflict])
        #expect(vault.value(at: place) == "changed")

        #expect(try await adopt() == [.adopted, .nothingToDo])
        #expect(try await bench.rotator().rotate([bench.request()]).map(\.outcome) == [.started])
        #expect(try await places().map(\.content) == [.version(2, .current), .version(2, .current)])
        #expect(try await bench.violations() == [])
    }

    @Test func `a value of another token is refused, and an empty place needs nothing`() async throws {
        vault.foreignWrite(try await addOther(), at: place)
        other.foreignWrite(nil, at: place)
        #expect(try await adopt() == [.refused, .nothingToDo])
        let id = bench.id
        #expect(try await bench.queue.read { try $0.destinations(of: id) }.allSatisfy { $0.baseline == nil })
        #expect(try await bench.rotator().rotate([bench.request()]).map(\.blocked) == [.conflict])
    }

    @Test func `an ended value of another token is taken over, since nobody can be locked out by it`() async throws {
        let value = try await addOther()
        vault.foreignWrite(value, at: place)
        let result = try await bench.rotator().rotate([bench.request()]).first
        #expect(result?.cause == "a:apps/bench holds a value of the token 'other'; it was not touched")
        let change = bench.change
        _ = try await bench.queue.write { try $0.revokeToken(TokenID("tok_other"), isEmergency: false, change: change) }
        #expect(try await places().map(\.content).first == .ended(ofToken: "other", try digest(value)))
        let again = try await bench.rotator(seed: 2).rotate([bench.request()]).first
        #expect(again?.cause == "a:apps/bench holds an ended value of the token 'other'; it was not touched")
        #expect(try await adopt() == [.adopted, .nothingToDo])
        #expect(try await places().map(\.content).first == .adopted)
        #expect(try await bench.rotator(seed: 3).rotate([bench.request()]).map(\.outcome) == [.started])
        #expect(try await bench.violations() == [])
    }

    @Test func `a value that becomes a token's between the look and the record is not adopted`() async throws {
        vault.foreignWrite("rota_other", at: place)
        let places = try await places()
        _ = try await addOther()
        let outcomes = try await AdoptUseCase(store: bench.queue, clock: bench.clock)
            .adopt(places, actor: "cli:tester", cause: "vault adopt")
        #expect(outcomes == [.overtaken, .nothingToDo])
    }

    @Test func `a stuck rotation goes on when what was in its way is adopted`() async throws {
        // It had pushed to one vault when somebody else wrote into the other.
        other.script(.probe, nil)
        other.script(
            .write, .foreignWriteBefore("legacy"), .foreignWriteBefore("legacy"), .foreignWriteBefore("legacy"))
        let results = try await bench.rotator().rotate([bench.request()])
        #expect(results.map(\.isStalled) == [true])
        #expect(try await adopt() == [.nothingToDo, .adopted])
        try await bench.runToTheEnd()
        #expect(try await bench.states().last == .current)
        #expect(try await drift() == ["a": .asExpected, "b": .asExpected])
    }

    @Test func `drift is told by what was found, and nothing is changed`() async throws {
        _ = try await bench.rotator().rotate([bench.request()])
        #expect(try await drift() == ["a": .asExpected, "b": .asExpected])
        let first = try #require(vault.history.first?.value)
        let current = try #require(vault.value(at: place))
        let cases: [(String?, Drift?)] = [
            (nil, .missing), (first, .outdated), (try await addOther(), .otherToken), ("theirs", .unknown),
            (current, nil),
        ]
        for (value, expected) in cases {
            vault.foreignWrite(value, at: place)
            let writes = vault.history.count
            #expect(try await drift()["a"] == (expected.map { .drifted($0) } ?? .asExpected), "\(value ?? "nothing")")
            #expect(vault.history.count == writes)
        }
        try await bench.runToTheEnd()
        vault.foreignWrite(first, at: place)
        #expect(try await drift()["a"] == .drifted(.ended))
        other.script(.probe, .transient)
        #expect(try await drift()["b"] == .unreadable("connection refused (scripted)"))
    }

    @Test func `what was adopted is no drift until it has been replaced`() async throws {
        vault.foreignWrite("legacy", at: place)
        #expect(try await drift()["a"] == .drifted(.unknown))
        _ = try await adopt()
        #expect(try await drift()["a"] == .asExpected)
        _ = try await bench.rotator().rotate([bench.request()])
        vault.foreignWrite("legacy", at: place)
        #expect(try await drift()["a"] == .drifted(.unknown))
    }

    @Test func `a rotation that moves on while it is looked is no drift`() async throws {
        let bench = bench
        let isRotated = Locked(false)
        vault.setHook { call in
            // The first read gives the old value, which is not the current one any more when it is judged.
            guard call.operation == .probe,
                !isRotated.withLock({ old in
                    defer { old = true }; return old
                })
            else { return nil }
            _ = try? await bench.rotator().rotate([bench.request()])
            return .stale
        }
        #expect(try await drift()["a"] == .asExpected)
    }
}
