import API
import Addresses
import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore
import Stores
import TestSupport

/// The interface over a real store, without a socket: requests are values, and so are answers.
final class APIFixture: Sendable {
    let clock = ManualClock()
    let store: StoreQueue
    let uses = Locked<[Use]>([])
    let refused = RefusedAccesses()
    /// Called at each look at the configuration.
    let onLook = Locked<(@Sendable () -> Void)?>(nil)
    /// What the log was told: each message with its fields.
    let told = Locked<[String]>([])
    let api: API
    /// The commands that were to be done.
    let commands = Locked<[CommandRequest]>([])
    let router: Router
    /// What places are in.
    let vault = FakeVault("v")
    /// What takes its time.
    let errands = Errands()
    private let folder: ScratchFolder
    /// Whoever writes holds a lock of it.
    var gate: String { "\(folder.path)/private/rota.db.gate" }

    deinit { errands.end() }

    init(
        trusting proxies: [String] = [], isReady: Bool = true, hasStore: Bool = true, brake: Brake? = nil,
        vaultMeter: VaultMeter = VaultMeter(), nanoseconds: [UInt64] = [],
        policies: PolicySet = PolicySet([]), scopes: [ScopeEntry] = [], endpoints: [Endpoint] = [],
        signIns: [ServedConfiguration.SignIn] = [], issueInto: [String] = [], issueLimit: Int? = nil,
        patience: StorePatience = StorePatience(),
        seal: (@Sendable (any Store, Change) throws -> ReportSeal)? = nil
    ) throws {
        let readings = Locked(Array(nanoseconds.reversed()))
        folder = try ScratchFolder()
        let location = "sqlite:\(folder.path)/private/rota.db"
        let change = Change(actor: "cli:tester", at: clock.now(), cause: "init")
        try createStore(
            at: location, identity: StoreIdentity(instance: "0a", generation: 1, createdAt: clock.now()),
            change: change)
        store = StoreQueue(try openStore(at: location, endpoints: endpoints, patience: patience)) { _ in }
        let (uses, told, refused, onLook) = (uses, told, refused, onLook)
        let rotator = Rotator(store: store, vaults: ["v": vault], clock: clock, random: SystemBytes())
        let rotate = RotateForHolder(
            store: store, rotator: rotator, policies: policies, clock: clock, pauses: HolderPauses())
        let commands = commands
        let errands = errands
        Task { await errands.attend() }
        var served = ServedConfiguration.bench(policies, store, rotator, clock, scopes: scopes) {
            most, errand in try errands.ask(upTo: most, errand)
        }
        served.signIns = signIns
        served.issueInto = issueInto
        served.reports.seal = seal
        served.issueLimit = issueLimit ?? served.issueLimit
        served.command = { request in
            commands.withLock { $0.append(request) }
            let body = try SpooledBody(in: SpoolFolder("/tmp"))
            try body.write(Array("{}".utf8))
            return CommandAnswer(body: body, code: 3)
        }
        api = API(
            API.Parts(
                readers: try openReaders(at: location), store: store,
                revoke: RevokeUseCase(store: store, clock: clock),
                configuration: { [served] in
                    onLook.withLock(\.self)?()
                    return served
                },
                random: SystemBytes(),
                rotate: { digest, begun, finish in
                    Task {
                        do { finish(.success(try await rotate.rotate(digest, begun: begun))) } catch {
                            finish(.failure(error))
                        }
                    }
                },
                clock: clock, note: { use in uses.withLock { $0.append(use) } }, noteRefused: { refused.note($0) },
                tell: { message, fields in
                    let line = ([message] + fields.map { "\($0.name)=\($0.value)" }).joined(separator: " ")
                    told.withLock { $0.append(line) }
                },
                trustedProxies: try proxies.map { try CIDR($0) }, isReady: { isReady },
                hasStore: { hasStore }, brake: { brake }, vaultMeter: vaultMeter,
                nanoseconds: { readings.withLock { $0.popLast() ?? 0 } }, version: "test"))
        router = api.router
    }

