import Crypto
package import RotaCore

/// Drains the outbox: every event that waits is sent to its endpoint, at least once and with one id.
///
/// Each endpoint has its own slot, so that a slow one delays nobody else. An attempt is recorded as soon as
/// it is over; a crash between sending and recording repeats the event, which receivers tell by its id. Where the disk
/// is full, the record waits in memory, and nothing more is sent until it is written.
/// Trouble of our own (the store, a stop) never counts as an attempt.
package struct Deliverer: Sendable {
    private let store: StoreQueue
    private let transport: any EventTransport
    private let clock: any WallClock
    private let random: any RandomSource
    /// What was sent while the disk was full: no more than was under way when the first was refused.
    private let unrecorded = Locked<[Attempt]>([])

    /// How many deliveries are read at once, for one endpoint.
    private static let largestBatch = 64
    /// How many attempts are under way at once at one endpoint. They start oldest first.
    private static let attemptsAtOnce = 8
    /// After this many failures in a row an endpoint rests for the pass, and the others keep their attempts.
    private static let patience = 8
    /// The longest wait that a `Retry-After` can ask for.
    private static let longestWait = TimeSpan.hours(24)

    package init(
        store: StoreQueue, transport: any EventTransport, clock: any WallClock, random: any RandomSource
    ) {
        self.store = store
        self.transport = transport
        self.clock = clock
        self.random = random
    }

    /// Sends what is due, and goes on while something becomes due within `span` from now. No attempt begins
    /// later than that.
    ///
    /// Nothing while another process is at it: events would only arrive twice.
    ///
    /// - parameter ended: called as each delivery is taken, or given up.
    /// - throws: store errors only; what an endpoint does becomes a count.
    package func deliverDue(
        within span: TimeSpan, ended: @escaping @Sendable () -> Void = {}
    ) async throws -> DeliveryTotals {
        guard !transport.endpoints.isEmpty, try await store.read({ $0.takeUpDeliveries() }) else {
            return DeliveryTotals()
        }
        let result: Result<DeliveryTotals, any Error>
        do {
            let late = try await recordLate(ended)
            result = .success(try await drain(within: span, adding: late, ended))
        } catch { result = .failure(error) }
        try await store.read { $0.letGoDeliveries() }
        return try result.get()
    }

    /// Makes dead letters of what waits for endpoints that are not configured any more: nobody would ever send
    /// it. Answers how many there were for each. They can be replayed once an endpoint has that name again.
    ///
    /// To be called when the configuration has just been read: an older reading knows nothing of an endpoint
    /// that was added since, and would give up what another process has sent to it.
    package func giveUpUnconfigured() async throws -> [String: Int] {
        let configured = Set(transport.endpoints.map(\.name))
        let gone = try await store.read { try $0.awaitedEndpoints() }.filter { !configured.contains($0) }
        var givenUp: [String: Int] = [:]
        for name in gone {
            let change = Change(
                actor: "rota", at: clock.now(), cause: "the configuration has no webhook '\(name)' any more")
            let count = try await store.write { try $0.giveUpDeliveries(to: name, change: change) }
            if count > 0 { givenUp[name] = count }
        }
        return givenUp
    }

    /// Writes down what was sent while the disk was full; throws, and keeps the rest, while it still is.
    private func recordLate(_ ended: @Sendable () -> Void) async throws -> DeliveryTotals {
        var totals = DeliveryTotals()
        while let attempt = unrecorded.withLock({ $0.first }) {
            try await record(attempt)
            // Whoever has the deliveries is alone with the list.
            unrecorded.withLock { _ = $0.removeFirst() }
            if attempt.nextAttemptAt == nil { ended() }
            totals.count(attempt)
        }
        return totals
    }

    /// Whether something was sent that is not written down: it would be sent again, so nothing is.
    private var isBehind: Bool { unrecorded.withLock { !$0.isEmpty } }

    /// - parameter late: what was written down just now.
    private func drain(
        within span: TimeSpan, adding late: DeliveryTotals, _ ended: @escaping @Sendable () -> Void
    ) async throws -> DeliveryTotals {
        let end = clock.now() + span
        let disabled = try await stillDisabled()
        return try await withThrowingTaskGroup(of: DeliveryTotals.self) { group in
            for endpoint in transport.endpoints where disabled[endpoint.name] == nil {
                group.addTask { try await drain(endpoint, until: end, ended) }
            }
            var totals = late
            totals.disabled = disabled
            totals = try await group.reduce(into: totals) { $0.add($1) }
            if isBehind { throw StoreError.full }
            return totals
        }
    }

    /// The endpoints that want no more, with the cause. One that has another address now is asked again.
    private func stillDisabled() async throws -> [String: String] {
        var causes: [String: String] = [:]
        for disabled in try await store.read({ try $0.disabledEndpoints() }) {
            guard let endpoint = transport.endpoints.first(where: { $0.name == disabled.name }) else { continue }
            if disabled.isOf(endpoint) {
                causes[disabled.name] = disabled.cause
            } else {
                let change = Change(actor: "rota", at: clock.now(), cause: "its address is another one now")
                _ = try await store.write { try $0.enableEndpoint(disabled.name, change: change) }
            }
        }
        return causes
    }

    private func drain(
        _ endpoint: Endpoint, until end: Instant, _ ended: @Sendable () -> Void
    ) async throws -> DeliveryTotals {
        var pass = EndpointPass()
        while let batch = try await nextBatch(for: endpoint, pass, until: end) {
            try await send(batch, to: endpoint, &pass, until: end, ended)
        }
        return pass.totals(of: endpoint.name)
    }

    /// What is due, after waiting for it where need be; nil when the pass is over for this endpoint.
    private func nextBatch(
        for endpoint: Endpoint, _ pass: EndpointPass, until end: Instant
    ) async throws -> [Delivery]? {
        while pass.restingCause == nil, !isBehind {
            let now = clock.now()
            guard now <= end else { return nil }
            var wakeAt = pass.pausedUntil ?? now
            if wakeAt <= now {
                let (due, next) = try await store.read { store in
                    (
                        try store.dueDeliveries(endpoint: endpoint.name, at: now, limit: Self.largestBatch),
                        try store.nextDeliveryDue(endpoint: endpoint.name)
                    )
                }
                if !due.isEmpty { return due }
                guard let next else { return nil }
                wakeAt = next
            }
            guard wakeAt <= end else { return nil }
            try await clock.sleep(milliseconds: max(1, (wakeAt - now).seconds) * 1000)
        }
        return nil
    }

    private func send(
        _ batch: [Delivery], to endpoint: Endpoint, _ pass: inout EndpointPass, until end: Instant,
        _ ended: @Sendable () -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Attempt.self) { group in
            var rest = batch[...]
            func startNext() {
                let now = clock.now()
                guard now <= end, pass.mayStart(at: now), !isBehind, let delivery = rest.popFirst() else { return }
                group.addTask { try await attempt(delivery, at: endpoint) }
            }
            for _ in 0..<Self.attemptsAtOnce { startNext() }
            while let attempt = try await group.next() {
                if attempt.isRecorded {
                    pass.note(attempt, patience: Self.patience)
                    if attempt.nextAttemptAt == nil { ended() }
                }
                startNext()
            }
        }
    }

    /// One attempt, and its durable record; on a full disk that waits.
    private func attempt(_ delivery: Delivery, at endpoint: Endpoint) async throws -> Attempt {
        let event = delivery.event.id
        let result = await transport.deliver(delivery.event, to: endpoint, at: clock.now())
        // An attempt that we cut short ourselves says nothing about the endpoint.
        try Task.checkCancellation()
        let now = clock.now()
        let next = result.kind == .failed ? nextAttempt(of: delivery, at: endpoint, after: result, now) : nil
        var attempt = Attempt(event: event, endpoint: endpoint, result: result, nextAttemptAt: next, at: now)
        do {
            try await record(attempt)
        } catch StoreError.full {
            attempt.isRecorded = false
            unrecorded.withLock { [attempt] in $0.append(attempt) }
        }
        return attempt
    }

    private func record(_ attempt: Attempt) async throws {
        let (event, endpoint, result, at) = (attempt.event, attempt.endpoint, attempt.result, attempt.at)
        switch result.kind {
        case .delivered:
            // A transport without statuses leaves zero.
            let status = result.status ?? 0
            try await store.write { try $0.recordDelivered(event, to: endpoint.name, status: status, at: at) }
        case .gone:
            let disabled = DisabledEndpoint(
                name: endpoint.name, place: endpoint.place, at: at, status: result.status, cause: attempt.cause)
            let change = Change(actor: "rota", at: at, cause: "it wants no more events: \(attempt.cause)")
            _ = try await store.write { try $0.disableEndpoint(disabled, refusing: event, change: change) }
        case .failed:
            let (cause, next) = (attempt.cause, attempt.nextAttemptAt)
            try await store.write { store in
                try store.recordFailed(
                    event, to: endpoint.name, status: result.status, cause: cause, nextAttemptAt: next, at: at)
            }
        }
    }

    /// Nil: a dead letter.
    private func nextAttempt(
        of delivery: Delivery, at endpoint: Endpoint, after result: DeliveryResult, _ now: Instant
    ) -> Instant? {
        guard endpoint.retries.indices.contains(delivery.attempts) else { return nil }
        let wait = endpoint.retries[delivery.attempts].seconds
        let asked = min(result.retryAfter ?? .zero, Self.longestWait).seconds
        return now + TimeSpan(seconds: max(wait + jitter(of: wait), asked))
    }

    /// Up to a tenth more, so that what failed together does not come back together.
    private func jitter(of wait: Int64) -> Int64 {
        let drawn = random.bytes(2).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        return wait * (drawn % 101) / 1000
    }
}

