import Crypto
import Engine
import JSON
import RotaCore
import SQLite

/// What is asked before anything destructive, and how each brake is put on and let go.
extension SQLStore {
    func brake(at now: Instant) throws -> Brake? {
        if let doubt = try doubt() { return .unreconciled(doubt) }
        if let clockDoubt = clockDoubt ?? clockLook?() { return .suspectClock(clockDoubt) }
        if let freeze = try freeze(at: now) { return .frozen(freeze) }
        return calendar?.freeze(at: now).map { .frozenByCalendar($0) }
    }

    /// Every transition that destroys something begins with this, in its own transaction.
    func requireReleased(at now: Instant) throws {
        if let brake = try brake(at: now) { throw StoreError.held(brake) }
    }

    /// Every change of what is accepted, and of where it is to be, begins with this: a store that has lost what was
    /// done last must not undo it.
    func requireReconciled() throws {
        if let doubt = try doubt() { throw StoreError.held(.unreconciled(doubt)) }
    }

    // MARK: - Freezing

    func freeze(at now: Instant) throws -> Freeze? {
        try driver.first(.presentFreeze, [.of(now)]) { row in
            Freeze(
                reason: row.text(0), actor: row.text(1), begunAt: row.instant(2), endsAt: row.optionalInstant(3))
        }
    }

    func freezes(from start: Instant, to end: Instant) throws -> [PastFreeze] {
        try driver.all(.pastFreezes, [.of(start), .of(end), .integer(Int64(PastFreeze.mostTold))]) { row in
            PastFreeze(
                Freeze(
                    reason: row.text(0), actor: row.text(1), begunAt: row.instant(2), endsAt: row.optionalInstant(3)),
                endedAt: row.optionalInstant(4))
        }
    }

    func freeze(_ freeze: Freeze, change: Change) throws {
        let former = try self.freeze(at: change.at)
        try driver.execute(.endFreeze, [.of(change.at)])
        try driver.execute(
            .beginFreeze, [.text(freeze.reason), .text(freeze.actor), .of(freeze.begunAt), .of(freeze.endsAt)])
        let details: JSON.Object = ["reason": .string(freeze.reason), "ends_at": .of(freeze.endsAt)]
        try audit(
            "store.freeze", of: try identity().instance, change, before: former?.image ?? [:],
            .joining(details, ["actor": .string(freeze.actor), "begun_at": .of(freeze.begunAt)]))
        try emit("store.frozen", change, details)
    }

    func followCalendar(_ calendar: FreezeCalendar?) { self.calendar = calendar }

    func unfreeze(change: Change) throws -> Bool {
        let present = try freeze(at: change.at)
        guard try driver.execute(.endFreeze, [.of(change.at)]) > 0, let present else { return false }
        let details: JSON.Object = ["reason": .string(present.reason), "begun_at": .of(present.begunAt)]
        try audit("store.unfreeze", of: try identity().instance, change, before: present.image, details)
        try emit("store.unfrozen", change, details)
        return true
    }

    // MARK: - The clock

    func clockMark() -> ClockMark? { mark?.read()?.mark.clock }

    func keepClock(_ clock: ClockMark) { keptClock = clock }

    func distrustClock(_ doubt: ClockDoubt?) { clockDoubt = doubt }

    func watchClock(by look: (@Sendable () -> ClockDoubt?)?) { clockLook = look }

    func trustClock(_ doubt: ClockDoubt, change: Change) throws {
        let details: JSON.Object =
            switch doubt {
            case .behind(let lag): ["recorded": .of(lag.recorded), "behind_seconds": .integer(lag.span.seconds)]
            case .jumped(let jump): ["jump": .string(jump.description)]
            }
        try audit(ClockLag.confirmation, of: "clock", change, details)
    }

    // MARK: - Restored and copied stores

    func doubt() throws -> StoreDoubt? {
        // In a transaction nobody else writes, so that it stays as it was at its beginning, or ends in it.
        if driver.isInTransaction { return try doubtAtBegin == nil || isReconciled() ? nil : doubtAtBegin }
        return try lookForDoubt()
    }

    /// Whether the transaction that is under way has ended the doubt. The store itself says so: what was undone to a
    /// savepoint did not happen.
    private func isReconciled() throws -> Bool {
        guard let begunGeneration else { return false }
        return try identity().generation == begunGeneration
    }

    func lookForDoubt() throws -> StoreDoubt? {
        guard let mark else { return nil }
        return try mark.doubt(of: try identity(), entry: digestOfEntry)
    }

    private func digestOfEntry(_ number: Int64) throws -> String? {
        try driver.first(.auditEntryBody, [.integer(number)]) { Self.digest(ofEntry: $0.text(0)) }
    }

    private static func digest(ofEntry body: String) -> String {
        "sha256:" + Hex.encode(SHA256.digest(of: Array(body.utf8)))
    }

    /// What is to be written beside the store once this transaction is committed; nil where nothing has changed that
    /// the mark tells of, or the store is in doubt.
    func nextMark() throws -> ((FileIdentity, FileIdentity) -> StoreMark)? {
        let isReconciled = try isReconciled()
        guard let mark, doubtAtBegin == nil || isReconciled, hasAudited || isReconciled || keptClock != nil else {
            return nil
        }
        let newest = try driver.first(.newestAuditBody, []) { row in
            StoreMark.Entry(number: row.integer(0), digest: Self.digest(ofEntry: row.text(1)))
        }
        guard let newest else { return nil }
        let identity = try identity()
        let clock = keptClock ?? (doubtAtBegin == nil ? mark.read()?.mark.clock : nil)
        return { store, own in
            StoreMark(
                instance: identity.instance, generation: identity.generation, newest: newest, store: store, own: own,
                machine: machineName, clock: clock)
        }
    }

    func beginGeneration(
        after identity: StoreIdentity, id: String, instance: String?, totals: [String: Int], change: Change
    ) throws -> Bool {
        let left = mark?.read()?.mark
        // Of a backup that is restored again, too.
        let latest = left?.instance == identity.instance ? left?.generation ?? 0 : 0
        let generation = max(identity.generation, latest) + 1
        let (old, new) = (String(identity.generation), String(generation))
        guard try self.identity().instance == identity.instance,
            try driver.execute(.changeFact, [.text("generation"), .text(old), .text(new)]) == 1
        else { return false }
        try driver.execute(.setFact, [.text("generation_id"), .text(id)])
        if let instance {
            try driver.execute(.changeFact, [.text("instance"), .text(identity.instance), .text(instance)])
        }
        var details: JSON.Object = [
            "generation": .integer(generation), "generation_id": .string(id),
            "instance": .string(instance ?? identity.instance),
            "doubt": .of(try doubt()?.message),
        ]
        for (key, count) in totals.sorted(by: { $0.key < $1.key }) { details[key] = .integer(count) }
        let before: JSON.Object = [
            "generation": .integer(identity.generation), "generation_id": .string(identity.generationID),
            "instance": .string(identity.instance),
        ]
        try audit("store.reconcile", of: instance ?? identity.instance, change, before: before, details)
        try emit("store.reconciled", change, details)
        begunGeneration = generation
        return true
    }
}

extension Freeze {
    fileprivate var image: JSON.Object {
        [
            "reason": .string(reason), "ends_at": .of(endsAt), "actor": .string(actor), "begun_at": .of(begunAt),
        ]
    }
}
