import Crypto
import RotaCore

/// What keeps a daemon from doing anything destructive, looked at before each turn and told when it changes (I12).
///
/// One for as long as the process lives: a reload proves nothing about the clock, so it must not end a suspicion.
package final class BrakeWatch: Sendable {
    private let clock: any WallClock
    private let log: any ServiceLog
    private let state = Locked(State())

    private struct State {
        var watch = ClockWatch()
        /// The clock has once been where the store is.
        var isAbreast = false
        /// When the clock was kept for the next process.
        var keptAt: ClockReading?
        var brake: Brake?
    }

    /// How often the clock is kept for the next process.
    private static let keepsEvery = TimeSpan(seconds: 60)

    /// - parameter log: told when something destructive is not done any more, and when it is again.
    package init(_ clock: any WallClock, log: any ServiceLog) {
        self.clock = clock
        self.log = log
    }

    /// What it was at the last look.
    package var present: Brake? { state.withLock(\.brake) }

    /// Whether nothing is in the way now.
    func isReleased(_ store: StoreQueue) async throws -> Bool {
        let doubt = try await clockDoubt(beside: store)
        try await store.read { store in
            store.distrustClock(doubt)
            // From then on the gate looks by itself: a pass may be long.
            store.watchClock { self.look() }
        }
        let brake = try await store.brake(at: clock.now())
        let before = state.withLock { state in
            defer { state.brake = brake }
            return state.brake
        }
        tell(brake, after: before)
        return brake == nil
    }

    private func tell(_ brake: Brake?, after before: Brake?) {
        // A clock that goes on being suspect shows other numbers each time.
        guard brake != before, brake?.code != before?.code || brake?.code == "frozen" else { return }
        if let before, before.code != brake?.code { log.info(before.release) }
        guard let brake else { return }
        let fields = [LogField("cause", brake.message), LogField("hint", brake.hint)]
        switch brake {
        case .frozen, .frozenByCalendar:
            log.write(.warning, "frozen: nothing is rotated, retired, revoked or expired", fields)
        case .unreconciled:
            log.write(.error, "the store is in safe mode: nothing is rotated, retired, revoked or expired", fields)
        case .suspectClock(let doubt):
            log.write(
                .error, "the clock is suspect: nothing is rotated, revoked or expired by it", doubt.fields + [fields[1]]
            )
        }
    }

    // MARK: - The clock

    private func look() -> ClockDoubt? {
        state.withLock { state in
            _ = state.watch.observe(clock.reading())
            return state.watch.suspicion.map { ClockDoubt.jumped($0) }
        }
    }

    /// Looks at the clock, beside what was recorded and what was seen of it before.
    private func clockDoubt(beside store: StoreQueue) async throws -> ClockDoubt? {
        let reading = clock.reading()
        // From then on the watch sees to it.
        if state.withLock({ !$0.isAbreast }) {
            if let doubt = try await store.write({ try $0.doubt(of: reading) }) { return doubt }
            state.withLock { $0.isAbreast = true }
        }
        var doubt = state.withLock { state in
            _ = state.watch.observe(reading)
            return state.watch.suspicion
        }
        if doubt != nil, let mark = try await store.read({ $0.clockMark() }) {
            doubt = state.withLock { state in
                state.watch.confirm(by: mark.trusted, at: reading)
                return state.watch.suspicion
            }
        }
        if doubt == nil { try await keep(reading, in: store) }
        return doubt.map { .jumped($0) }
    }

    private func keep(_ reading: ClockReading, in store: StoreQueue) async throws {
        let isDue = state.withLock { state in
            state.keptAt.map { reading.uptime - $0.uptime >= Self.keepsEvery } ?? true
        }
        guard isDue else { return }
        try await store.write { $0.keepClock(ClockMark(trusted: reading)) }
        state.withLock { $0.keptAt = reading }
    }
}

extension Brake {
    /// What is told when it has gone.
    fileprivate var release: String {
        switch self {
        case .frozen, .frozenByCalendar: "not frozen any more"
        case .unreconciled: "the store is reconciled"
        case .suspectClock: "the clock is trusted again"
        }
    }
}

extension ClockDoubt {
    fileprivate var fields: [LogField] {
        switch self {
        case .behind(let lag):
            [
                LogField("clock", lag.now), LogField("recorded", lag.recorded),
                LogField("behind", lag.span.spoken),
            ]
        case .jumped(let jump):
            [LogField("jump", jump), LogField("until_steady_for", ClockWatch.probation.spoken)]
        }
    }
}
