import Crypto
import Engine
import Foundation
import RotaCore
import Stores
import TestSupport
import Testing

/// A new store in a folder of its own, a clock that a test moves, and seeded randomness.
final class RunFixture: Sendable {
    static let epoch = Instant(seconds: 1_800_000_000)

    let clock = ManualClock(epoch)
    let random = SeededRandom()
    let store: StoreQueue
    private let folder: String
    /// Where the store is, for a second process to open it.
    var location: String { "sqlite:\(folder)/rota.db" }

    init(endpoints: [Endpoint] = []) throws {
        folder = NSTemporaryDirectory() + "/rota-" + UUID().uuidString
        let setUp = Change(actor: "test", at: Self.epoch, cause: "set up")
        let location = "sqlite:\(folder)/rota.db"
        try createStore(
            at: location, identity: StoreIdentity(instance: "test", generation: 1, createdAt: Self.epoch),
            change: setUp)
        store = StoreQueue(try openStore(at: location, endpoints: endpoints)) { error in
            Issue.record("the store's outcome is unknown: \(error)")
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func change(_ cause: String = "test") -> Change { Change(actor: "test", at: clock.now(), cause: cause) }

    /// Adds an active token whose current value is `age` old.
    @discardableResult
    func addToken(
        _ name: String, age: TimeSpan = .zero, usage: Usage = .unknown, issuer: Issuer = .rota,
        owner: String = "", labels: [String: String] = [:], expiresAt: Instant? = nil, destinations: [String] = []
    ) async throws -> TokenID {
        let id = TokenID("tok_\(name)")
        let issuedAt = clock.now() - age
        let token = Token(
            id: id, name: name, owner: owner, labels: labels, issuer: issuer, createdAt: issuedAt, createdBy: "test",
            expiresAt: expiresAt, usage: usage, values: ValueSummary(currentIssuedAt: issuedAt),
            destinationCount: destinations.count)
        let version = Version(
            number: 1, state: .current, digest: Digest(bytes: SHA256.digest(of: Array(name.utf8))),
            hint: "abcd",
            issuedAt: issuedAt)
        let places = try destinations.map { try #require(Destination($0)) }
        let change = change("issued")
        try await store.write { store in
            try store.addToken(token, version: version, destinations: places, change: change)
        }
        return id
    }

    /// As a person edits it.
    func edit(_ id: TokenID, _ body: (inout Token) -> Void) async throws {
        var token = try await token(id)
        body(&token)
        let (edited, change) = (token, change("edited"))
        _ = try await store.write { try $0.editToken(edited, change: change) }
    }

    func token(_ id: TokenID) async throws -> Token {
        try #require(try await store.read { try $0.token(id) })
    }

    /// The types of the events that wait for an endpoint.
    func waitingEvents(_ endpoint: String) async throws -> [String] {
        let end = clock.now() + .days(1000)
        return try await store.read { store in
            try store.dueDeliveries(endpoint: endpoint, at: end, limit: 10_000).map(\.event.type)
        }
    }

    func deliverer(_ transport: any EventTransport) -> Deliverer {
        Deliverer(store: store, transport: transport, clock: clock, random: random)
    }
}

/// A transport whose answers a test gives, and which remembers what it was asked to send.
final class ScriptedTransport: EventTransport {
    struct Attempt: Hashable, Sendable {
        var endpoint: String
        var event: String
        var at: Instant
    }

    typealias Answer = @Sendable (OutgoingEvent, Endpoint, _ number: Int) async -> DeliveryResult

    let endpoints: [Endpoint]
    private let log = Locked<[Attempt]>([])
    private let answer: Answer

    /// - parameter answer: given the event, the endpoint, and which attempt at this endpoint it is, from 1.
    init(
        _ endpoints: [Endpoint],
        _ answer: @escaping Answer = { _, _, _ in DeliveryResult(.delivered, status: 200) }
    ) {
        self.endpoints = endpoints
        self.answer = answer
    }

    func deliver(_ event: OutgoingEvent, to endpoint: Endpoint, at now: Instant) async -> DeliveryResult {
        let number = log.withLock { log in
            log.append(Attempt(endpoint: endpoint.name, event: event.id, at: now))
            return log.count { $0.endpoint == endpoint.name }
        }
        return await answer(event, endpoint, number)
    }

    var attempts: [Attempt] { log.withLock { $0 } }

    func attempts(at endpoint: String) -> [Attempt] { attempts.filter { $0.endpoint == endpoint } }
}

extension Endpoint {
    /// One for all events.
    static func named(_ name: String, retries: [TimeSpan] = standardRetries) -> Endpoint {
        Endpoint(name: name, events: [Glob("*")], retries: retries)
    }
}

extension Daemon {
    /// One turn of each loop of its upkeep.
    func upkeepOnce() async throws {
        for stuck in [false, true] { try await upkeep(stuck: stuck) }
    }
}
