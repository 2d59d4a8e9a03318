import Documents
import Engine
import Glibc
import JSON
import RotaCore

extension Command {
    static let tokenRevoke = Command(
        words: ["token", "revoke"],
        summary: "end tokens and all their values, at once and for good",
        discussion: """
            Shows first what would stop working. On a terminal it asks; else it needs --yes.
            When it returns, no value of these tokens is accepted any more. A token of another issuer is only
            recorded as ended: its values are to be ended there.

            While the store is frozen, or in safe mode since it was restored or copied, or the clock is suspect, it
            refuses, with exit code 4.
            --emergency goes past that, and past overlap and guard, as an incident asks for: every value ends,
            pending ones of an open rotation included, while destinations still hold them and their readers are
            locked out. Output, audit entry and event say that it was one.

            While another process writes to the store, as a large import does, it says so and waits, up to ten minutes.
            """,
        operand: Operand(name: "TOKEN", help: "a name or an id", count: .atLeastOne),
        options: [
            Option("reason", "TEXT", required: true, help: "why, for the audit log"),
            Option("emergency", help: "at once, whatever stands in the way"),
            Option("yes", help: "do not ask"),
        ],
        examples: [
            "rota token revoke ingest --reason 'project has ended'",
            "rota token revoke ingest --emergency --reason 'found in a public repository' --yes",
        ],
        exitCodes: [.done, .failed, .usage, .refused, .outcomeUnknown],
        run: revokeTokens)
}

private func revokeTokens(_ invocation: Invocation) async throws -> ExitCode {
    let reason = invocation.arguments.value("reason") ?? ""
    guard !reason.allSatisfy(\.isWhitespace) else {
        throw Failure.usage("--reason is empty", hint: "say why in a few words")
    }
    let composition = try Composition(invocation)
    let store = try composition.openQueue(composition.urgentPatience)
    let names = invocation.arguments.operands
    let impacts = try await store.read { store in
        try store.requireTokens(names).map { try Impact(of: $0, from: store) }
    }
    let now = invocation.clock.now()
    let isEmergency = invocation.arguments.has("emergency")
    let brake = try await store.brake(by: invocation.clock.reading())
    if let brake {
        guard isEmergency else {
            throw Failure(
                "nothing was revoked: \(brake.message)",
                hint: "if it cannot wait, --emergency goes past it; else: \(brake.hint)", code: .refused)
        }
        invocation.output.warning(printable("this goes past a brake: \(brake.message)"))
    }
    for impact in impacts { invocation.output.note(impact.sentence(at: now)) }
    if !invocation.arguments.has("yes") {
        guard invocation.mayAsk else {
            throw Failure.nobodyToAsk(hint: "look at what would stop working, then give --yes")
        }
        let question = "revoke \(counted(impacts.count, "token")) for good? [y/N] "
        guard Terminal.confirm(question) else { throw Failure("nothing was revoked") }
    }
    let revocations = try await RevokeUseCase(store: store, clock: invocation.clock)
        .revoke(
            impacts.map(\.token.id.text), isEmergency: isEmergency, reason: reason, actor: Process.actor)
    let places = Dictionary(uniqueKeysWithValues: impacts.map { ($0.token.id, $0.destinations) })
    show(revocations, isEmergency, stillIn: places, invocation)
    return .done
}

private func show(
    _ revocations: [Engine.Revocation], _ isEmergency: Bool, stillIn places: [TokenID: [Destination]],
    _ invocation: Invocation
) {
    let now = invocation.clock.now()
    if invocation.wantsJSON {
        invocation.output.document([
            "revocations": .array(
                revocations.map { revocation in
                    [
                        "token": revocation.token.map { TokenDocument.json($0, at: now) } ?? .null,
                        "outcome": .string(revocation.outcome.rawValue),
                        "recorded_only": .bool(revocation.isRecordedOnly), "emergency": .bool(isEmergency),
                    ]
                })
        ])
        return
    }
    for revocation in revocations {
        let name = printable(revocation.token?.name ?? revocation.asked)
        switch revocation.outcome {
        case .done where revocation.isRecordedOnly:
            invocation.output.line("'\(name)' is recorded as ended here; end it at the issuer")
            invocation.output.warning(
                "'\(name)' is a token of \(revocation.token?.issuer.description ?? "another issuer"), which accepts "
                    + "its value until it is ended there: rota cannot do that")
        case .done where isEmergency:
            let holding = (revocation.token.flatMap { places[$0.id] } ?? []).map(\.description)
            invocation.output.line(
                "'\(name)' is revoked in an emergency, without overlap and guard; none of its values is accepted"
                    + (holding.isEmpty ? "" : "; still held by \(printable(holding.joined(separator: ", ")))"))
        case .done: invocation.output.line("'\(name)' is revoked; none of its values is accepted")
        case .alreadyEnded: invocation.output.line("'\(name)' had ended already")
        case .unknown: invocation.output.line("there is no token '\(name)'")
        }
    }
}

extension Engine.Revocation {
    /// Whoever made the token accepts its value all the same.
    fileprivate var isRecordedOnly: Bool { outcome == .done && token.map { $0.issuer != .rota } ?? false }
}

/// What ends with a token.
private struct Impact: Sendable {
    let token: Token
    private let validVersions: Int
    let destinations: [Destination]

    init(of token: Token, from store: any Store) throws {
        self.token = token
        validVersions = try store.versions(of: token.id).count { $0.state.authenticates }
        destinations = try store.destinations(of: token.id)
    }

    func sentence(at now: Instant) -> String {
        guard token.canAuthenticate(at: now) else {
            return printable("'\(token.name)' is not accepted as it is")
        }
        var parts = ["'\(token.name)'", "\(counted(validVersions, "valid value"))"]
        if !token.integration.isEmpty { parts.append("used by \(token.integration)") }
        if !token.owner.isEmpty { parts.append("owner \(token.owner)") }
        if case .lastUsed(let instant) = token.usage {
            parts.append("last used \(distance(to: instant, from: now))")
        }
        if !destinations.isEmpty {
            parts.append("in " + destinations.map(\.description).joined(separator: ", "))
        }
        return printable(parts.joined(separator: "; "))
    }
}