    /// Makes a token and gives its value.
    func issue(_ name: String, scopes: [String] = [], owner: String = "", expiresAt: Instant? = nil) async throws
        -> String
    {
        var draft = TokenDraft(name: name)
        draft.scopes = scopes
        draft.owner = owner
        draft.expiresAt = expiresAt
        let change = Change(actor: "cli:tester", at: clock.now(), cause: "test")
        let issued = try await store.write { [draft] in
            try issueToken(draft, in: $0, random: SystemBytes(), change: change)
        }
        return String(decoding: issued.value?.copyBytes() ?? [], as: UTF8.self)
    }

    /// Gives a token a place, which holds its value already.
    func place(_ name: String, holding value: String) async throws -> Destination {
        let destination = Destination(vault: "v", path: name, field: "value")
        vault.foreignWrite(value, at: destination)
        let change = Change(actor: "cli:tester", at: clock.now(), cause: "test")
        try await store.write { store in
            guard let id = try store.token(named: name)?.id else { throw JSON.Missing() }
            try store.addDestination(destination, to: id, change: change)
        }
        return destination
    }

    /// How many rotations were ever claimed.
    func claims() async throws -> Int {
        try await store.read { store in
            var count = 0
            try store.eachAuditEntry(from: 1, object: nil) { entry in
                if entry.action == "rotation.claim" { count += 1 }
                return true
            }
            return count
        }
    }

    func quarantine(_ name: String) async throws {
        let change = Change(actor: "cli:tester", at: clock.now(), cause: "test")
        let isDone = try await store.write { store in
            guard let id = try store.token(named: name)?.id else { return false }
            return try store.quarantineToken(id, by: nil, change: change)
        }
        guard isDone else { throw JSON.Missing() }
    }

    /// Gives a token another value; the one that it had ends at `end`.
    func replace(_ name: String, from version: Int = 1, until end: Instant) async throws {
        let now = clock.now()
        let change = Change(actor: "cli:tester", at: now, cause: "test")
        let isReplaced = try await store.write { store in
            guard let id = try store.token(named: name)?.id, let digest = Digest(bytes: Random.bytes(32)) else {
                return false
            }
            if version == 1 {
                try store.addDestination(Destination(vault: "v", path: name), to: id, change: change)
            } else {
                _ = try store.supersedeOverlap(of: id, change: change)
            }
            guard let place = try store.destinations(of: id).first?.id,
                let rotation = try store.claimRotation(
                    of: id, fromVersion: version, overlap: end - now, cap: OverlapCap(), trigger: nil, change: change),
                let version = try store.arm(
                    rotation.id, digest: digest, hint: "bbbb", destinations: [place], change: change),
                try store.markSending(
                    id, version: version, destination: place, attempt: 0, base: "1", ordered: true, at: now) != nil,
                try store.markVerified(
                    id, version: version, destination: place, attempt: 1, base: "2", at: now)
            else { return false }
            return try store.promote(id, version: version, change: change)
        }
        guard isReplaced else { throw JSON.Missing() }
    }

    /// Ends a value that was replaced.
    func retire(_ name: String, version: Int) async throws {
        let change = Change(actor: "cli:tester", at: clock.now(), cause: "test")
        let isDone = try await store.write { store in
            guard let id = try store.token(named: name)?.id else { return false }
            return try store.retire(id, version: version, evidence: nil, inUse: false, change: change)
        }
        guard isDone else { throw JSON.Missing() }
    }

    func revoke(_ name: String) async throws {
        _ = try await RevokeUseCase(store: store, clock: clock).revoke([name], reason: "test", actor: "cli:tester")
    }

