import Crypto
import Engine
import PolicyFiles
import Reports
import RotaCore
import Stores
import TestSupport

/// A quarter of a store, by a clock that is moved: some things happen on each day at instants that a seed draws, a run
/// comes each night, and reports are made now and then and kept.
final class SimulatedQuarter {
    /// A report as it was made.
    struct Kept {
        var at: Instant
        var period: TimeSpan
        var files: [ReportKind: String]
    }

    static let start = Instant(seconds: 1_795_392_000)
    static let days = 92

    let clock = ManualClock(start)
    let store: StoreQueue
    let location: String
    let scratch: ScratchFolder
    private(set) var kept: [Kept] = []
    /// How often each kind of event came about.
    private(set) var counts: [String: Int] = [:]

    private let random: SeededRandom
    private var numbers: Numbers
    private let vaults = [FakeVault("main"), FakeVault("spare")]
    private let isDown = Locked(false)
    private let run: RunUseCase
    private let rotate: RotateUseCase
    private let deliverer: Deliverer
    private let receiver: Receiver
    private(set) var policies: PolicySet
    private var stretch: Heartbeat
    private var usedOn: [TokenID: Instant] = [:]
    private var made = 0

    init(seed: UInt64) throws {
        (random, numbers) = (SeededRandom(seed: seed), Numbers(state: seed))
        scratch = try ScratchFolder()
        location = "sqlite:\(scratch.path)/store/rota.db"
        try createStore(
            at: location, identity: StoreIdentity(instance: "quarter", generation: 1, createdAt: Self.start),
            change: Change(actor: "cli:init", at: Self.start, cause: "init"))
        receiver = Receiver()
        store = StoreQueue(try openStore(at: location, endpoints: receiver.endpoints)) { _ in }
        let byName: [String: any Vault] = Dictionary(uniqueKeysWithValues: vaults.map { ($0.name, $0) })
        let rotator = Rotator(store: store, vaults: byName, clock: clock, random: random)
        deliverer = Deliverer(store: store, transport: receiver, clock: clock, random: random)
        run = RunUseCase(store: store, rotator: rotator, deliverer: deliverer, clock: clock, random: random)
        rotate = RotateUseCase(store: store, rotator: rotator, clock: clock)
        policies = PolicySet([])
        stretch = Heartbeat(tracker: "serve:here", startedAt: Self.start, beatAt: Self.start, askedAt: Self.start)
        vaults[1].setHook { [isDown] _ in isDown.withLock { $0 } ? .transient : nil }
    }

    // MARK: - Time

