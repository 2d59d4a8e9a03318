import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

struct DeliverTests {
    private static let refused = DeliveryResult(.failed, status: 500, cause: "status 500")
    private static let accepted = DeliveryResult(.delivered, status: 200)

    /// How many deliveries are in the outbox.
    private func waiting(_ fixture: RunFixture) async throws -> Int {
        try await fixture.store.read { try $0.deliveryCounts().waiting }
    }

    @Test func `what waits is delivered once`() async throws {
        let hook = Endpoint.named("hook")
        let fixture = try RunFixture(endpoints: [hook])
        for number in 1...100 { try await fixture.addToken("t\(number)") }
        let transport = ScriptedTransport([hook])
        let totals = try await fixture.deliverer(transport).deliverDue(within: TimeSpan(seconds: 10))
        #expect(totals.delivered == 100)
        #expect(try await waiting(fixture) == 0)
        #expect(Set(transport.attempts.map(\.event)).count == 100)
        let again = try await fixture.deliverer(transport).deliverDue(within: TimeSpan(seconds: 10))
        #expect(again == DeliveryTotals())
    }

    @Test func `an event that fails twice is delivered at the third attempt, under the same id`() async throws {
        let hook = Endpoint.named("hook")
        let fixture = try RunFixture(endpoints: [hook])
        try await fixture.addToken("ci")
        let transport = ScriptedTransport([hook]) { _, _, number in
            number < 3 ? Self.refused : Self.accepted
        }
        let totals = try await fixture.deliverer(transport).deliverDue(within: .hours(1))
        #expect(totals.delivered == 1)
        #expect(totals.failed == 0, "one event, which got through in the end")
        #expect(try await waiting(fixture) == 0)
        let attempts = transport.attempts
        #expect(Set(attempts.map(\.event)).count == 1)
        try #require(attempts.count == 3)
        #expect((5...6).contains((attempts[1].at - attempts[0].at).seconds))
        #expect((300...331).contains((attempts[2].at - attempts[1].at).seconds))
    }

    @Test func `nothing is tried later than the time given`() async throws {
        let hook = Endpoint.named("hook")
        let fixture = try RunFixture(endpoints: [hook])
        try await fixture.addToken("ci")
        let transport = ScriptedTransport([hook]) { _, _, _ in Self.refused }
        let totals = try await fixture.deliverer(transport).deliverDue(within: TimeSpan(seconds: 60))
        #expect(transport.attempts.count == 2)
        #expect(totals.failed == 1, "one event, however often it was tried")
        #expect(try await waiting(fixture) == 1)
        #expect(fixture.clock.now() <= RunFixture.epoch + TimeSpan(seconds: 60))
    }

    @Test(.timeLimit(.minutes(1))) func `a slow endpoint delays no other one`() async throws {
        let slow = Endpoint.named("a-slow")
        let quick = Endpoint.named("b-quick")
        let fixture = try RunFixture(endpoints: [slow, quick])
        for number in 1...20 { try await fixture.addToken("t\(number)") }
        let delivered = Locked(0)
        let transport = ScriptedTransport([slow, quick]) { _, endpoint, _ in
            if endpoint.name == quick.name {
                delivered.withLock { $0 += 1 }
            } else {
                // It answers only after the other one has everything.
                while delivered.withLock({ $0 }) < 20 { await Task.yield() }
            }
            return Self.accepted
        }
        let totals = try await fixture.deliverer(transport).deliverDue(within: TimeSpan(seconds: 10))
        #expect(totals.delivered == 40)
    }

    @Test func `after the last retry it is a dead letter`() async throws {
        let hook = Endpoint.named("hook", retries: [TimeSpan(seconds: 5)])
        let fixture = try RunFixture(endpoints: [hook])
        try await fixture.addToken("ci")
        let transport = ScriptedTransport([hook]) { _, _, _ in Self.refused }
        let totals = try await fixture.deliverer(transport).deliverDue(within: .hours(1))
        #expect(totals.failed == 0)
        #expect(totals.dead == 1)
        #expect(try await waiting(fixture) == 0)
        let counts = try await fixture.store.read { try $0.deliveryCounts() }
        #expect(counts.dead == 1)
        #expect(transport.attempts.count == 2)
    }

    private static let gone = DeliveryResult(.gone, status: 410, cause: "status 410")

    private static func endpoint(_ name: String, at url: String) -> Endpoint {
        Endpoint(name: name, events: [Glob("*")], retries: [], place: Endpoint.place(at: url))
    }

