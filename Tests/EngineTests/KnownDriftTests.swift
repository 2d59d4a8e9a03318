import Engine
import RotaCore
import TestSupport
import Testing

/// What earlier looks at destinations found is known until somebody looks again.
@Suite struct KnownDriftTests {
    private let fixture: RunFixture

    init() throws { fixture = try RunFixture() }

    private func look(
        _ places: [(TokenID, String, Drift)] = [], token: TokenID? = nil, vault: String? = nil, unreadable: Int = 0
    ) async throws {
        fixture.clock.advance(by: TimeSpan(seconds: 60))
        let look = DriftLook(
            token: token, vault: vault, destinations: 9, unreadable: unreadable,
            places: places.map { DriftLook.Place(tokenID: $0.0, destination: $0.1, drift: $0.2, version: 1) })
        let change = fixture.change("vault drift")
        try await fixture.store.write { try $0.recordDrift(look, change: change) }
    }

    private func known() async throws -> KnownDrift? { try await fixture.store.read { try $0.knownDrift() } }

    private func places() async throws -> [String] {
        try await known()?.places.map { "\($0.destination) \($0.drift.rawValue)" } ?? ["nobody has looked"]
    }

    @Test func `that nobody has looked is not that there is none`() async throws {
        #expect(try await known() == nil)
        try await look(unreadable: 2)
        let drift = try #require(try await known())
        #expect(drift.places.isEmpty)
        #expect((drift.unreadable, drift.untold) == (2, 0))
        #expect((drift.lookedAt, drift.allLookedAt) == (fixture.clock.now(), fixture.clock.now()))
    }

    @Test func `a later look at a token or a vault says nothing of other places`() async throws {
        let one = try await fixture.addToken("one", destinations: ["main:one", "other:one"])
        let two = try await fixture.addToken("two", destinations: ["main:two"])
        try await look([(one, "main:one", .missing), (one, "other:one", .ended), (two, "main:two", .unknown)])
        let all = fixture.clock.now()
        #expect(try await places() == ["main:one missing", "other:one ended", "main:two unknown"])
        try await look([(one, "main:one", .outdated)], token: one)
        #expect(try await places() == ["main:two unknown", "main:one outdated"])
        try await look(vault: "main")
        #expect(try await places() == [])
        #expect(try await known()?.allLookedAt == all)
        try await look([(two, "main:two", .missing)])
        #expect(try await places() == ["main:two missing"])
    }

    @Test func `a look at some places alone is told as such`() async throws {
        let one = try await fixture.addToken("one", destinations: ["main:one"])
        try await look([(one, "main:one", .missing)], vault: "main")
        let drift = try #require(try await known())
        #expect(drift.places.map(\.token.name) == ["one"])
        #expect(drift.allLookedAt == nil)
    }

    @Test func `what has ended, was taken away or rotated since is not told`() async throws {
        let (ended, moved) = (
            try await fixture.addToken("ended", destinations: ["main:ended"]),
            try await fixture.addToken("moved", destinations: ["main:moved", "main:kept"])
        )
        try await look([(ended, "main:ended", .missing), (moved, "main:moved", .missing), (moved, "main:kept", .ended)])
        let change = fixture.change()
        try await fixture.store.write { store in
            _ = try store.revokeToken(ended, change: change)
            let place = try #require(try store.destinations(of: moved).first { $0.path == "moved" })
            _ = try store.removeDestination(place, from: moved, change: change)
        }
        #expect(try await places() == ["main:kept ended"])
    }

    @Test func `what was written to since, in the same second or later, is not told`() async throws {
        let one = try await fixture.addToken("one", destinations: ["main:one"])
        let change = fixture.change("vault drift")
        let earlier = DriftLook.Place(tokenID: one, destination: "main:one", drift: .missing, version: 0)
        try await fixture.store.write { store in
            try store.recordDrift(
                DriftLook(token: nil, vault: nil, destinations: 1, unreadable: 0, places: [earlier]), change: change)
        }
        #expect(try await places() == [])
    }

    @Test func `of very many places the first are known, and the others counted`() async throws {
        let one = try await fixture.addToken("one", destinations: ["main:one"])
        try await look(Array(repeating: (one, "main:one", .missing), count: DriftLook.mostPlaces + 7))
        let drift = try #require(try await known())
        #expect((drift.places.count, drift.untold) == (DriftLook.mostPlaces, 7))
    }

    @Test func `what was found is written down where it is news, or a day old`() async throws {
        let one = try await fixture.addToken("one", destinations: ["main:one"])
        let two = try await fixture.addToken("two", destinations: ["main:two", "other:two"])
        let place = DriftLook.Place(tokenID: one, destination: "main:one", drift: .missing, version: nil)
        func isKnown(
            _ places: [DriftLook.Place], token: TokenID? = nil, vault: String? = nil, after span: TimeSpan = .zero
        ) async throws -> Bool {
            let look = DriftLook(token: token, vault: vault, destinations: 9, unreadable: 0, places: places)
            let now = fixture.clock.now() + span
            return try await fixture.store.read { try $0.isKnown(look, at: now) }
        }
        let write = { (places: [DriftLook.Place], token: TokenID?, vault: String?) in
            let look = DriftLook(token: token, vault: vault, destinations: 9, unreadable: 0, places: places)
            let change = fixture.change("vault drift")
            try await fixture.store.write { try $0.recordDrift(look, change: change) }
        }
        #expect(try await !isKnown([place]), "nobody has looked")
        try await write([place], nil, "main")
        #expect(try await isKnown([place], vault: "main"))
        #expect(try await !isKnown([place]), "that one was at one vault only")
        #expect(try await !isKnown([], vault: "main"), "it is well again")
        #expect(try await isKnown([place], vault: "main", after: .hours(23)))
        #expect(try await !isKnown([place], vault: "main", after: .hours(24)))
        try await write([], nil, "other")
        #expect(try await isKnown([place], vault: "main"), "the look into the other vault said nothing of it")
        try await write([], two, nil)
        #expect(try await !isKnown([place], vault: "main"), "a place of this vault was looked at since")
    }

    @Test func `what was counted only is counted until a look at as much or more, and not added up over looks`()
        async throws
    {
        let one = try await fixture.addToken("one", destinations: ["main:one"])
        let many = { Array(repeating: (one, "main:one", Drift.missing), count: DriftLook.mostPlaces + $0) }
        try await look(many(7))
        try await look(many(5))
        #expect(try await known()?.untold == 5)
        try await look(many(3), vault: "main")
        #expect(try await known()?.untold == 8, "it does not say which of the 5 it looked at again")
        try await look(many(2), vault: "main")
        try await look(many(1), token: one, vault: "main")
        #expect(try await known()?.untold == 8)
        try await look(vault: "main")
        #expect(try await known()?.untold == 5)
        try await look()
        #expect(try await known()?.untold == 0)
    }
}
