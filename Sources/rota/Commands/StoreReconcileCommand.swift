import Crypto
import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let storeReconcile = Command(
        words: ["store", "reconcile"],
        summary: "compare a restored or copied store with the vaults, and let it act again",
        discussion: """
            Reads every destination and shows what would be done. Then, after a yes:
            A value of ours that destinations hold and the store has lost is taken back, so that nobody is locked
            out; where that cannot be, or with --no-adopt, the token is rotated at once. So is one whose
            destination holds a value that is not accepted any more. What is not ours is told and never touched.
            What an audit log that was kept elsewhere says was revoked or retired is ended again: give it with
            --audit, as 'rota audit tail --json' prints it.
            So are the last quarantine or restoration of each token, where it is later than what the store knows.
            A value that was retired and that a destination holds again stays valid until a rotation has replaced it.
            The store begins its next generation; a copy becomes another instance. All of it is one transaction.
            Under a freeze it does nothing (exit code 4), nor by a clock that is suspect, unless with --trust-clock.

            Where a copy is meant to replace a store, stop the other one for good: two that push into the same
            destinations undo each other's work. Whoever can write into a vault can have his value taken back by
            this: look at what is shown, or give --audit, which says which values are known.
            """,
        options: [
            Option("audit", "FILE", repeats: true, help: "an exported audit log: JSON, as a whole or line by line"),
            Option("no-adopt", help: "take no value back; rotate the tokens at once"),
            Option("new-instance", help: "make it another instance also where it was restored in its place"),
            Option("skip-unreadable", help: "go on though some destinations cannot be read"),
            Option("trust-clock", help: "the clock is right, though it jumped, or the store has recorded later times"),
            Option("dry-run", help: "show what would be done, and do nothing"),
            Option("yes", help: "do not ask"),
        ],
        examples: [
            "rota store reconcile --dry-run",
            "rota store reconcile --audit audit-2026-11.json --yes",
        ],
        exitCodes: [.done, .failed, .usage, .refused, .partlyFailed, .outcomeUnknown],
        run: reconcileStore)
}

/// An audit log of more than this is not read at once.
private let largestAudit = 512 << 20

private func reconcileStore(_ invocation: Invocation) async throws -> ExitCode {
    let arguments = invocation.arguments
    var audit = ExportedAudit()
    for path in arguments.all("audit") {
        audit.beginFile()
        try audit.read(path)
    }
    let composition = try Composition(invocation)
    let store = try composition.openQueue()
    let log = audit
    if !arguments.has("dry-run") { try await requireNoOtherBrake(on: store, composition) }
    return try await composition.withVaults { vaults in
        let useCase = ReconcileUseCase(
            store: store, rotator: composition.rotator(store, vaults), clock: invocation.clock,
            progress: Progress(on: invocation.output).report)
        let plan = try await useCase.compare(with: log, adopts: !arguments.has("no-adopt"))
        let extent = log.extent(besides: try await store.read { try $0.newestEntry() })
        let document = ReconcileDocument(plan: plan, log: extent)
        if !invocation.wantsJSON { document.print(on: invocation.output) }
        for remark in extent.remarks { invocation.output.warning(remark) }
        if arguments.has("dry-run") {
            if invocation.wantsJSON { invocation.output.document(document.json(nil)) }
            return .done
        }
        guard plan.unreadable.isEmpty || arguments.has("skip-unreadable") else {
            throw Failure(
                "\(counted(plan.unreadable.count, "destination")) cannot be read, so that nothing is known of them",
                hint: "mend the vault and try again; what it holds may be refused afterwards with --skip-unreadable")
        }
        if !arguments.has("yes") {
            guard invocation.mayAsk else {
                throw Failure.nobodyToAsk(hint: "look at what would be done with --dry-run, then give --yes")
            }
            guard Terminal.confirm("do this, and let the store act again? [y/N] ") else {
                throw Failure("nothing was changed")
            }
        }
        let isCopy = if case .copied? = plan.doubt { true } else { arguments.has("new-instance") }
        let instance = isCopy ? Hex.encode(invocation.random.bytes(16)) : nil
        guard
            let done = try await useCase.carryOut(
                plan, instance: instance, actor: Process.actor, reason: "store reconcile")
        else { throw Failure("somebody else has reconciled the store meanwhile") }
        if invocation.wantsJSON {
            invocation.output.document(document.json(done))
        } else {
            document.print(done, on: invocation.output)
        }
        return done.rotations.allSatisfy(\.isThrough) && done.notQuarantined.isEmpty ? .done : .partlyFailed
    }
}

