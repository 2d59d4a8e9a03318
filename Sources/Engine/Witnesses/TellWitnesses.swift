package import RotaCore
import TransparencyLog

/// Gives the newest checkpoint of the audit log to witnesses, at least once, each when its turn comes.
///
/// What a witness holds already is looked at first: where the log does not go on from there, nothing is given to it, so
/// that what it holds stays. Witnesses are told side by side, and a slow one delays no other. A crash between giving
/// and writing down gives the same checkpoint again.
package struct TellWitnesses: Sendable {
    /// A configured witness.
    package struct Charge: Sendable {
        package var witness: any CheckpointWitness
        /// How often it is told, where the log has grown.
        package var interval: TimeSpan

        package init(_ witness: any CheckpointWitness, every interval: TimeSpan) {
            self.witness = witness
            self.interval = interval
        }
    }

    /// How it stands with one of them.
    package struct Standing: Sendable {
        package var name: String
        package var kind: String
        package var interval: TimeSpan
        package var turn: WitnessTurn
        /// What is known of it at its present place.
        package var record: WitnessRecord?
    }

    /// What came of telling one of them.
    package struct Result: Hashable, Sendable {
        /// How it ended.
        package enum Outcome: Hashable, Sendable {
            case taken
            /// It had this very checkpoint.
            case alreadyHeld
            case failed(String)
        }

        package var name: String
        package var kind: String
        /// How many entries the checkpoint covers.
        package var size: Int
        package var outcome: Outcome
        /// Whether the attempt before had failed.
        package var hadFailed: Bool

        package var cause: String? { if case .failed(let cause) = outcome { cause } else { nil } }
    }

    private let store: StoreQueue
    private let charges: [Charge]
    private let clock: any WallClock
    private let actor: AuditActor
    private let given: @Sendable (String) -> Void

    /// How long one of them may take, in milliseconds.
    private static let patience: Int64 = 60_000

    /// - parameter given: called when a witness has taken a checkpoint, before that is written down.
    package init(
        store: StoreQueue, charges: [Charge], clock: any WallClock, actor: AuditActor,
        given: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.store = store
        self.charges = charges
        self.clock = clock
        self.actor = actor
        self.given = given
    }

    /// How it stands with each, in the order of the configuration.
    package func standings() async throws -> [Standing] {
        let (newest, records) = try await state()
        return charges.map { standing(of: $0, newest?.size, records) }
    }

    /// Tells those whose turn it is.
    ///
    /// - parameters:
    ///   - names: those alone, whether it is their turn or not; nil: all whose turn it is.
    ///   - milliseconds: how long one of them may take.
    /// - returns: what came of it, in the order of the configuration; nil where another process is at it.
    /// - throws: what the store throws, and `StoreError.refused` in a store that may be a copy: what it signs is no
    ///   checkpoint of the log that witnesses know.
    package func tell(_ names: Set<String>? = nil, within milliseconds: Int64 = patience) async throws -> [Result]? {
        guard !charges.isEmpty else { return [] }
        if let doubt = try await store.read({ try $0.doubt() }) {
            // Nobody has asked, and what is wrong is told elsewhere.
            guard names != nil else { return [] }
            throw StoreError.refused("no witness is told: \(doubt.message)", hint: "rota store reconcile")
        }
        let (newest, records) = try await state()
        let chosen = charges.enumerated().filter { _, charge in
            if let names { return names.contains(charge.witness.name) }
            return standing(of: charge, newest?.size, records).turn == .due
        }
        guard let newest, !chosen.isEmpty else { return [] }
        guard try await store.read({ $0.takeUpWitnesses() }) else { return nil }
        let results: Swift.Result<[Result], any Error>
        do {
            let told = try await withThrowingTaskGroup { group in
                for (place, charge) in chosen {
                    let record = known(charge, records)
                    group.addTask { (place, try await tell(charge, record, of: newest, milliseconds)) }
                }
                return try await group.reduce(into: [(Int, Result)]()) { $0.append($1) }
            }
            results = .success(told.sorted { $0.0 < $1.0 }.map(\.1))
        } catch { results = .failure(error) }
        try await store.read { $0.letGoWitnesses() }
        return try results.get()
    }

    /// The newest checkpoint, and what is known of witnesses.
    private func state() async throws -> (OfferedCheckpoint?, [WitnessRecord]) {
        try await store.read { store in
            let keys = try store.checkpointKeys().map(\.key)
            return (
                try store.newestCheckpoint().map { try OfferedCheckpoint($0, keys: keys) }, try store.witnesses()
            )
        }
    }

    private func standing(of charge: Charge, _ newest: Int?, _ records: [WitnessRecord]) -> Standing {
        let record = known(charge, records)
        let witness = charge.witness
        return Standing(
            name: witness.name, kind: witness.kind, interval: charge.interval,
            turn: WitnessTurn(
                of: record, at: witness.place, newest: newest, every: charge.interval, now: clock.now()),
            record: record)
    }

    /// What is known of it where it is now: what another place has taken, this one has not.
    private func known(_ charge: Charge, _ records: [WitnessRecord]) -> WitnessRecord? {
        records.first { $0.name == charge.witness.name && $0.place == charge.witness.place }
    }

    // MARK: - One of them

    private func tell(
        _ charge: Charge, _ record: WitnessRecord?, of checkpoint: OfferedCheckpoint, _ milliseconds: Int64
    ) async throws -> Result {
        let witness = charge.witness
        let outcome = try await attempt(witness, checkpoint, within: milliseconds)
        if outcome == .taken { given(witness.name) }
        let now = clock.now()
        let present = WitnessRecord(name: witness.name, kind: witness.kind, place: witness.place)
        if case .failed(let cause) = outcome {
            let failure = WitnessTurn.failure(after: record?.failure, cause, every: charge.interval, now: now)
            let change = Change(actor: actor, at: now, cause: cause)
            try await store.write { try $0.recordFailure(failure, of: present, change: change) }
        } else {
            let taken = WitnessRecord.Taken(size: checkpoint.size, at: now)
            let change = Change(actor: actor, at: now, cause: "it has the checkpoint of \(checkpoint.size) entries")
            try await store.write { try $0.recordTaken(taken, by: present, change: change) }
        }
        return Result(
            name: witness.name, kind: witness.kind, size: checkpoint.size, outcome: outcome,
            hadFailed: record?.failure != nil)
    }

    /// - throws: where the end was requested meanwhile, or the store cannot be read: that is no failure of the witness.
    private func attempt(
        _ witness: any CheckpointWitness, _ checkpoint: OfferedCheckpoint, within milliseconds: Int64
    ) async throws -> Result.Outcome {
        try await withThrowingTaskGroup(of: Result.Outcome?.self) { group in
            group.addTask {
                do { return try await give(checkpoint, to: witness) } catch let error as WitnessError {
                    return .failed(error.message)
                }
            }
            group.addTask {
                // The time that a witness has. It throws only where the witness was quicker, and this is cancelled.
                try? await clock.sleep(milliseconds: milliseconds)
                return nil
            }
            var outcome = try await group.next() ?? nil
            let isLate = outcome == nil
            group.cancelAll()
            // It may have taken it in the last moment.
            if isLate { outcome = try await group.next() ?? nil }
            try Task.checkCancellation()
            if isLate, outcome?.isFailure ?? true { return .failed("no answer within \(milliseconds / 1000) seconds") }
            return outcome ?? .failed("no answer")
        }
    }

    private func give(
        _ checkpoint: OfferedCheckpoint, to witness: any CheckpointWitness
    ) async throws -> Result.Outcome {
        if let held = try await witness.held(of: checkpoint.log) {
            if held == checkpoint.note { return .alreadyHeld }
            try await store.read { store in
                let keys = try store.checkpointKeys().compactMap { NoteKey($0.key) }
                try requireContinuation(of: held, by: store, keys)
            }
        }
        try await witness.take(checkpoint, at: clock.now())
        return .taken
    }
}

extension TellWitnesses.Result.Outcome {
    fileprivate var isFailure: Bool { if case .failed = self { true } else { false } }
}

/// Throws where the log is not one that goes on from a checkpoint that a witness holds.
private func requireContinuation(of held: String, by store: any CheckpointReads, _ keys: [NoteKey]) throws {
    guard let note = SignedNote(held), let checkpoint = Checkpoint(note.text) else {
        throw WitnessError("what it holds is no checkpoint, and is left as it is: give the witness a place of its own")
    }
    guard keys.contains(where: { note.isSigned(by: $0) }) else {
        throw WitnessError(
            "it holds a checkpoint of \(checkpoint.size) entries that no key of this log has signed, and is left as it "
                + "is: give the witness a place of its own")
    }
    let size = Int(try store.newestEntry())
    let isContinued = try checkpoint.size <= size && AuditTree(store).root(size: checkpoint.size) == checkpoint.root
    guard isContinued else {
        let how = checkpoint.size > size ? ", and has \(size)" : ""
        throw WitnessError(
            "the audit log does not go on from the checkpoint of \(checkpoint.size) entries that it holds\(how): it "
                + "was cut off, written anew, or put back from a backup; what it holds is left as it is")
    }
}
