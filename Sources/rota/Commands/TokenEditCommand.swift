import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let tokenEdit = Command(
        words: ["token", "edit"],
        summary: "change what is known of a token",
        discussion: """
            Changes metadata only: values, versions and dates stay as they are. --scope replaces all scopes.
            A destination that is added gets the next value: rotate the token to bring it one now. One that is
            removed is not written to any more; its vault keeps the value that is there.
            """,
        operand: Operand(name: "TOKEN", help: "a name or an id"),
        options: [
            Option("name", "NAME", help: "a new name"),
            Option("description", "TEXT", help: "what it is for; '' for none"),
            Option("owner", "OWNER", help: "who answers for it"),
            Option("integration", "NAME", help: "the system that uses it"),
            Option("scope", "SCOPE", repeats: true, help: "all that it may do from now on"),
            Option("no-scopes", help: "take all scopes away"),
            Option("label", "KEY=VALUE", repeats: true, help: "set a label"),
            Option("remove-label", "KEY", repeats: true, help: "take a label away"),
            Option("expires", "TIME|SPAN|never", help: "its end: 2027-01-31, 90d from now, or never"),
            Option("prefix", "PREFIX", help: "how its next values begin"),
            Option(
                "destination", "VAULT:PATH#FIELD", repeats: true,
                help: "add a place where its value is to live"),
            Option(
                "remove-destination", "VAULT:PATH#FIELD", repeats: true,
                help: "take a place away; what the vault holds there stays"),
        ],
        examples: [
            "rota token edit ingest --owner team-data --label env=prod",
            "rota token edit ingest --expires 30d",
            "rota token edit ingest --remove-destination main:apps/old#token",
        ],
        exitCodes: [.done, .failed, .usage, .refused, .outcomeUnknown],
        run: editToken)
}

private func editToken(_ invocation: Invocation) throws -> ExitCode {
    let composition = try Composition(invocation)
    let store = try composition.openStore()
    defer { store.close() }
    let now = invocation.clock.now()
    let change = composition.change("token edit")
    // Read within the transaction: of two who edit at once, neither undoes what the other did.
    let (id, isChanged) = try store.transaction {
        let before = try store.requireToken(invocation.arguments.operands[0])
        guard before.state == .active || before.state == .quarantined else {
            throw Failure("token '\(before.name)' is \(before.state.rawValue), and stays as it was when it ended")
        }
        let after = try edited(before, invocation.arguments, composition.configuration, at: now)
        let vaults = composition.configuration.knownVaults
        let known = try store.destinations(of: before.id)
        let removed = try removedDestinations(
            invocation.arguments.all("remove-destination"), from: known, of: before, in: vaults)
        let kept = known.filter { !removed.contains($0) }
        let added = try composition.configuration.destinations(invocation.arguments.all("destination"))
            .filter { destination in !kept.contains { vaults.plain($0).description == destination.description } }
        if let both = removed.map(vaults.plain).first(where: { added.map(\.description).contains($0.description) }) {
            throw Failure.usage("\(both) is to be added and to be removed", hint: "give one of the two")
        }
        try check(after, since: before, destinations: kept + added, at: now)
        let isEdited = try store.editToken(after, change: change)
        // In this order: the only one may be replaced.
        for destination in added { try store.addDestination(destination, to: before.id, change: change) }
        for destination in removed {
            try removeDestination(destination, from: before.id, in: store, change: change)
        }
        return (before.id, isEdited || !added.isEmpty || !removed.isEmpty)
    }
    guard let token = try store.token(id) else { throw Failure("the token is gone") }
    if invocation.wantsJSON {
        invocation.output.document(["token": TokenDocument.json(token, at: now), "changed": .bool(isChanged)])
    } else {
        invocation.output.line(
            isChanged
                ? "token '\(printable(token.name))' is changed"
                : "nothing to change in '\(printable(token.name))'")
    }
    return .done
}

private func edited(
    _ before: Token, _ arguments: Arguments, _ configuration: Configuration, at now: Instant
) throws(Failure) -> Token {
    var token = before
    token.name = arguments.value("name") ?? token.name
    token.description = arguments.value("description") ?? token.description
    token.owner = arguments.value("owner") ?? token.owner
    token.integration = arguments.value("integration") ?? token.integration
    token.prefix = arguments.value("prefix") ?? token.prefix
    if arguments.has("scope"), arguments.has("no-scopes") {
        throw .usage("--scope and --no-scopes exclude each other")
    }
    if arguments.has("scope") { token.scopes = try configuration.checkedScopes(arguments.all("scope")) }
    if arguments.has("no-scopes") { token.scopes = [] }
    for (key, value) in try arguments.pairs("label") { token.labels[key] = value }
    for key in arguments.all("remove-label") { token.labels[key] = nil }
    if arguments.value("expires") == "never" {
        token.expiresAt = nil
    } else if let end = try arguments.instant("expires", orSpanFrom: now) {
        token.expiresAt = end
    }
    return token
}

/// The checks of a new token.
///
/// A token that is past its end may be edited, but not given another end in the past.
private func check(
    _ token: Token, since before: Token, destinations: [Destination], at now: Instant
) throws(Failure) {
    var draft = TokenDraft(name: token.name)
    draft.description = token.description
    draft.owner = token.owner
    draft.integration = token.integration
    draft.scopes = token.scopes
    draft.labels = token.labels
    draft.prefix = token.prefix
    draft.expiresAt = before.expiresAt == token.expiresAt ? nil : token.expiresAt
    draft.destinations = destinations
    let faults = draft.faults(at: now, since: before)
    guard faults.isEmpty else {
        throw .usage(faults.joined(separator: "; "), hint: "see 'rota token edit --help'")
    }
}
