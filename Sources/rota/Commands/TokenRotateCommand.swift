import Engine
import JSON
import RotaCore

extension Command {
    static let tokenRotate = Command(
        words: ["token", "rotate"],
        summary: "give tokens new values in all their destinations, now",
        discussion: """
            The new value is pushed into every destination, read back, and only then made current. The
            previous one stays valid for the overlap, so that consumers can change over. A rotation that does
            not get through is not lost: both values stay valid, and 'rota run' goes on with it.
            """,
        operand: Operand(name: "TOKEN", help: "a name or an id", count: .atLeastOne),
        options: [
            Option("overlap", "SPAN", help: "how long the previous value stays valid; 24h"),
            Option("reason", "TEXT", help: "why, for the audit log"),
        ],
        examples: [
            "rota token rotate ingest", "rota token rotate ingest ci --overlap 1h --reason 'laptop lost'",
        ],
        exitCodes: [.done, .failed, .usage, .partlyFailed, .outcomeUnknown],
        run: rotateTokens)
}

private func rotateTokens(_ invocation: Invocation) async throws -> ExitCode {
    let arguments = invocation.arguments
    let overlap = try arguments.span("overlap") ?? .hours(24)
    let reason = arguments.value("reason") ?? "token rotate"
    let composition = try Composition(invocation)
    let store = try composition.openQueue()
    let names = arguments.operands
    let tokens = try await store.read { try $0.requireTokens(names) }
    let results = try await composition.withVaults { vaults in
        let rotation = RotateUseCase(
            store: store, rotator: composition.rotator(store, vaults), clock: invocation.clock)
        let progress = Progress(on: invocation.output)
        var results: [(token: Token, result: RotationResult)] = []
        for token in tokens {
            progress.show("rotating", done: results.count, of: tokens.count, "tokens")
            let result = try await rotation.rotate(
                token.id.text, overlap: overlap, reason: reason, actor: Process.actor)
            guard let result else { throw Failure("token '\(token.name)' is gone") }
            results.append((token, result))
        }
        return results
    }
    show(results, overlap, invocation)
    return results.allSatisfy { gotThrough($0.result) } ? .done : .partlyFailed
}

/// The new value is current: nothing is left but the overlap.
private func gotThrough(_ result: RotationResult) -> Bool {
    result.outcome == .done || result.outcome == .started && !result.isStalled
}

private func show(
    _ results: [(token: Token, result: RotationResult)], _ overlap: TimeSpan, _ invocation: Invocation
) {
    let output = invocation.output
    if invocation.wantsJSON {
        output.document([
            "rotations": .array(
                results.map { token, result in
                    [
                        "token_id": .string(token.id.text), "name": .string(token.name),
                        "outcome": .string(result.outcome.rawValue),
                        "blocked": TokenDocument.text(result.blocked?.rawValue),
                        "cause": TokenDocument.text(result.cause),
                    ]
                })
        ])
        return
    }
    for (token, result) in results {
        let name = printable(token.name)
        if gotThrough(result) {
            output.line(
                result.outcome == .done
                    ? "'\(name)' has a new value; no older one is valid"
                    : "'\(name)' has a new value; the previous one stays valid for \(overlap.spoken)")
        } else {
            output.failure(
                Failure(
                    "'\(token.name)' is not rotated: \(result.cause ?? result.outcome.rawValue)",
                    hint: hint(result, token)))
        }
    }
}

private func hint(_ result: RotationResult, _ token: Token) -> String? {
    switch result.blocked {
    case .noDestination: "add one: rota token edit \(token.name) --destination VAULT:PATH#FIELD"
    case .issuerNotDriven: "rotate it in \(token.issuer), and import it again"
    case .unknownVault: "add the vault to the configuration"
    case .conflict: "if it may be replaced, 'rota vault adopt \(token.name)'; else look at what is there"
    case nil where result.isStalled: "'rota run' tries again; see 'rota token show \(token.name)'"
    case nil where result.outcome == .skipped: "see 'rota token show \(token.name)'"
    case nil: nil
    }
}
