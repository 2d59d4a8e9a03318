import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let tokenRotate = Command(
        words: ["token", "rotate"],
        summary: "give tokens new values in all their destinations, now",
        discussion: """
            The new value is pushed into every destination, read back, and only then made current. The
            previous one stays valid for the overlap, so that consumers can change over. Values that are older
            still keep their own ends; with --overlap they end no later than the previous one. A rotation that
            does not get through is not lost: both values stay valid, and 'rota run' goes on with it. Where one is
            under way already, and waits for its next try, that one is tried now, and it says so. It never asks.
            """,
        operand: Operand(name: "TOKEN", help: "a name or an id", count: .atLeastOne),
        options: [
            Option("overlap", "SPAN", help: "how long the previous value stays valid; 24h"),
            Option("reason", "TEXT", help: "why, for the audit log"),
            .needlessYes,
        ],
        examples: [
            "rota token rotate ingest", "rota token rotate ingest ci --overlap 1h --reason 'laptop lost'",
        ],
        exitCodes: [.done, .failed, .usage, .refused, .partlyFailed, .outcomeUnknown],
        run: rotateTokens)
}

private func rotateTokens(_ invocation: Invocation) async throws -> ExitCode {
    let arguments = invocation.arguments
    let overlap = try arguments.span("overlap")
    let reason = arguments.value("reason") ?? "token rotate"
    let composition = try Composition(invocation)
    let store = try composition.openQueue()
    let names = arguments.operands
    let tokens = try await store.read { try $0.requireTokens(names) }
    if let brake = try await store.brake(by: invocation.clock.reading()) { throw Failure(brake) }
    let results = try await composition.withVaults { vaults in
        let rotation = RotateUseCase(
            store: store, rotator: composition.rotator(store, vaults), clock: invocation.clock)
        let progress = Progress(on: invocation.output)
        var results: [Rotated] = []
        for token in tokens {
            progress.show("rotating", done: results.count, of: tokens.count, "tokens")
            let result = try await rotation.rotate(
                token.id.text, overlap: overlap ?? Rule.usualOverlap, endsOlder: overlap != nil, reason: reason,
                actor: Process.actor)
            guard let result else { throw Failure("token '\(token.name)' is gone") }
            let (versions, destinations) = try await store.read { store in
                (try store.versions(of: token.id), try store.destinations(of: token.id))
            }
            results.append(Rotated(token: token, result: result, versions: versions, destinations: destinations))
        }
        return results
    }
    if invocation.wantsJSON {
        invocation.output.document(["rotations": .array(results.map(\.json))])
    } else {
        for rotated in results { rotated.show(invocation) }
    }
    return results.allSatisfy(\.result.isThrough) ? .done : .partlyFailed
}

/// What became of one token.
private struct Rotated: Sendable {
    let token: Token
    let result: RotationResult
    /// All of them, as they are now.
    let versions: [Version]
    let destinations: [Destination]

    /// The vault of the destination that the cause is about.
    private var vaultInTheWay: String? {
        guard let cause = result.cause else { return nil }
        return destinations.first { cause.hasPrefix("\($0): ") }?.vault
    }

    /// Values that are still accepted beside the current one, newest first.
    private var older: [Version] {
        versions.filter { $0.state == .previous || $0.state == .unconfirmed }.reversed()
    }

    var json: JSON {
        [
            "token_id": .string(token.id.text), "name": .string(token.name),
            "outcome": .string(result.outcome.rawValue),
            "blocked": TokenDocument.text(result.blocked?.rawValue),
            "cause": TokenDocument.text(result.cause), "remark": TokenDocument.text(result.remark),
            "older_valid": .array(
                older.map { ["version": .integer($0.number), "ends_at": TokenDocument.time($0.endsAt)] }),
        ]
    }

    func show(_ invocation: Invocation) {
        let now = invocation.clock.now()
        if let remark = result.remark { invocation.output.note("'\(printable(token.name))': \(printable(remark))") }
        guard result.isThrough else {
            return invocation.output.failure(
                Failure(
                    "'\(token.name)' is not rotated: \(result.cause ?? result.outcome.rawValue)", hint: hint(at: now)))
        }
        let name = printable(token.name)
        let rest = older.isEmpty ? "no older one is valid" : "still valid: \(ends(at: now))"
        invocation.output.line("'\(name)' has a new value; \(rest)")
    }

    /// Which of the older values is accepted until when.
    private func ends(at now: Instant) -> String {
        older.map { version in
            guard let end = version.endsAt else { return "version \(version.number)" }
            return end > now
                ? "version \(version.number) until \(spoken(end, from: now))"
                : "version \(version.number) until a run retires it"
        }.joined(separator: ", ")
    }

    private func hint(at now: Instant) -> String? {
        switch result.blocked {
        case let blocked?: blocked.hint(for: token)
        case nil where result.isStalled && result.cause?.hasSuffix("it was not touched") == true:
            BlockedReason.conflict.hint(for: token)
        case nil where result.isStalled:
            "'rota run' tries again; see 'rota token show \(token.name)'"
                + (vaultInTheWay.map { " and 'rota vault check \($0)'" } ?? "")
        case nil where older.count >= 2: "valid: \(ends(at: now)); rotate again when a run has retired one"
        case nil where result.outcome == .skipped: "see 'rota token show \(token.name)'"
        case nil:
            vaultInTheWay.map {
                "nothing has changed; 'rota vault check \($0)' tells what is in the way, and what our login needs "
                    + "there; then rotate again"
            }
        }
    }
}