/// Beside the doubt about the store, which a reconciliation ends, there may be a freeze, and the clock.
private func requireNoOtherBrake(on store: StoreQueue, _ composition: Composition) async throws {
    let invocation = composition.invocation
    let reading = invocation.clock.reading()
    let (freeze, doubt) = try await store.write { store in
        (try store.freeze(at: reading.wall), try store.clockDoubt(by: reading))
    }
    if let freeze { throw Failure(Brake.frozen(freeze)) }
    if let span = composition.configuration.freezeCalendar?.freeze(at: reading.wall) {
        throw Failure(Brake.frozenByCalendar(span))
    }
    guard let doubt else { return }
    guard invocation.arguments.has("trust-clock") else {
        throw Failure(
            "the clock is suspect, and nothing was done: \(doubt.message)",
            hint: "set the clock right; if it is: --trust-clock", code: .refused)
    }
    let change = Change(actor: Process.actor, at: reading.wall, cause: "store reconcile --trust-clock")
    try await store.write { store in
        try store.trustClock(doubt, change: change)
        store.keepClock(ClockMark(trusted: reading))
    }
    invocation.output.note("the clock is trusted, though \(doubt.message)")
}

extension ExportedAudit {
    /// As `rota audit tail --json` prints it, or one entry a line.
    fileprivate mutating func read(_ path: String) throws(Failure) {
        let bytes = try File(reading: path, waits: true).readAll(most: largestAudit)
        let before = count
        if let whole = try? JSON.parse(bytes, maximumBytes: largestAudit) {
            for entry in whole["entries"]?.array ?? [whole] { try take(entry, path) }
            return try requireEntries(after: before, path)
        }
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
            let entry: JSON
            do throws(JSONError) {
                entry = try JSON.parse(Array(line), maximumBytes: 1 << 20)
            } catch {
                throw .usage("\(path), line \(index + 1): \(error)", hint: Self.advice)
            }
            try take(entry, "\(path), line \(index + 1)")
        }
        try requireEntries(after: before, path)
    }

    /// The silence of a file that was not written, or of another one, would pass for a log without revocations.
    private func requireEntries(after before: Int, _ path: String) throws(Failure) {
        if count == before { throw .usage("\(path) has no entry of an audit log", hint: Self.advice) }
    }

    /// Any other JSON would count as an entry that says nothing.
    private mutating func take(_ entry: JSON, _ place: String) throws(Failure) {
        let body = entry["entry"] ?? entry
        guard body["action"]?.string != nil, body["object"]?.string != nil else {
            throw .usage("\(place): this is no entry of an audit log", hint: Self.advice)
        }
        add(body, number: entry["number"]?.integer)
    }

    private static let advice = "give what 'rota audit tail --json' has printed"
}

/// What would be done, and what was.
private struct ReconcileDocument: Sendable {
    let plan: Reconciliation
    /// Of the audit log that was given.
    let log: AuditExtent

    func json(_ done: Reconciled?) -> JSON {
        [
            "instance": .string(done?.identity.instance ?? plan.identity.instance),
            "generation": .integer(done?.identity.generation ?? plan.identity.generation),
            "generation_id": .string(done?.identity.generationID ?? plan.identity.generationID),
            "doubt": TokenDocument.text(plan.doubt?.message), "reconciled": .bool(done != nil),
            "audit": [
                "entries": .integer(log.count), "newest": log.newest.map { .integer($0) } ?? .null,
                "store_newest": .integer(log.size),
                "missing": .array(log.gaps.map { ["from": .integer($0.lowerBound), "to": .integer($0.upperBound)] }),
                "remarks": .array(log.remarks.map { .string($0) }),
            ],
            "destinations": .integer(plan.places), "write_only": .integer(plan.writeOnly),
            "lost": .array(
                plan.losses.map { loss in
                    [
                        "token_id": .string(loss.version.tokenID.text), "name": .string(loss.name),
                        "hint": .string(loss.version.hint), "cure": .string(loss.cure.rawValue),
                        "why": .string(loss.why),
                        "destinations": .array(
                            loss.version.places.map { .string($0.destination.description) }),
                    ]
                }),
            "ended": .array(plan.ended.map(json)), "foreign": .array(plan.foreign.map(json)),
            "unreadable": .array(plan.unreadable.map(json)),
            "forgotten": .array(
                plan.forgotten.map { ["token_id": .string($0.id.text), "name": .string($0.name)] }),
            "revoked_again": .array(
                plan.revocations.map { ["name": .string($0.token.name), "cause": .string($0.cause)] }),
            "retired_again": .array(
                plan.retirements.filter(\.isDue).map {
                    ["name": .string($0.name), "version": .integer($0.value.version)]
                }),
            "retired_later": .array(plan.retirements.filter { !$0.isDue }.map(json)),
            "quarantined_again": .array(plan.switches.filter(\.last.isOff).map(json)),
            "restored_again": .array(plan.switches.filter { !$0.last.isOff }.map(json)),
            "not_quarantined": .array((done?.notQuarantined ?? []).map { .string($0) }),
            "rotations": .array(
                (done?.rotations ?? []).map { rotation in
                    [
                        "token_id": .string(rotation.tokenID.text), "outcome": .string(rotation.outcome.rawValue),
                        "cause": TokenDocument.text(rotation.cause),
                    ]
                }),
        ]
    }

