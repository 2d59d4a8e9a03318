import Crypto
package import Engine
import JSON
import RotaCore

/// What every store must do, whichever database it keeps things in.
package enum StoreConformance {
    /// Each on a store of its own.
    package static let all: [StoreClaim] =
        tokens + destinations + imports + rotation + recovery + filling + retirement + records + transactions + usage
        + schedules + brakes + quarantine + absences + attempts + notices + waivers + plans + lists
}

/// One claim about a store: a sentence, and the check of it.
package struct StoreClaim: Sendable, CustomStringConvertible {
    package let description: String
    package let check: @Sendable (StoreBench) throws -> Void

    init(_ description: String, _ check: @escaping @Sendable (StoreBench) throws -> Void) {
        self.description = description
        self.check = check
    }
}

/// A claim that does not hold.
package struct ConformanceFailure: Error, CustomStringConvertible {
    package let description: String
}

/// Throws when a condition does not hold.
func require(_ holds: Bool, _ what: String, file: StaticString = #fileID, line: Int = #line) throws {
    if !holds { throw ConformanceFailure(description: "\(file):\(line): \(what)") }
}

/// Throws when `body` does not throw a `StoreError` that `matches`.
func requireError(
    _ what: String, file: StaticString = #fileID, line: Int = #line,
    _ matches: (StoreError) -> Bool = { _ in true },
    _ body: () throws -> Void
) throws {
    do {
        try body()
    } catch let error as StoreError where matches(error) {
        return
    } catch {
        throw ConformanceFailure(description: "\(file):\(line): \(what): it threw \(error)")
    }
    throw ConformanceFailure(description: "\(file):\(line): \(what): it threw nothing")
}

func document(_ text: String) throws -> JSON {
    try JSON.parse(text, maximumBytes: 1 << 20)
}

