import RotaCore

/// Rotates tokens by the protocol of DESIGN section 5: any step may be the last one of this process, and
/// whoever comes next goes on from what the store and the vaults hold.
///
/// Nothing here decides what is due. Every transition is a conditional one of the store's gate; several
/// processes may work on one token and at worst waste each other's effort.
package struct Rotator: Sendable {
    let store: StoreQueue
    let vaults: [String: any Vault]
    let clock: any WallClock
    let random: any RandomSource
    let stop: StopSignal
    /// Nil: as many at once as there are.
    let rate: RotationRate?
    /// Called after each step, on whatever thread did it.
    let reached: @Sendable (RotationStep) -> Void
    let turns = SecretTurns()

    /// How many rotations are under way at once. Each vault bounds its own requests; this bounds memory.
    static let largestCrowd = 512
    /// How many of them have the same vaults, however many vaults there are: more than one is asked for at once.
    private static let narrowestLane = 64
    /// How many tokens' vaults are looked up in one read, so that writes need not wait long.
    private static let lookUps = 1000
    /// Why something was not begun any more.
    package static let stopping = "rota is being stopped; a later run takes it"
    /// How many times one destination is written to in one pass.
    static let writesPerPass = 3
    /// After how many failed passes somebody is told of a rotation that does not get on.
    static let failuresBeforeTelling = 3

    package init(
        store: StoreQueue, vaults: [String: any Vault], clock: any WallClock, random: any RandomSource,
        stop: StopSignal = StopSignal(), rate: RotationRate? = nil,
        reached: @escaping @Sendable (RotationStep) -> Void = { _ in }
    ) {
        self.store = store
        self.vaults = vaults
        self.clock = clock
        self.random = random
        self.stop = stop
        self.rate = rate
        self.reached = reached
    }

    /// Claims and drives rotations, many at once. Results come in the order of the requests.
    ///
    /// - parameter record: called as each comes to its end in this pass, with its place among the requests.
    /// - throws: store errors only; what a vault does becomes a result.
    package func rotate(
        _ requests: [RotationRequest],
        record: @escaping @Sendable (Int, RotationResult) async throws -> Void = { _, _ in }
    ) async throws -> [RotationResult] {
        try await withTaskExecutorPreference(store.executor) {
            try await crowd(Array(requests.enumerated()), of: \.element.tokenID) { index, request in
                let result = try await self.rotate(request)
                try await record(index, result)
                return result
            }
        }
    }

    /// Goes on with the rotations that earlier passes left unfinished, and retires versions whose overlap
    /// has passed. The normal beginning of every run; does nothing when there are none.
    ///
    /// - Parameters:
    ///   - which: tells of a rotation that is due whether this pass takes it up; nil: all of them.
    ///   - found: called with how many there are, before any is taken up.
    ///   - record: called as each comes to its end in this pass, with the rotation as it was before.
    package func recover(
        change: Change, only which: (@Sendable (Rotation) -> Bool)? = nil, found: (Int) -> Void = { _ in },
        record: @escaping @Sendable (Rotation, RotationResult) async throws -> Void = { _, _ in }
    ) async throws -> RecoveryResult {
        let now = clock.now()
        let due = try await store.read { try $0.dueRotations(at: now) }.filter { which?($0) ?? true }
        found(due.count)
        let results = try await crowd(due, of: \.tokenID) { rotation in
            try await self.resume(rotation, change: change, record: record)
        }
        let taken = results.compactMap(\.self)
        return RecoveryResult(rotations: taken.map(\.0), retired: taken.reduce(0) { $0 + $1.1 })
    }

    /// Goes on with one rotation now, whenever it was to be tried next. Nil when somebody else is at it.
    func resume(
        _ rotation: Rotation, change: Change,
        record: @Sendable (Rotation, RotationResult) async throws -> Void = { _, _ in }
    ) async throws -> (RotationResult, Int)? {
        guard !stop.isRequested, try await store.read({ $0.takeUp(rotation.id) }) else { return nil }
        reached(.found)
        return try await lettingGo(of: rotation.id) {
            let (result, retired) = try await self.goOn(with: rotation, change: change)
            try await record(rotation, result)
            return (result, retired)
        }
    }

    private func goOn(with rotation: Rotation, change: Change) async throws -> (RotationResult, Int) {
        do {
            return switch rotation.phase {
            case .open: (try await drive(rotation.tokenID, change: change), 0)
            case .overlap: try await retire(rotation.tokenID, change: change)
            case .done, .closed: (RotationResult(rotation.tokenID, .done), 0)
            }
        } catch StoreError.held(let brake) {
            return (RotationResult(rotation.tokenID, .skipped, cause: brake.message), 0)
        }
    }

    /// Runs `work` on a rotation that this process has taken up, and gives it free however that ends.
    private func lettingGo<R: Sendable>(
        of rotation: Int64, _ work: () async throws -> sending R
    ) async throws -> R {
        defer { store.perform { $0.letGo(rotation) } }
        return try await work()
    }

    private func rotate(_ request: RotationRequest) async throws -> RotationResult {
        if request.trigger != nil { await rate?.turn(unless: stop) }
        if stop.isRequested { return RotationResult(request.tokenID, .skipped, cause: Self.stopping) }
        // It may have waited for its lane, and a freeze of the calendar may have begun meanwhile.
        var request = request
        request.change.at = clock.now()
        let asked = request
        let claimed: (rotation: Rotation, snapshot: RotationSnapshot?)
        do {
            claimed = try await store.write { store in
                (try self.claim(asked, in: store), try RotationSnapshot(of: asked.tokenID, from: store))
            }
        } catch let refusal as ClaimRefused {
            return RotationResult(request.tokenID, .skipped, cause: refusal.cause)
        } catch StoreError.held(let brake) {
            return RotationResult(request.tokenID, .skipped, cause: brake.message)
        }
        reached(.claimed)
        return try await lettingGo(of: claimed.rotation.id) {
            try await self.drive(request.tokenID, as: claimed.snapshot, change: request.change)
        }
    }

    private func claim(_ request: RotationRequest, in store: any Store) throws -> Rotation {
        guard let token = try store.token(request.tokenID), request.revision.map({ $0 == token.revision }) ?? true
        else { throw ClaimRefused(cause: "it has changed since it was planned") }
        guard request.fromVersion.map({ $0 == token.values.current }) ?? true else {
            throw ClaimRefused(cause: "another value has taken its place")
        }
        // It may have been approved since the plan was made.
        if let trigger = request.trigger,
            let waiver = try store.waiver(of: token, rule: trigger.rule, of: trigger.policy, at: clock.now())
        {
            throw ClaimRefused(cause: waiver.sentence)
        }
        // A person who asks has mended it, or wants to see.
        if request.trigger != nil, let failed = try store.failedAttempts(of: token.id),
            failed.nextAttemptAt > clock.now()
        {
            throw ClaimRefused(cause: BlockedReason.vaultFailing.message)
        }
        if request.supersedes { _ = try store.supersedeOverlap(of: token.id, change: request.change) }
        if let rotation = try store.claimRotation(
            of: token.id, fromVersion: token.values.current ?? 0, overlap: request.overlap, cap: request.cap,
            trigger: request.trigger, change: request.change)
        {
            return rotation
        }
        // Thrown, so that a superseded overlap stays as it was.
        let isUnderWay = try store.rotation(of: token.id) != nil
        throw ClaimRefused(cause: isUnderWay ? "a rotation of it is under way" : "it cannot be rotated as it is now")
    }

    /// Runs `work` over items, many at once, and keeps the order. Tokens that live in the same vaults share a
    /// lane: so many of a vault that does not answer may wait that no room were left for the others.
    private func crowd<Item: Sendable, Result: Sendable>(
        _ items: [Item], of token: (Item) -> TokenID, _ work: @escaping @Sendable (Item) async throws -> Result
    ) async throws -> [Result] {
        var queued: [(item: Item, vaults: String)] = []
        for batch in items.batches(of: Self.lookUps) {
            let ids = batch.map(token)
            let vaults = try await store.read { store in
                try ids.map { id in
                    Set(try store.destinations(of: id).map(\.vault)).sorted().joined(separator: " ")
                }
            }
            queued += zip(batch, vaults).map { (item: $0, vaults: $1) }
        }
        let lanes = max(1, Set(queued.map(\.vaults)).count)
        return try await inLanes(
            queued, width: max(Self.narrowestLane, Self.largestCrowd / lanes), lane: \.vaults
        ) { try await work($0.item) }
    }

    /// The vault of a destination, or the reason why there is none.
    func vault(of destination: Destination) throws(Obstacle) -> any Vault {
        guard let vault = vaults[destination.vault] else {
            throw Obstacle(
                "\(destination): the configuration has no vault named '\(destination.vault)'", needsPerson: true)
        }
        return vault
    }
}

/// Why no rotation was begun.
private struct ClaimRefused: Error {
    var cause: String
}

/// Why a rotation cannot go on now: the pass ends for this token, and the rotation waits.
struct Obstacle: Error, Sendable {
    enum Kind: Sendable {
        /// Worth trying again as it is.
        case passing
        /// A destination holds something we do not know.
        case conflict
        /// A vault will not have this very value.
        case rejected
        /// Somebody else moved the rotation on: nothing is wrong.
        case overtaken
        /// A brake was put on meanwhile: it waits as it is.
        case held
    }

    var kind: Kind
    var cause: String
    var retryAfter: TimeSpan?
    /// Time alone will not mend it.
    var needsPerson: Bool

    init(_ cause: String, kind: Kind = .passing, retryAfter: TimeSpan? = nil, needsPerson: Bool = false) {
        self.kind = kind
        self.cause = cause
        self.retryAfter = retryAfter
        self.needsPerson = needsPerson || kind == .conflict || kind == .rejected
    }

    init(_ error: VaultError, at destination: Destination) {
        self.init(
            "\(destination): \(error.message)", kind: error.kind == .rejected ? .rejected : .passing,
            retryAfter: error.retryAfter, needsPerson: !error.kind.isPassing)
    }
}