    private func json(_ retirement: Reconciliation.Retirement) -> JSON {
        [
            "name": .string(retirement.name), "version": .integer(retirement.value.version),
            "held_by": .array(retirement.heldBy.map { .string($0.description) }),
            "unreadable": .array(retirement.unreadable.map { .string($0.description) }),
        ]
    }

    private func json(_ entry: Reconciliation.Switching) -> JSON {
        ["name": .string(entry.name), "cause": .string(entry.last.cause)]
    }

    private func json(_ place: SurveyedPlace) -> JSON {
        [
            "token_id": .string(place.token.id.text), "name": .string(place.token.name),
            "destination": .string(place.destination.description),
        ]
    }

    func print(on output: Output) {
        output.line(
            printable(
                plan.doubt.map { "the store is in safe mode: \($0.message)" } ?? "nothing is known against the store"))
        var lost = Table(
            ["token", "value", "destinations", "what is done", "why"], on: output,
            title: "Values that the store has lost")
        for loss in plan.losses {
            lost.add([
                loss.name, "…\(loss.version.hint)",
                loss.version.places.map(\.destination.description).joined(separator: " "), loss.cure.spoken, loss.why,
            ])
        }
        lost.finish()
        list(plan.ended, "Values that are not accepted any more: their tokens are rotated", on: output)
        list(plan.foreign, "Not ours, and left as they are", on: output)
        list(plan.unreadable, "Cannot be read", on: output)
        var forgotten = Table(
            ["token", "id", "what to do"], on: output, title: "In the audit log, and not in the store: not accepted")
        for token in plan.forgotten {
            forgotten.add([token.name, token.id.text, "make it again, with its destinations"])
        }
        forgotten.finish()
        var again = Table(["token", "what", "why"], on: output, title: "Ended again, as the audit log says")
        for (token, cause) in plan.revocations { again.add([token.name, "revoked", cause]) }
        for entry in plan.retirements where entry.isDue {
            again.add([entry.name, "version \(entry.value.version) retired", "-"])
        }
        again.finish()
        var later = Table(
            ["token", "version", "what is done", "destinations"], on: output, title: "Ended once nobody reads it")
        for entry in plan.retirements where !entry.isDue {
            later.add([
                entry.name, "\(entry.value.version)",
                entry.heldBy.isEmpty ? "valid until it can be read" : "valid until the token is rotated",
                (entry.heldBy.isEmpty ? entry.unreadable : entry.heldBy).map(\.description).joined(separator: " "),
            ])
        }
        later.finish()
        var switched = Table(
            ["token", "what", "why"], on: output, title: "Out of use or back in it, as the audit log says")
        for entry in plan.switches {
            switched.add([entry.name, entry.last.isOff ? "quarantined" : "restored", entry.last.cause])
        }
        switched.finish()
        output.line(
            "\(counted(plan.places, "destination")) compared"
                + (plan.writeOnly > 0 ? ", \(plan.writeOnly) of them with nobody able to read them" : "")
                + (log.count > 0 ? "; \(counted(log.count, "audit entry", "audit entries")) read" : ""))
    }

    private func list(_ places: [SurveyedPlace], _ title: String, on output: Output) {
        var table = Table(["token", "destination"], on: output, title: title)
        for place in places { table.add([place.token.name, place.destination.description]) }
        table.finish()
    }

    func print(_ done: Reconciled, on output: Output) {
        output.line(
            "reconciled: instance \(done.identity.instance), \(done.identity.spokenGeneration); "
                + "\(counted(done.adopted, "value")) taken back, \(counted(done.revoked, "token")) revoked again, "
                + "\(counted(done.retired, "value")) retired again"
                + (done.quarantined > 0 ? ", \(counted(done.quarantined, "token")) quarantined again" : "")
                + (done.restored > 0 ? ", \(counted(done.restored, "token")) restored again" : ""))
        for name in done.notQuarantined {
            output.warning(
                printable(
                    "'\(name)' is accepted, and was to be in quarantine: a new value is on its way to its places; "
                        + "after 'rota run': rota token quarantine \(name)"))
        }
        for rotation in done.rotations where !rotation.isThrough {
            let name =
                plan.losses.first { $0.version.tokenID == rotation.tokenID }?.name
                ?? plan.ended.first { $0.token.id == rotation.tokenID }?.token.name
                ?? plan.retirements.first { $0.value.token == rotation.tokenID }?.name ?? rotation.tokenID.text
            output.warning(
                printable("'\(name)' is not rotated yet: \(rotation.cause ?? rotation.outcome.rawValue)"))
        }
        if !done.rotations.isEmpty {
            output.line("\(counted(done.rotations.count { $0.isThrough }, "token")) rotated at once")
        }
    }
}

extension Reconciliation.Loss.Cure {
    fileprivate var spoken: String {
        switch self {
        case .adopt: "taken back"
        case .adoptAndRotate: "taken back, then rotated"
        case .rotate: "left refused; rotated"
        }
    }
}
