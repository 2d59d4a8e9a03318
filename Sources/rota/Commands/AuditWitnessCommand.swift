import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let auditWitness = Command(
        words: ["audit", "witness"],
        summary: "give what the audit log is now to the witnesses, or tell how it stands with them",
        discussion: """
            Signs what the log is now, and gives it to the witness, or to all of them, whether it is their turn or not.
            'rota serve' and 'rota run' do so by themselves: each in its interval ('every'), where the log has grown.
            What a witness holds already (file, vault) is looked at first: where the log does not go on from there,
            nothing is given to it, and what it holds stays.
            """,
        operand: Operand(name: "NAME", help: "a witness of the configuration; else all", count: .optional),
        options: [Option("dry-run", help: "tell how it stands with each, and give nothing")],
        examples: ["rota audit witness", "rota audit witness auditor", "rota audit witness --dry-run"],
        exitCodes: [.done, .failed, .usage, .partlyFailed, .outcomeUnknown],
        run: tellWitnesses)
}

private func tellWitnesses(_ invocation: Invocation) async throws -> ExitCode {
    let composition = try Composition(invocation)
    let witnesses = composition.configuration.witnesses
    let names = try chosen(invocation.arguments.operands.first, witnesses)
    guard !witnesses.isEmpty else {
        throw Failure.usage(
            "the configuration has no witnesses", hint: "write 'witnesses: { share: { kind: file, path: /mnt/share } }'"
        )
    }
    let store = try composition.openQueue()
    if invocation.arguments.has("dry-run") {
        let standings = try await composition.withWitnesses(store, by: invocation.actor) { try await $0.standings() }
        show(standings.filter { names.contains($0.name) }, witnesses, invocation)
        return .done
    }
    if let failure = await composition.signAuditLog(store) { throw failure }
    let told = try await composition.withWitnesses(store, by: invocation.actor) { try await $0.tell(names) }
    guard let told else {
        throw Failure("another process tells the witnesses now, and nothing was done", hint: "try again in a minute")
    }
    return show(told, invocation)
}

private func chosen(_ name: String?, _ witnesses: [WitnessSettings]) throws(Failure) -> Set<String> {
    let known = witnesses.map(\.name)
    guard let name else { return Set(known) }
    guard known.contains(name) else {
        throw .usage(
            "there is no witness '\(abridged(name))' in the configuration",
            hint: nearest(to: name, among: known).map { "did you mean '\($0)'?" }
                ?? "known are \(known.joined(separator: ", "))")
    }
    return [name]
}

private func show(_ results: [TellWitnesses.Result], _ invocation: Invocation) -> ExitCode {
    if invocation.wantsJSON {
        invocation.output.document([
            "witnesses": .array(
                results.map { result in
                    [
                        "name": .string(result.name), "kind": .string(result.kind), "size": .integer(result.size),
                        "outcome": .string(result.word), "cause": TokenDocument.text(result.cause),
                    ]
                })
        ])
    } else {
        var table = Table(["witness", "kind", "entries", "outcome"], on: invocation.output)
        for result in results {
            let outcome = result.cause.map { "failed: \($0)" } ?? result.word
            table.add([result.name, result.kind, String(result.size), outcome])
        }
        table.finish()
    }
    let failed = results.count { $0.cause != nil }
    return failed == 0 ? .done : failed == results.count ? .failed : .partlyFailed
}

extension TellWitnesses.Result {
    fileprivate var word: String {
        switch outcome {
        case .taken: "taken"
        case .alreadyHeld: "already there"
        case .failed: "failed"
        }
    }
}

private func show(
    _ standings: [TellWitnesses.Standing], _ witnesses: [WitnessSettings], _ invocation: Invocation
) {
    let places = Dictionary(witnesses.map { ($0.name, $0.shownPlace) }, uniquingKeysWith: { first, _ in first })
    let now = invocation.clock.now()
    if invocation.wantsJSON {
        let known = standings.map { standing in
            JSON.object([
                "name": .string(standing.name), "kind": .string(standing.kind),
                "place": TokenDocument.text(places[standing.name]),
                "every_seconds": .integer(standing.interval.seconds), "turn": .string(standing.word),
                "next_at": TokenDocument.time(standing.nextAt),
                "size": standing.record?.taken.map { .integer($0.size) } ?? .null,
                "taken_at": TokenDocument.time(standing.record?.taken?.at),
                "cause": TokenDocument.text(standing.record?.failure?.cause),
            ])
        }
        invocation.output.document(["witnesses": .array(known)])
        return
    }
    var table = Table(["witness", "kind", "place", "every", "has", "next"], on: invocation.output)
    for standing in standings {
        let taken = standing.record?.taken
        let next = standing.nextAt.map { distance(to: $0, from: now) } ?? standing.word
        let failing = standing.record?.failure.map { "; fails: \($0.cause)" } ?? ""
        table.add([
            standing.name, standing.kind, places[standing.name] ?? "", "\(standing.interval)",
            taken.map { "\(counted($0.size, "entry", "entries")), \(distance(to: $0.at, from: now))" } ?? "nothing yet",
            next + failing,
        ])
    }
    table.finish()
}

extension TellWitnesses.Standing {
    fileprivate var nextAt: Instant? { if case .waits(let until) = turn { until } else { nil } }

    fileprivate var word: String {
        switch turn {
        case .unsigned: "nothing is signed yet"
        case .hasNewest: "has the newest"
        case .waits: "waits"
        case .due: "due"
        }
    }
}
