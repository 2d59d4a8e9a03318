package import RotaCore

/// What keeps anything destructive from being done: nothing is rotated, retired, revoked by a policy or marked as
/// expired meanwhile. Verification goes on, and so does what only looks (I12).
///
/// The store asks for it in the transaction of each transition, so that none slips through between a look and an act.
package enum Brake: Hashable, Sendable {
    /// Somebody said so.
    case frozen(Freeze)
    /// The configuration said so beforehand.
    case frozenByCalendar(FreezeCalendar.Span)
    /// The store is not the one that was written down beside it.
    case unreconciled(StoreDoubt)
    /// The wall clock cannot be acted on.
    case suspectClock(ClockDoubt)

    /// For scripts; also the word in an audit entry.
    package var code: String {
        switch self {
        case .frozen: "frozen"
        case .frozenByCalendar: "frozen-by-calendar"
        case .unreconciled(.restored): "store-restored"
        case .unreconciled(.copied): "store-copied"
        case .suspectClock: "clock-suspect"
        }
    }

    /// All that there are.
    package static let codes = ["frozen", "frozen-by-calendar", "store-restored", "store-copied", "clock-suspect"]

    /// For people, without a time that passes: the same for as long as it stands.
    package var message: String {
        switch self {
        case .frozen(let freeze):
            "frozen \(freeze.endsAt.map { "until \($0)" } ?? "until somebody unfreezes it") by \(freeze.actor): "
                + freeze.reason
        case .frozenByCalendar(let span): "frozen until \(span.end) by the freeze calendar: \(span.reason)"
        case .unreconciled(let doubt): "the store is in safe mode: \(doubt.message)"
        case .suspectClock(let doubt): "the clock is suspect: \(doubt.message)"
        }
    }

    package var hint: String {
        switch self {
        case .frozen: "when it may go on: rota unfreeze"
        case .frozenByCalendar:
            "it ends by itself; if it must go on sooner, change 'freeze-calendar' in the configuration"
        case .unreconciled: "compare it with the vaults: rota store reconcile --dry-run; see Docs/Operations.md"
        case .suspectClock: "set the clock right; if it is, and was wrong before: rota run --trust-clock"
        }
    }
}

/// A stop of everything destructive that a person asked for.
package struct Freeze: Hashable, Sendable {
    package var reason: String
    package var actor: String
    package var begunAt: Instant
    /// Nil: until somebody ends it.
    package var endsAt: Instant?

    package init(reason: String, actor: String, begunAt: Instant, endsAt: Instant?) {
        self.reason = reason
        self.actor = actor
        self.begunAt = begunAt
        self.endsAt = endsAt
    }
}

/// A freeze that is on, or was.
package struct PastFreeze: Hashable, Sendable {
    package var freeze: Freeze
    /// When somebody ended it, or another one took its place; nil where nobody has.
    package var endedAt: Instant?

    package init(_ freeze: Freeze, endedAt: Instant?) {
        self.freeze = freeze
        self.endedAt = endedAt
    }

    /// When it ended, or is to end; nil: when somebody ends it.
    package var until: Instant? { [freeze.endsAt, endedAt].compactMap(\.self).min() }

    package func isOn(at now: Instant) -> Bool { freeze.begunAt <= now && until.map { $0 > now } ?? true }

    /// How many are told at the most.
    package static let mostTold = 100
}

/// Why a store may not be the one that it says it is.
package enum StoreDoubt: Hashable, Sendable {
    /// It is older than what was written down beside it: what was done since is not in it.
    case restored(String)
    /// It is another file, or on another machine: the one that it was copied from may be at work, too.
    case copied(String)

    package var message: String {
        switch self {
        case .restored(let how): "it was restored to an older state (\(how))"
        case .copied(let how): "it was copied or put back (\(how))"
        }
    }
}

/// Why a wall clock cannot be acted on.
package enum ClockDoubt: Hashable, Sendable {
    /// It is behind what the store has recorded.
    case behind(ClockLag)
    /// It moved as no clock does since it was last looked at.
    case jumped(ClockJump)

    package var message: String {
        switch self {
        case .behind(let lag):
            "it shows \(lag.now), and the store has recorded \(lag.recorded), \(lag.span.spoken) later"
        case .jumped(let jump): jump.description
        }
    }
}

extension StoreQueue {
    /// What keeps anything destructive from being done now; nil where nothing does.
    package func brake(at now: Instant) async throws -> Brake? {
        try await surely { try $0.brake(at: now) }
    }

    /// The same by a clock that is judged beside what was recorded and kept: for commands that do one thing.
    package func brake(by reading: ClockReading) async throws -> Brake? {
        try await surely { try $0.brake(by: reading) }
    }

    private func surely(_ look: @escaping @Sendable (any Store) throws -> Brake?) async throws -> Brake? {
        let brake = try await read { try look($0) }
        // A read may see an older state of the store than what is beside it tells of: only a transaction knows.
        guard case .unreconciled? = brake else { return brake }
        return try await write { try look($0) }
    }
}