/// What one pass over the outbox did: deliveries, each of one event to one endpoint, however often it was tried.
package struct DeliveryTotals: Hashable, Sendable {
    package var delivered = 0
    /// Deliveries whose attempts failed, and that will be tried again.
    package var failed = 0
    /// Deliveries that were given up in this pass: dead letters.
    package var dead = 0
    /// The endpoints that were let be for the rest of the pass, and why. Their queues are kept.
    package var resting: [String: String] = [:]
    /// The endpoints that want no more events, and what they answered. Their queues are kept until somebody asks
    /// them again.
    package var disabled: [String: String] = [:]

    package init() {}

    /// Whether nothing was sent.
    package var isIdle: Bool { delivered + failed + dead == 0 && resting.isEmpty }

    /// An attempt that was recorded later than it was made.
    fileprivate mutating func count(_ attempt: Attempt) {
        switch attempt.result.kind {
        case .delivered: delivered += 1
        // Whoever reads the store next finds it disabled.
        case .gone: break
        case .failed: if attempt.nextAttemptAt == nil { dead += 1 } else { failed += 1 }
        }
    }

    fileprivate mutating func add(_ other: DeliveryTotals) {
        delivered += other.delivered
        failed += other.failed
        dead += other.dead
        resting.merge(other.resting) { first, _ in first }
        disabled.merge(other.disabled) { first, _ in first }
    }
}