/// A fresh store on the bench, and the tools to work on it.
package struct StoreBench {
    package let store: any Store
    /// The instant at which everything happens unless told otherwise.
    let now = Instant(seconds: 1_800_000_000)

    /// The endpoints that a store under test is opened with: one for everything, one for tokens alone.
    package static let endpoints = [
        Endpoint(name: "all", events: [Glob("*")], retries: Endpoint.standardRetries),
        Endpoint(name: "tokens", events: [Glob("token.*")], retries: []),
    ]
    /// What `identity()` of a store under test must say.
    package static let identity = StoreIdentity(
        instance: "instance-under-test", generation: 1, createdAt: Instant(seconds: 1_700_000_000))

    package init(_ store: any Store) {
        self.store = store
    }

    func change(_ cause: String = "because", after seconds: Int64 = 0) -> Change {
        Change(actor: "cli:tester", at: now + TimeSpan(seconds: seconds), cause: cause, run: nil)
    }

    /// One change in a transaction of its own. Whatever changes what a value is worth must have an audit entry about
    /// its token: those who answer for values go by that.
    func write<R>(_ body: (any Store) throws -> R) throws -> R {
        // In this order: somebody else may write meanwhile.
        let newest = try newestEntry()
        let before = try worths()
        let result = try store.transaction { try body(store) }
        let after = try worths()
        var audited: Set<String> = []
        try store.eachAuditEntry(below: .max, object: nil) { entry in
            if entry.number > newest { audited.insert(entry.object) }
            return entry.number > newest
        }
        for digest in Set(before.keys).union(after.keys) where before[digest] != after[digest] {
            for worth in [before[digest], after[digest]].compactMap(\.self) {
                try require(audited.contains(worth[0]), "a change of \(worth[0]) without an audit entry about it")
            }
        }
        return result
    }

    /// What is answered for every value there is.
    private func worths() throws -> [Digest: [String]] {
        var worths: [Digest: [String]] = [:]
        try store.eachToken(states: []) { token in
            for version in try store.versions(of: token.id) {
                guard let digest = version.digest else { continue }
                worths[digest] = [
                    token.id.text, "\(version.number)", "\(token.state) \(version.state)", "\(token.expiresAt as Any)",
                    "\(version.issuedAt as Any)", token.name, token.owner, token.scopes.joined(separator: " "),
                    "\(token.values.rotationOpen) \(token.values.awaitingRetirement)",
                ]
            }
            return true
        }
        return worths
    }

    private func newestEntry() throws -> Int64 {
        var newest: Int64 = 0
        try store.eachAuditEntry(below: .max, object: nil) { entry in
            newest = entry.number
            return false
        }
        return newest
    }

    // MARK: - Making things

    func digest(_ text: String) throws -> Digest {
        guard let digest = Digest(bytes: SHA256.digest(of: text)) else {
            throw ConformanceFailure(description: "SHA-256 has no 32 bytes")
        }
        return digest
    }

    func token(_ id: String, name: String? = nil, _ alter: (inout Token) -> Void = { _ in }) -> Token {
        let issued = now - .days(100)
        var token = Token(
            id: TokenID(id), name: name ?? "name-\(id)", owner: "team-a", integration: "snowflake",
            scopes: ["export:read", "ingest:write"], labels: ["env": "production", "tier": "1"],
            createdAt: issued, createdBy: "cli:tester", values: ValueSummary(currentIssuedAt: issued))
        alter(&token)
        return token
    }

    /// Adds a token with a current version 1 and destinations, and answers it as stored.
    @discardableResult
    func add(_ id: String, destinations: Int = 2, _ alter: (inout Token) -> Void = { _ in }) throws -> Token {
        let token = token(id, alter)
        let version = Version(
            number: 1, state: .current, digest: try digest(id + "-1"), hint: "aaaa",
            issuedAt: token.values.currentIssuedAt)
        let places = (0..<destinations).map {
            Destination(vault: "main", path: "\(id)/\($0)", field: "token")
        }
        try write { try $0.addToken(token, version: version, destinations: places, change: change()) }
        return try stored(token.id)
    }

    /// Adds an imported token with a value, within a transaction that is open: for tests that want many.
    package func addSampleInTransaction(_ id: String) throws {
        let token = token(id) { $0.provenance = .asserted }
        let version = Version(
            number: 1, state: .current, digest: try digest(id), hint: "aaaa",
            issuedAt: token.values.currentIssuedAt)
        try store.addToken(token, version: version, destinations: [], change: change())
    }

    /// The same in a transaction of its own.
    package func addSample(_ id: String) throws {
        try write { _ in try addSampleInTransaction(id) }
    }

    func stored(_ id: TokenID) throws -> Token {
        guard let token = try store.token(id) else {
            throw ConformanceFailure(description: "\(id) is not there")
        }
        return token
    }

    /// Claims and arms: a pending version with unsent rows.
    func armed(_ id: TokenID, overlap: TimeSpan = .hours(24)) throws -> (rotation: Rotation, version: Int) {
        let rotation = try claimed(id, overlap: overlap)
        return (rotation, try arm(rotation))
    }

    /// What calls for the rotations of `claimed`.
    var trigger: RotationTrigger {
        RotationTrigger(
            policy: "p", rule: "max-age", reason: "max-age-due", message: "too old", deadline: now + .days(1))
    }

    /// - parameter renewal: the end that the token gets at the promotion.
    func claimed(_ id: TokenID, overlap: TimeSpan = .hours(24), renewal: TimeSpan? = nil) throws -> Rotation {
        let current = try stored(id).values.current ?? 0
        var trigger = trigger
        trigger.renewal = renewal
        let rotation = try write {
            try $0.claimRotation(
                of: id, fromVersion: current, overlap: overlap, cap: OverlapCap(), trigger: trigger,
                change: change("claim"))
        }
        guard let rotation else { throw ConformanceFailure(description: "the claim of \(id) was refused") }
        return rotation
    }

    func arm(_ rotation: Rotation) throws -> Int {
        let id = rotation.tokenID
        let next = try store.versions(of: id).count + 1
        let digest = try digest("\(id)-\(next)")
        let places = try store.destinations(of: id).map(\.id)
        let version = try write {
            try $0.arm(rotation.id, digest: digest, hint: "bbbb", destinations: places, change: change("arm"))
        }
        guard let version else { throw ConformanceFailure(description: "arming \(id) was refused") }
        return version
    }

    /// One row to `sending`; nil when it was refused.
    func send(
        _ id: TokenID, _ version: Int, to place: Int64, attempt: Int = 0, base: String = "1",
        ordered: Bool = false
    ) throws -> Int? {
        try write {
            try $0.markSending(
                id, version: version, destination: place, attempt: attempt, base: base, ordered: ordered,
                at: now)
        }
    }

    /// - parameter attempt: nil: that of the row.
    func verify(_ id: TokenID, _ version: Int, at place: Int64, attempt: Int? = nil) throws -> Bool {
        let attempt = try attempt ?? push(id, version, place).attempt
        return try write {
            try $0.markVerified(id, version: version, destination: place, attempt: attempt, base: "2", at: now)
        }
    }

    func pushEverywhere(_ id: TokenID, _ version: Int) throws {
        for place in try places(id) { try deliver(id, version, to: place) }
    }

    func deliver(_ id: TokenID, _ version: Int, to place: Int64) throws {
        let row = try push(id, version, place)
        try require(try send(id, version, to: place, attempt: row.attempt) != nil, "a row can be sent")
        try require(try verify(id, version, at: place), "a row can be verified")
    }

    func promote(_ id: TokenID, _ version: Int, after seconds: Int64 = 0) throws -> Bool {
        try write { try $0.promote(id, version: version, change: change("promote", after: seconds)) }
    }

    func retire(
        _ id: TokenID, _ version: Int, after seconds: Int64, evidence: OverlapEvidence? = nil, inUse: Bool = false
    ) throws -> Bool {
        try write {
            try $0.retire(
                id, version: version, evidence: evidence, inUse: inUse, change: change("retire", after: seconds))
        }
    }

    /// From the claim to the promotion.
    func rotate(_ id: TokenID, overlap: TimeSpan = .hours(24)) throws -> Int {
        let version = try armed(id, overlap: overlap).version
        try pushEverywhere(id, version)
        try require(try promote(id, version), "a verified version is promoted")
        return version
    }

    // MARK: - Looking at things

    func state(_ id: TokenID, _ version: Int) throws -> VersionState? {
        try store.versions(of: id).first { $0.number == version }?.state
    }

    func push(_ id: TokenID, _ version: Int, _ place: Int64) throws -> Push {
        guard
            let row = try store.pushes(of: id).first(where: {
                $0.version == version && $0.destinationID == place
            })
        else { throw ConformanceFailure(description: "there is no push row \(version) at \(place)") }
        return row
    }

    func places(_ id: TokenID) throws -> [Int64] {
        try store.destinations(of: id).map(\.id)
    }

    func audit(of object: String? = nil) throws -> [AuditEntry] {
        var entries: [AuditEntry] = []
        try store.eachAuditEntry(from: 1, object: object) {
            entries.append($0)
            return true
        }
        return entries
    }

    func events(_ endpoint: String = "all") throws -> [OutgoingEvent] {
        try store.dueDeliveries(endpoint: endpoint, at: now + .days(1000), limit: 100_000).map(\.event)
    }

    /// How many audit entries and events a change writes.
    func written(_ body: () throws -> Void) throws -> (audit: Int, events: Int) {
        let before = (try audit().count, try events().count)
        try body()
        return (try audit().count - before.0, try events().count - before.1)
    }

    /// A refused change leaves nothing behind: no audit entry, no event, no revision.
    func requireNothing(of id: TokenID, _ what: String, _ body: () throws -> Bool) throws {
        let before = (
            try audit(), try events(), try stored(id), try store.versions(of: id), try store.pushes(of: id)
        )
        try require(try body(), "\(what) is refused")
        try require(try audit() == before.0, "\(what): refused, and yet audited")
        try require(try events() == before.1, "\(what): refused, and yet announced")
        try require(try stored(id) == before.2, "\(what): refused, and yet the token changed")
        try require(try store.versions(of: id) == before.3, "\(what): refused, and yet a version changed")
        try require(try store.pushes(of: id) == before.4, "\(what): refused, and yet a row changed")
    }
}