    func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &numbers) }

    private func isDrawn(_ percent: Int) -> Bool { below(100) < percent }

    private func draw<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[below(elements.count)]
    }

    /// - parameter instants: when reports are made.
    func live(reportsAt instants: [Instant]) async throws {
        var due = instants.sorted()[...]
        try await load(Self.policyTexts[0])
        for _ in 0..<12 { try await issue() }
        for day in 0..<Self.days {
            let midnight = Self.start + .days(Int64(day))
            isDown.withLock { $0 = (20..<27).contains(day) }
            var times = (0..<(6 + below(6))).map { _ in midnight + TimeSpan(seconds: Int64(60 + below(86_000))) }
            let night = midnight + .hours(3)
            times.append(night)
            for time in times.sorted() where time > clock.now() {
                while let report = due.first, report < time {
                    due.removeFirst()
                    try await makeReports(at: report)
                }
                guard time > clock.now() else { continue }
                clock.set(to: time)
                try await watch(day)
                if time == night { try await nightly(day) } else { try await event(day) }
            }
        }
    }

    /// The tracker watches, but for some days in which nobody ran it.
    private func watch(_ day: Int) async throws {
        let now = clock.now()
        guard !(40..<44).contains(day) else { return }
        if now - stretch.beatAt > .days(2) { stretch.startedAt = now }
        (stretch.beatAt, stretch.askedAt) = (now, now)
        let beat = stretch
        try await store.write { store in
            try store.recordHeartbeat(beat, at: now)
            if beat.watched != nil { _ = try store.beginTracking(beat, limit: 5, at: now) }
        }
    }

    private func makeReports(at instant: Instant) async throws {
        let day = Int((instant - Self.start).seconds / 86_400)
        let lag = TimeSpan(seconds: Int64(below(60)))
        if instant - lag > clock.now() {
            clock.set(to: instant - lag)
            try await watch(day)
        }
        clock.set(to: max(instant, clock.now()))
        let now = clock.now()
        let period = TimeSpan.days([7, 30, 90][below(3)])
        let request = request(now: now, period: period)
        let files = try await store.read { store in try Self.files(request, from: store) }
        kept.append(Kept(at: now, period: period, files: files))
        // Nothing more happens within that second.
        clock.advance(by: TimeSpan(seconds: 1))
    }

    func request(now: Instant, asOf: Instant? = nil, period: TimeSpan) -> ReportRequest {
        ReportRequest(
            policies: policies, vaults: ["main", "spare"], now: now, asOf: asOf, period: period,
            generator: "rota test", actor: "cli:auditor")
    }

    static func files(_ request: ReportRequest, from store: any StoreReads) throws -> [ReportKind: String] {
        var files: [ReportKind: String] = [:]
        for kind in ReportKind.allCases {
            var bytes: [UInt8] = []
            _ = try kind.compose(request, from: store, to: { bytes += $0 })
            files[kind] = String(decoding: bytes, as: UTF8.self)
        }
        return files
    }

    // MARK: - Policies

    static let policyTexts = [
        """
        version: 1
        policies:
          - name: rotation
            basis: RA-12
            mode: enforce
            match: { labels: { env: prod } }
            rules:
              - { max-age: 20d, action: rotate, start-before: 1d, overlap: 24h }
              - { unused-for: 25d, action: quarantine, then: { revoke-after: 10d } }
            notify-before: [5d, 1d]
            controls: { pci-dss-4.0.1: [8.6.3] }
          - name: ends
            match: all
            mode: warn
            rules: [ { expiry: { required: true, max-lifetime: 365d } } ]
        """,
        """
        version: 1
        policies:
          - name: rotation
            basis: RA-13
            mode: enforce
            match: { labels: { env: prod } }
            rules: [ { max-age: 12d, action: rotate, start-before: 1d, overlap: 12h } ]
          - name: shared
            match: all
            mode: observe
            rules: [ { sources: { max-addresses: 1 } } ]
        """,
    ]

    private func load(_ text: String) async throws {
        let texts = PolicyTexts(
            digest: "", files: [PolicyTexts.File(name: "all.yaml", bytes: Array(text.utf8))], vaults: ["main", "spare"])
        let load = readPolicies([(name: "all.yaml", bytes: Array(text.utf8))])
        guard let read = load.policies else { throw Unreadable(faults: load.diagnostics.map(\.description)) }
        policies = read
        var noted = texts
        noted.digest = read.digest
        let (loaded, change) = (noted, change("reload"))
        _ = try await store.write { try $0.notePolicies(loaded, change: change) }
        count("policies")
    }

    struct Unreadable: Error { var faults: [String] }

    // MARK: - What happens

    private func change(_ cause: String) -> Change { Change(actor: "cli:alice", at: clock.now(), cause: cause) }

    private func count(_ what: String) { counts[what, default: 0] += 1 }

    private func tokens(_ states: TokenState...) async throws -> [Token] {
        try await store.read { store in
            var tokens: [Token] = []
            try store.eachToken(states: states) {
                tokens.append($0)
                return true
            }
            return tokens
        }
    }

    private func nightly(_ day: Int) async throws {
        if day == 31 { try await load(Self.policyTexts[1]) }
        if day == 60 { try await load(Self.policyTexts[0]) }
        if day % 9 == 4 { try await takeList(day) }
        if day % 13 == 6 { try await takeCredentials(day) }
        let report = try await run.run(policies: policies, limits: Limits(), actor: "cli:cron")
        count("run")
        for action in report.actions { count("\(action.action) \(action.outcome)") }
        _ = try await deliverer.deliverDue(within: .zero)
    }

    private func event(_ day: Int) async throws {
        switch below(24) {
        case 0, 1, 2: try await issue()
        case 3, 4: try await edit()
        case 5, 6: try await rotateOne()
        case 7: try await revoke()
        case 8, 9: try await quarantine()
        case 10, 11: try await restore()
        case 12, 13: try await waive()
        case 14: try await freeze()
        case 15: try await changePlaces()
        default: try await use()
        }
    }

    private func issue() async throws {
        made += 1
        var draft = TokenDraft(name: "token-\(made)")
        draft.owner = ["team-a", "team-b", ""][below(3)]
        draft.description = isDrawn(50) ? "made by draw" : ""
        draft.labels = ["env": isDrawn(70) ? "prod" : "test"]
        draft.scopes = ["read", "write"].filter { _ in isDrawn(60) }
        if isDrawn(50) { draft.expiresAt = clock.now() + .days(Int64(10 + below(500))) }
        if isDrawn(85) {
            draft.destinations = [
                Destination(vault: ["main", "spare"][below(2)], path: "apps/\(made)", field: "value")
            ]
        }
        let (wanted, change, random) = (draft, change("issue"), random)
        do {
            let token = try await store.write { try issueToken(wanted, in: $0, random: random, change: change).token }
            if !wanted.destinations.isEmpty {
                _ = try await rotate.rotate(
                    token.id.text, overlap: .zero, reason: "its first value", actor: "cli:alice")
            }
            count("issue")
        } catch StoreError.held { count("issue held") }
    }

    private func edit() async throws {
        guard var token = draw(try await tokens(.active)) else { return }
        token.owner = "team-\(below(5))"
        token.labels["env"] = isDrawn(70) ? "prod" : "test"
        if isDrawn(30) { token.name = "renamed-\(below(1_000_000))" }
        if isDrawn(30) { token.expiresAt = clock.now() + .days(Int64(below(400) + 1)) }
        let (edited, change) = (token, change("edit"))
        if try await store.write({ try $0.editToken(edited, change: change) }) { count("edit") }
    }

    private func rotateOne() async throws {
        guard let token = draw(try await tokens(.active).filter { $0.issuer == .rota }) else { return }
        let result = try await rotate.rotate(
            token.id.text, overlap: .hours(Int64(below(72))), endsOlder: isDrawn(30), reason: "wanted", actor: "cli:bob"
        )
        count("rotate by hand \(result.map { "\($0.outcome)" } ?? "")")
    }

    private func revoke() async throws {
        guard let token = draw(try await tokens(.active, .quarantined).filter { $0.issuer == .rota }) else { return }
        let change = change("not needed any more")
        do {
            if try await store.write({ try $0.revokeToken(token.id, change: change) }) { count("revoke") }
        } catch StoreError.held { count("revoke held") }
    }

    private func quarantine() async throws {
        guard let token = draw(try await tokens(.active)) else { return }
        let result = try await QuarantineUseCase(store: store, clock: clock).quarantine(
            token.id, reason: "who uses it?", actor: "cli:alice")
        if result.refusal == nil { count("quarantine") }
    }

    private func restore() async throws {
        guard let token = draw(try await tokens(.quarantined)) else { return }
        let result = try await QuarantineUseCase(store: store, clock: clock).restore(
            token.id, reason: "needed", actor: "cli:alice")
        if result.refusal == nil { count("restore") }
    }

    private func waive() async throws {
        let (now, policies, random) = (clock.now(), policies.policies, random)
        let asker = Principal(name: "alice", account: "cli:alice", tokenID: TokenID("tok_alice"))
        let approver = Principal(name: "bob", account: "cli:bob", tokenID: TokenID("tok_bob"))
        let known = try await store.read { store in
            var known: [Waiver] = []
            try store.eachWaiver {
                known.append($0)
                return true
            }
            return known
        }
        if let waiting = known.first(where: { $0.state == .requested && now < $0.endsAt }), isDrawn(70) {
            do {
                _ = try await store.write {
                    try approveWaiver(
                        waiting.id, by: approver, comment: "granted", longest: .days(366), policies: policies, in: $0,
                        at: now)
                }
                count("waiver approved")
            } catch is WaiverRefusal { count("waiver refused") }
            return
        }
        if let active = known.first(where: { $0.state == .active && now < $0.endsAt }), isDrawn(30) {
            _ = try await store.write { try withdrawWaiver(active.id, by: asker, reason: "done", in: $0, at: now) }
            count("waiver withdrawn")
            return
        }
        guard let token = draw(try await tokens(.active)) else { return }
        let subject: Waiver.Subject =
            isDrawn(70) ? .token(token.id) : .matching(Selector(labels: ["env": [Glob("test")]]))
        let request = WaiverRequest(
            subject: subject, policy: "rotation", reason: "a move is under way",
            endsAt: now + .days(Int64(3 + below(30))),
            longest: .days(366))
        do {
            _ = try await store.write {
                try requestWaiver(request, by: asker, policies: policies, in: $0, random: random, at: now)
            }
        } catch is WaiverRefusal {
            // He waits for an answer to the same already.
            return
        }
        count("waiver requested")
    }

    private func freeze() async throws {
        let (now, change) = (clock.now(), change("maintenance"))
        let isFrozen = try await store.read { try $0.freeze(at: now) != nil }
        let end = isDrawn(50) ? now + .hours(Int64(4 + below(40))) : now + .days(2)
        _ = try await store.write { store in
            if isFrozen { return try store.unfreeze(change: change) }
            try store.freeze(
                Freeze(reason: "maintenance", actor: "cli:alice", begunAt: now, endsAt: end), change: change)
            return true
        }
        count(isFrozen ? "unfreeze" : "freeze")
    }

    private func changePlaces() async throws {
        guard let token = draw(try await tokens(.active).filter { $0.issuer == .rota }) else { return }
        let (change, place) = (change("places"), Destination(vault: "main", path: "more/\(below(1_000_000))"))
        let isRemoval = isDrawn(40)
        do {
            try await store.write { store in
                if isRemoval, let old = try store.destinations(of: token.id).first {
                    _ = try store.removeDestination(old, from: token.id, change: change)
                } else {
                    try store.addDestination(place, to: token.id, change: change)
                }
            }
            count("places")
        } catch is StoreError { count("places refused") }
    }

    /// Each token once on a day: uses are kept to the day.
    private func use() async throws {
        let now = clock.now()
        let ready = try await tokens(.active).filter {
            $0.values.current != nil && $0.issuer == .rota && usedOn[$0.id] != now.midnight
        }
        guard let token = draw(ready), let version = token.values.current else { return }
        usedOn[token.id] = now.midnight
        let use = Use(
            tokenID: token.id, version: version, at: now, outcome: .accepted, source: "10.0.0.\(below(3))")
        var tally = UseTally(key: UseTally.Key(tokenID: token.id, version: version, day: now.midnight))
        tally.add(use, count: 1)
        let tallies = [tally]
        try await store.write { try $0.recordUses(tallies, by: "serve:here", at: now) }
        count("use")
    }

    // MARK: - Lists

    private func takeList(_ day: Int) async throws {
        var text = "name,issuer,external_id,owner,labels,created_at,value_issued_at,expires_at,last_used_at\n"
        for number in 0..<10 where !isDrawn(15) {
            text += "partner-\(number),external:partner,p\(number),team-\(below(3)),env=prod,2026-01-02,2026-03-04,,"
            text += number % 3 == 0 ? "never\n" : "2026-10-0\(1 + number % 9)T10:00:00Z\n"
        }
        try await take(text, as: .csv, isComplete: true)
    }

    private func takeCredentials(_ day: Int) async throws {
        var text =
            "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
            + "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
            + "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
            + "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,"
            + "access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated\n"
        let used = clock.now() - .hours(Int64(below(200)))
        for number in 0..<6 where !isDrawn(15) {
            let isActive = !isDrawn(20)
            let last = isDrawn(70) ? "\(used),eu-west-1,s3" : "N/A,N/A,N/A"
            text += "user\(number),arn:aws:iam::210987654321:user/user\(number),2013-02-03T04:05:06Z,false,N/A,N/A,N/A,"
            text += "false,\(isActive),2026-03-01T10:00:00+00:00,\(last),false,N/A,N/A,N/A,N/A,false,N/A,false,N/A\n"
        }
        try await take(text, as: .awsCredentialReport, isComplete: false)
    }

    private func take(_ text: String, as format: InventoryFormat, isComplete: Bool) async throws {
        let (bytes, change, random) = (Array(text.utf8), change("import"), random)
        let request = ImportRequest(
            file: "list", format: format, vaults: KnownVaults(names: ["main", "spare"]), isComplete: isComplete,
            writtenAt: clock.now() - .hours(1))
        // As a command does beside a server.
        let own = try openStore(at: location, endpoints: receiver.endpoints)
        defer { own.close() }
        let chunks: ChunkSource = {
            var rest = bytes
            return {
                defer { rest = [] }
                return rest
            }
        }
        let summary = try importInventory(request, from: chunks, into: own, change: change, random: random)
        count("import")
        if summary.newlyVanished > 0 { count("vanished") }
        if summary.returned > 0 { count("returned") }
    }
}

/// A receiver that does not want some of what it is sent.
private final class Receiver: EventTransport {
    let endpoints = [Endpoint(name: "hook", events: [Glob("*")], retries: [.hours(1)])]

    func deliver(_ event: OutgoingEvent, to endpoint: Endpoint, at now: Instant) async -> DeliveryResult {
        event.type.hasPrefix("policy.")
            ? DeliveryResult(.failed, status: 500) : DeliveryResult(.delivered, status: 200)
    }
}