/// One attempt that is over.
private struct Attempt: Sendable {
    var event: String
    var endpoint: Endpoint
    var result: DeliveryResult
    var nextAttemptAt: Instant?
    var at: Instant
    /// False: the disk was full.
    var isRecorded = true

    var cause: String { result.cause ?? "it was not accepted" }
}

/// How one endpoint fares in this pass.
private struct EndpointPass: Sendable {
    private var totals = DeliveryTotals()
    /// It asked not to be spoken to before this.
    private(set) var pausedUntil: Instant?
    /// Why it is let be for the rest of the pass.
    private(set) var restingCause: String?
    /// It wants no more at all.
    private var isGone = false
    private var failuresInARow = 0
    /// The events that it has not taken, and that are tried again.
    private var failing: Set<String> = []

    func mayStart(at now: Instant) -> Bool {
        restingCause == nil && pausedUntil.map { $0 <= now } ?? true
    }

    mutating func note(_ attempt: Attempt, patience: Int) {
        let cause = attempt.cause
        switch attempt.result.kind {
        case .delivered:
            totals.delivered += 1
            failing.remove(attempt.event)
            failuresInARow = 0
        case .gone:
            isGone = true
            restingCause = cause
        case .failed:
            if attempt.nextAttemptAt == nil {
                totals.dead += 1
                failing.remove(attempt.event)
            } else {
                failing.insert(attempt.event)
            }
            failuresInARow += 1
            if let asked = attempt.result.retryAfter { pause(until: attempt.at + asked) }
            if failuresInARow >= patience, restingCause == nil {
                restingCause = "\(failuresInARow) attempts in a row failed, the last one with: \(cause)"
            }
        }
    }

    /// - parameter name: of the endpoint.
    func totals(of name: String) -> DeliveryTotals {
        var totals = totals
        totals.failed = failing.count
        if let restingCause {
            if isGone { totals.disabled[name] = restingCause } else { totals.resting[name] = restingCause }
        }
        return totals
    }

    private mutating func pause(until instant: Instant) {
        pausedUntil = max(pausedUntil ?? instant, instant)
    }
}
