import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let tokenCreate = Command(
        words: ["token", "create"],
        summary: "make a token, and show its value once",
        discussion: """
            The value is the last line of the output, alone. It is shown this once and kept nowhere: only its
            digest is stored.

            With --destination the value is made and pushed into those vaults by the rotation protocol, read
            back from them, and not shown at all: whoever needs it reads it there. If that does not get
            through now, the exit code is 5 and the token exists without a value: 'rota run' goes on with
            what was begun, 'rota token rotate' begins anew where nothing was. With --json, "value" is null
            then, and "pushed" tells whether it got through.
            """,
        options: [
            Option("name", "NAME", required: true, help: "what it is called; unique among active tokens"),
            Option("description", "TEXT", help: "what it is for"),
            Option("owner", "OWNER", help: "the person or team that answers for it"),
            Option("integration", "NAME", help: "the system that uses it"),
            Option("scope", "SCOPE", repeats: true, help: "what it may do, such as export:read"),
            Option("label", "KEY=VALUE", repeats: true, help: "for policies to select by"),
            Option("expires", "TIME|SPAN", help: "its end: 2027-01-31, or 90d from now; else none"),
            Option("prefix", "PREFIX", help: "how its values begin; else the configured token-prefix"),
            Option("destination", "VAULT:PATH#FIELD", repeats: true, help: "where its value is to live"),
        ],
        examples: [
            "rota token create --name ingest --owner team-data --scope ingest:write --expires 90d",
            "rota token create --name ci --destination main:apps/ci#token",
            "rota token create --name ingest --json | jq -r .value",
        ],
        exitCodes: [.done, .failed, .usage, .refused, .partlyFailed, .outcomeUnknown],
        run: createToken)
}

private func createToken(_ invocation: Invocation) async throws -> ExitCode {
    let composition = try Composition(invocation)
    let draft = try TokenDraft(invocation.arguments, composition.configuration, at: invocation.clock.now())
    guard draft.destinations.isEmpty else { return try await createInVaults(draft, composition) }
    let store = try composition.openStore()
    defer { store.close() }
    let issued = try store.transaction {
        try issueToken(
            draft, in: store, random: invocation.random, change: composition.change("token create"))
    }
    guard let value = issued.value else { throw Failure("the token was made without a value") }
    let output = invocation.output
    if invocation.wantsJSON {
        let token = TokenDocument.json(issued.token, at: invocation.clock.now())
        output.reveal(value, after: "{\"token\":\(token.serialized()),\"value\":\"", before: "\"}\n")
        return .done
    }
    output.note(
        "token '\(printable(issued.token.name))' (\(issued.token.id)) is made; this is its value, shown once:"
    )
    output.reveal(value)
    return .done
}

/// Makes the token without a value, and lets a rotation bring it the first one.
private func createInVaults(_ draft: TokenDraft, _ composition: Composition) async throws -> ExitCode {
    let store = try composition.openQueue()
    // Credentials are fetched before anything is made.
    return try await composition.withVaults { vaults in
        try await create(draft, composition.rotator(store, vaults), store, composition)
    }
}

private func create(
    _ draft: TokenDraft, _ rotator: Rotator, _ store: StoreQueue, _ composition: Composition
) async throws -> ExitCode {
    let invocation = composition.invocation
    let change = composition.change("token create")
    let random = invocation.random
    let issued = try await store.write { store in
        try issueToken(draft, in: store, random: random, change: change)
    }
    let rotation = RotateUseCase(store: store, rotator: rotator, clock: invocation.clock)
    let result = try await rotation.rotate(
        issued.token.id.text, overlap: .zero, reason: "its first value", actor: change.actor)
    let (token, remedy) = try await store.read { store in
        let token = try store.token(issued.token.id) ?? issued.token
        return (token, try MissingValue(of: token, from: store)?.remedy)
    }
    let isPushed = token.values.current != nil
    let output = invocation.output
    if invocation.wantsJSON {
        output.document([
            "token": TokenDocument.json(token, at: invocation.clock.now()), "value": .null,
            "pushed": .bool(isPushed), "cause": TokenDocument.text(result?.cause), "hint": TokenDocument.text(remedy),
        ])
    } else if isPushed {
        let places = draft.destinations.map(\.description).joined(separator: ", ")
        output.line(
            "token '\(printable(token.name))' (\(token.id)) is made; its value is in \(printable(places))")
    }
    if isPushed { return .done }
    output.failure(
        Failure(
            "token '\(token.name)' (\(token.id)) is made, but its value is not in its destinations yet: "
                + (result?.cause ?? "the rotation did not get through"),
            hint: remedy))
    return .partlyFailed
}

extension TokenDraft {
    fileprivate init(
        _ arguments: Arguments, _ configuration: Configuration, at now: Instant
    ) throws(Failure) {
        self.init(name: arguments.value("name") ?? "")
        description = arguments.value("description") ?? ""
        owner = arguments.value("owner") ?? ""
        integration = arguments.value("integration") ?? ""
        scopes = try configuration.checkedScopes(arguments.all("scope"))
        labels = try arguments.pairs("label")
        prefix = arguments.value("prefix") ?? configuration.tokenPrefix
        expiresAt = try arguments.instant("expires", orSpanFrom: now)
        destinations = try configuration.destinations(arguments.all("destination"))
        let faults = faults(at: now)
        guard faults.isEmpty else {
            throw .usage(faults.joined(separator: "; "), hint: "see 'rota token create --help'")
        }
    }
}

extension Configuration {
    /// Scopes without repetition, all of them in the catalogue where there is one; `rota:` ones are our own.
    func checkedScopes(_ given: [String]) throws(Failure) -> [String] {
        if let (scope, nearest) = scopes.unknown(in: given) {
            throw .usage(
                scope.hasPrefix("rota:")
                    ? "'\(printable(scope))' is no role of rota"
                    : "the scope '\(printable(scope))' is not in the catalogue of \(file)",
                hint: nearest.map { "did you mean '\($0)'?" }
                    ?? "known are \((scopes.map(\.name) + [ScopeEntry].roles).joined(separator: ", "))")
        }
        return given.uniqued()
    }
}
