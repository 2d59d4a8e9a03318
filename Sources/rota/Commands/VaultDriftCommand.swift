import Crypto
import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let vaultDrift = Command(
        words: ["vault", "drift"],
        summary: "read destinations back, and tell those that are not as they were left",
        discussion: """
            Tells destinations that are empty (missing), hold an older value (outdated), one that is not accepted
            any more (ended), one of another token (other-token) or one that rota does not know (unknown).
            Destinations that nobody can read are counted apart. Changes no destination and no token. What was found
            is written to the audit log (vault.drift: the numbers, and the first 1,000 places that drifted), unless
            the last look at the same, within a day, found the same; 'rota status' tells it, with its time, until
            somebody looks again. Where the store is busy or its disk is full it is not written, with a warning.

            With --exit-code it ends with 3 when there is drift. Where any destination could not be read it ends
            with 5, with --exit-code or without, whatever else was found: 3 says that all was done.
            """,
        operand: Operand(name: "TOKEN", help: "a name or an id; else all live tokens", count: .optional),
        options: [
            Option("vault", "NAME", help: "only destinations in this vault"),
            Option("exit-code", help: "exit with 3 when there is drift and all was read"),
        ],
        examples: ["rota vault drift --exit-code", "rota vault drift --vault main --json | jq '.drift[]'"],
        exitCodes: [.done, .failed, .usage, .violationsRemain, .partlyFailed, .outcomeUnknown],
        run: showDrift)
}

private func showDrift(_ invocation: Invocation) async throws -> ExitCode {
    let arguments = invocation.arguments
    let composition = try Composition(invocation)
    let vault = try arguments.value("vault").map { try composition.configuration.vaults(named: $0) }
    let store = try composition.openQueue()
    let tokens = try await store.read { try $0.liveTokens(named: arguments.operands.first) }
    let total = try await store.read { try $0.countPlaces(of: tokens, in: arguments.value("vault")) }
    let progress = Progress(on: invocation.output)
    let gathered = Locked(DriftTally())
    try await composition.withVaults(vault) { vaults in
        let drift = FindDrift(DestinationSurvey(store: store, vaults: vaults))
        try await drift.look(at: tokens, in: arguments.value("vault")) { verdict in
            let count = gathered.withLock { tally in
                tally.add(verdict)
                return tally.places
            }
            progress.show("reading", done: count, of: total, "destinations")
        }
    }
    let tally = gathered.withLock { $0.sorted }
    if invocation.wantsJSON { invocation.output.document(tally.json) } else { tally.show(on: invocation.output) }
    let look = tally.look(
        at: arguments.operands.isEmpty ? nil : tokens.first, in: arguments.value("vault"))
    try await keep(look, in: store, composition, invocation.output)
    // 3 says that all was done: what was not read is no answer.
    guard tally.unreadable.isEmpty else { return .partlyFailed }
    return arguments.has("exit-code") && !tally.drifted.isEmpty ? .violationsRemain : .done
}

/// Writes down what was found, where it is news. The answer has been given: that it cannot be kept fails nothing.
private func keep(
    _ look: DriftLook, in store: StoreQueue, _ composition: Composition, _ output: Output
) async throws {
    let change = composition.change("vault drift")
    guard try await store.read({ try !$0.isKnown(look, at: change.at) }) else { return }
    do {
        try await store.write { try $0.recordDrift(look, change: change) }
    } catch let error as StoreError {
        switch error {
        case .busy, .full: output.warning("what was found is not kept for 'rota status': \(error)")
        default: throw error
        }
    }
}

/// What was found: in full what needs somebody, and the rest as numbers.
private struct DriftTally: Sendable {
    private(set) var places = 0
    private(set) var asExpected = 0
    private(set) var untold = 0
    private(set) var writeOnly = 0
    private(set) var drifted: [(drift: Drift, verdict: PlaceVerdict)] = []
    private(set) var unreadable: [PlaceVerdict] = []

    mutating func add(_ verdict: PlaceVerdict) {
        places += 1
        switch verdict.finding {
        case .asExpected: asExpected += 1
        case .untold: untold += 1
        case .writeOnly: writeOnly += 1
        case .drifted(let drift): drifted.append((drift, verdict))
        case .unreadable: unreadable.append(verdict)
        }
    }

    /// What is written down of it.
    func look(at token: TokenID?, in vault: String?) -> DriftLook {
        DriftLook(
            token: token, vault: vault, destinations: places, unreadable: unreadable.count,
            places: drifted.map { drift, verdict in
                let token = verdict.place.token
                return DriftLook.Place(
                    tokenID: token.id, destination: verdict.place.destination.description, drift: drift,
                    version: token.values.current)
            })
    }

    var sorted: DriftTally {
        var tally = self
        tally.drifted.sort { $0.verdict.order < $1.verdict.order }
        tally.unreadable.sort { $0.order < $1.order }
        return tally
    }

    func show(on output: Output) {
        var table = Table(["token", "owner", "destination", "drift", "holds"], on: output)
        for (drift, verdict) in drifted {
            let token = verdict.place.token
            table.add([
                token.name, token.owner, verdict.place.destination.description, drift.rawValue, verdict.message,
            ])
        }
        table.finish()
        output.line(
            "\(counted(places - writeOnly, "destination")) read: \(asExpected) as expected, \(drifted.count) drifted, "
                + "\(unreadable.count) not readable, \(untold) whose value is not known"
                + (writeOnly > 0 ? "; \(writeOnly) beside them that nobody can read" : ""))
        for trouble in troubles { output.warning(printable(trouble)) }
    }

    /// One for each vault and what is wrong with it: a vault that does not answer fails all that is in it.
    private var troubles: [String] {
        struct Trouble: Hashable {
            var vault: String
            var message: String
        }
        let groups = Dictionary(grouping: unreadable) {
            Trouble(vault: $0.place.destination.vault, message: $0.message)
        }
        let ordered = groups.sorted { ($0.key.vault, $0.key.message) < ($1.key.vault, $1.key.message) }
        return ordered.map { trouble, places in
            let first = places[0].place
            let which = "\(first.destination) of '\(first.token.name)'"
            let many = "vault '\(trouble.vault)': \(places.count) destinations, the first is "
            return (places.count > 1 ? many : "") + "\(which): \(trouble.message)"
        }
    }

    var json: JSON {
        [
            "drift": .array(
                drifted.map { drift, verdict in
                    var row = verdict.json
                    row["finding"] = .string(drift.rawValue)
                    return .object(row)
                }),
            "unreadable": .array(unreadable.map { .object($0.json) }),
            "totals": [
                "destinations": .integer(places), "as_expected": .integer(asExpected),
                "drifted": .integer(drifted.count), "unreadable": .integer(unreadable.count),
                "not_known": .integer(untold), "write_only": .integer(writeOnly),
            ],
        ]
    }
}

extension PlaceVerdict {
    fileprivate var order: (String, Int64) { (place.token.name, place.destination.id) }

    fileprivate var json: JSON.Object {
        [
            "token_id": .string(place.token.id.text), "name": .string(place.token.name),
            "owner": .string(place.token.owner), "destination": .string(place.destination.description),
            "message": .string(message),
        ]
    }
}