    @Test func `410 disables an endpoint for good, its queue waits, and others are delivered`() async throws {
        let gone = Self.endpoint("gone", at: "https://a")
        let fine = Endpoint.named("fine")
        let fixture = try RunFixture(endpoints: [gone, fine])
        for number in 1...200 { try await fixture.addToken("t\(number)") }
        let transport = ScriptedTransport([gone, fine]) { _, endpoint, _ in
            endpoint.name == "gone" ? Self.gone : Self.accepted
        }
        let totals = try await fixture.deliverer(transport).deliverDue(within: .hours(1))
        #expect(totals.delivered == 200)
        #expect(totals.disabled == ["gone": "status 410"])
        #expect(totals.dead == 0)
        #expect(try await waiting(fixture) == 200)
        let attempts = transport.attempts(at: "gone").count
        #expect(attempts <= 8)
        // Another process, another day.
        fixture.clock.advance(by: .days(1))
        let again = try await fixture.deliverer(transport).deliverDue(within: .hours(1))
        #expect(again.disabled == ["gone": "status 410"])
        #expect(again.isIdle)
        #expect(transport.attempts(at: "gone").count == attempts, "nothing is sent")
        let kept = try await fixture.store.read { try $0.disabledEndpoints() }
        #expect(kept.map(\.name) == ["gone"] && kept.map(\.at) == [RunFixture.epoch])
    }

    @Test func `a disabled endpoint is asked again at another address, or when somebody enables it`() async throws {
        let old = Self.endpoint("hook", at: "https://a")
        let fixture = try RunFixture(endpoints: [old])
        try await fixture.addToken("ci")
        let refusing = ScriptedTransport([old]) { _, _, _ in Self.gone }
        _ = try await fixture.deliverer(refusing).deliverDue(within: .hours(1))
        let change = fixture.change()
        #expect(try await fixture.store.write { try $0.enableEndpoint("hook", change: change) })
        _ = try await fixture.deliverer(refusing).deliverDue(within: .hours(1))
        #expect(refusing.attempts.count == 2)
        let moved = ScriptedTransport([Self.endpoint("hook", at: "https://b")])
        let totals = try await fixture.deliverer(moved).deliverDue(within: .hours(1))
        #expect(totals.delivered == 1 && totals.disabled.isEmpty, "with all its attempts before it")
        #expect(try await fixture.store.read { try $0.disabledEndpoints() }.isEmpty)
    }

    @Test func `an endpoint that is down costs few attempts, and the rest of its queue keeps its own`()
        async throws
    {
        let down = Endpoint.named("down")
        let fixture = try RunFixture(endpoints: [down])
        for number in 1...200 { try await fixture.addToken("t\(number)") }
        let transport = ScriptedTransport([down]) { _, _, _ in
            DeliveryResult(.failed, cause: "request not sent: connection refused")
        }
        let totals = try await fixture.deliverer(transport).deliverDue(within: .hours(1))
        #expect(transport.attempts.count <= 16)
        #expect(totals.resting["down"]?.contains("connection refused") == true)
        #expect(try await waiting(fixture) == 200)
    }

    @Test(
        arguments: [
            (TimeSpan(seconds: 90), 90...96), (TimeSpan(seconds: 1), 5...6),
            (TimeSpan.days(30), 86_400...86_400),
        ] as [(TimeSpan, ClosedRange<Int64>)])
    func `a Retry-After makes the wait longer, within reason`(asked: TimeSpan, wait: ClosedRange<Int64>)
        async throws
    {
        let hook = Endpoint.named("hook")
        let fixture = try RunFixture(endpoints: [hook])
        try await fixture.addToken("ci")
        let transport = ScriptedTransport([hook]) { _, _, _ in
            DeliveryResult(.failed, status: 429, cause: "status 429", retryAfter: asked)
        }
        _ = try await fixture.deliverer(transport).deliverDue(within: TimeSpan(seconds: 0))
        let due = try #require(try await fixture.store.read { try $0.nextDeliveryDue(endpoint: "hook") })
        #expect(wait.contains((due - RunFixture.epoch).seconds))
    }