    /// What is answered, waited for where it comes later.
    func send(
        _ method: String, _ target: String, _ headers: [(name: String, value: String)] = [], form: String? = nil,
        json: JSON? = nil, peer: Peer = .unix
    ) async throws -> Response {
        guard let target = Target(target) else { throw JSON.Missing() }
        var kind = form.map { _ in [(name: "Content-Type", value: "application/x-www-form-urlencoded")] } ?? []
        if json != nil { kind = [(name: "Content-Type", value: "application/json")] }
        let request = Request(
            id: "r-1", method: method, target: target, headers: Headers(headers + kind),
            body: Array((form ?? json?.serialized() ?? "").utf8),
            peer: peer)
        switch router.answer(request) {
        case .now(let response): return response
        case .later(let start):
            return await withCheckedContinuation { continuation in
                start(Responder { continuation.resume(returning: $0) })
            }
        }
    }

    /// What whoever holds a value is answered.
    func ask(
        _ method: String, _ target: String, as value: String, _ headers: [(name: String, value: String)] = [],
        json: JSON? = nil, peer: Peer = .unix
    ) async throws -> Response {
        try await send(method, target, [("Authorization", "Bearer \(value)")] + headers, json: json, peer: peer)
    }

    /// The token that a value authenticates now, as the endpoint for it says.
    func introspect(_ value: String, as caller: String, more: String = "") async throws -> JSON {
        let answer = try await send(
            "POST", "/v1/introspect", [("Authorization", "Bearer \(caller)")], form: "token=\(value)\(more)")
        return try answer.json()
    }
}

extension JSON {
    struct Missing: Error {}
}

struct SystemBytes: RandomSource {
    func bytes(_ count: Int) -> [UInt8] { Random.bytes(count) }
}

extension Response {
    subscript(header name: String) -> String? { headers.first { $0.name == name }?.value }
    var challenges: [String] { headers.filter { $0.name == "WWW-Authenticate" }.map(\.value) }
    func json() throws -> JSON { try JSON.parse(body, maximumBytes: 1 << 20) }
    var text: String { String(decoding: body, as: UTF8.self) }
}

extension ServedConfiguration {
    /// One vault, `v`, one webhook, `w`, and what takes its time done by somebody else.
    fileprivate static func bench(
        _ policies: PolicySet, _ store: StoreQueue, _ rotator: Rotator, _ clock: ManualClock, scopes: [ScopeEntry],
        perform: @escaping Perform
    ) -> ServedConfiguration {
        let webhook = Endpoint(name: "w", events: [Glob("*")], retries: [])
        let run = RunUseCase(
            store: store, rotator: rotator,
            deliverer: Deliverer(
                store: store, transport: AcceptingTransport(), clock: clock, random: SystemBytes()), clock: clock,
            random: SystemBytes())
        return ServedConfiguration(
            policies: policies, limits: Limits(), schedule: .hourly, calendar: nil, scopes: scopes,
            tokenPrefix: TokenValue.defaultPrefix, longestWaiver: Waiver.usualLongest,
            vaults: [Vault(name: "v", document: ["name": "v", "kind": "directory", "place": "p"])],
            knownVaults: KnownVaults(names: ["v"]), caveats: [:],
            webhooks: [Webhook(endpoint: webhook, shownURL: "https://w", events: ["*"], format: "standard")],
            rotate: RotateUseCase(store: store, rotator: rotator, clock: clock), run: run,
            tryVault: { ["name": .string($0), "ok": true, "steps": []] },
            testWebhook: { name, _ in ["webhook": .string(name), "delivered": true] },
            perform: perform)
    }
}

extension PolicySet {
    /// Each token without an end is to be told of, so that a plan has something to do.
    static let alwaysDue = PolicySet([
        Policy(
            name: "p", mode: .enforce,
            rules: [Rule(.expiry(required: true, maxLifetime: nil, maxRemaining: nil), action: .notify)])
    ])
}

/// Takes every event.
private struct AcceptingTransport: EventTransport {
    let endpoints: [Endpoint] = []

    func deliver(_ event: OutgoingEvent, to endpoint: Endpoint, at now: Instant) async -> DeliveryResult {
        DeliveryResult(.delivered, status: 200)
    }
}