    @Test(.timeLimit(.minutes(1))) func `an event that was sent but not recorded is sent again under its id`()
        async throws
    {
        let hook = Endpoint.named("hook")
        let fixture = try RunFixture(endpoints: [hook])
        try await fixture.addToken("ci")
        let sent = Locked(false)
        let dying = ScriptedTransport([hook]) { _, _, _ in
            sent.withLock { $0 = true }
            // The process is stopped before the answer is written down.
            while !Task.isCancelled { await Task.yield() }
            return Self.accepted
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await fixture.deliverer(dying).deliverDue(within: .hours(1)) }
            while !sent.withLock({ $0 }) { await Task.yield() }
            group.cancelAll()
        }
        let transport = ScriptedTransport([hook])
        let totals = try await fixture.deliverer(transport).deliverDue(within: TimeSpan(seconds: 10))
        #expect(totals.delivered == 1)
        #expect(transport.attempts.map(\.event) == dying.attempts.map(\.event))
    }

    @Test func `what waits for an endpoint that is not configured any more is given up, and the rest is sent`()
        async throws
    {
        let (stays, goes) = (Endpoint.named("stays"), Endpoint.named("goes"))
        let fixture = try RunFixture(endpoints: [stays, goes])
        for number in 1...3 { try await fixture.addToken("t\(number)") }
        let deliverer = fixture.deliverer(ScriptedTransport([stays]))
        #expect(try await deliverer.giveUpUnconfigured() == ["goes": 3])
        #expect(try await deliverer.giveUpUnconfigured() == [:])
        #expect(try await deliverer.deliverDue(within: TimeSpan(seconds: 10)).delivered == 3)
        #expect(try await fixture.store.read { try $0.deliveryCounts().dead } == 3)
    }

    @Test func `an attempt that we cut short does not count`() async throws {
        let hook = Endpoint.named("hook")
        let fixture = try RunFixture(endpoints: [hook])
        try await fixture.addToken("ci")
        let transport = ScriptedTransport([hook]) { _, _, _ in
            withUnsafeCurrentTask { $0?.cancel() }
            return DeliveryResult(.failed, cause: "request cancelled")
        }
        await #expect(throws: CancellationError.self) {
            try await fixture.deliverer(transport).deliverDue(within: .hours(1))
        }
        let waiting = try await fixture.store.read {
            try $0.dueDeliveries(endpoint: "hook", at: RunFixture.epoch, limit: 10)
        }
        #expect(waiting.map(\.attempts) == [0])
    }

    @Test func `what was sent while the disk was full is not sent again, and nothing else is until it is written`()
        async throws
    {
        let hook = Endpoint.named("hook")
        let fixture = try RunFixture(endpoints: [hook])
        for number in 1...20 { try await fixture.addToken("t\(number)") }
        let isFull = Locked(false)
        let store = StoreQueue(try openFillingStore(at: fixture.location, isFull: { isFull.withLock(\.self) })) {
            Issue.record("the store's outcome is unknown: \($0)")
        }
        let transport = ScriptedTransport([hook]) { _, _, number in
            isFull.withLock { $0 = true }
            return number == 1 ? Self.refused : Self.accepted
        }
        let deliverer = Deliverer(store: store, transport: transport, clock: fixture.clock, random: fixture.random)
        for _ in 1...3 {
            await #expect(throws: StoreError.full) { try await deliverer.deliverDue(within: TimeSpan(seconds: 1)) }
            #expect((1...8).contains(transport.attempts.count))
        }
        let before = transport.attempts
        isFull.withLock { $0 = false }
        // The transport fills it again at its first attempt.
        await #expect(throws: StoreError.full) { try await deliverer.deliverDue(within: TimeSpan(seconds: 1)) }
        #expect(try await waiting(fixture) == 20 - (before.count - 1))
        let events = transport.attempts.map(\.event)
        #expect(events.count > before.count && Set(events).count == events.count, "none was sent twice")
        await store.close()
    }

    @Test func `what is written down late counts in the pass that writes it`() async throws {
        let hook = Endpoint.named("hook")
        let fixture = try RunFixture(endpoints: [hook])
        try await fixture.addToken("ci")
        let isFull = Locked(true)
        let store = StoreQueue(try openFillingStore(at: fixture.location, isFull: { isFull.withLock(\.self) })) {
            Issue.record("the store's outcome is unknown: \($0)")
        }
        let transport = ScriptedTransport([hook])
        let deliverer = Deliverer(store: store, transport: transport, clock: fixture.clock, random: fixture.random)
        await #expect(throws: StoreError.full) { try await deliverer.deliverDue(within: TimeSpan(seconds: 1)) }
        isFull.withLock { $0 = false }
        let ended = Locked(0)
        let totals = try await deliverer.deliverDue(within: TimeSpan(seconds: 1)) { ended.withLock { $0 += 1 } }
        #expect((totals.delivered, ended.withLock(\.self), transport.attempts.count) == (1, 1, 1))
        #expect(try await waiting(fixture) == 0)
        await store.close()
    }
}
