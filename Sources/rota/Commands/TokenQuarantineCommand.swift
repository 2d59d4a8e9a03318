import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let tokenQuarantine = Command(
        words: ["token", "quarantine"],
        summary: "keep a token from being accepted, until it is restored",
        discussion: """
            When it returns, no value of the token is accepted. Nothing else ends: its name, versions and places stay,
            and 'rota token restore' undoes it at once. Who presents it meanwhile is shown by 'rota token show'. It is
            not done while a new value is on its way to its places; what must end now is for 'rota token revoke'.
            It goes past a freeze, safe mode and a suspect clock, and the audit entry says so.
            """,
        operand: Operand(name: "TOKEN", help: "a name or an id"),
        options: [Option("reason", "TEXT", required: true, help: "why, for the audit log"), .needlessYes],
        examples: [
            "rota token quarantine ingest --reason 'nobody knows who uses it'",
            "rota token list --state quarantined",
        ],
        exitCodes: [.done, .failed, .usage, .outcomeUnknown],
        run: quarantineToken)

    static let tokenRestore = Command(
        words: ["token", "restore"],
        summary: "let a quarantined token be accepted again, at once",
        discussion: """
            The values that were accepted before are accepted again. Policies judge the token anew; its idle time counts
            from now. A rule that it breaks all the same takes it out of use with the next run, so mend that first.
            In safe mode it is refused, with exit code 4: what the store has lost may have ended the token.
            """,
        operand: Operand(name: "TOKEN", help: "a name or an id"),
        options: [Option("reason", "TEXT", required: true, help: "why, for the audit log"), .needlessYes],
        examples: ["rota token restore ingest --reason 'the monthly export needs it'"],
        exitCodes: [.done, .failed, .usage, .refused, .outcomeUnknown],
        run: restoreToken)
}

private func quarantineToken(_ invocation: Invocation) async throws -> ExitCode {
    let (useCase, token, reason, brake) = try await prepare(invocation)
    if let brake { invocation.output.warning(printable("this goes past a brake: \(brake.message)")) }
    let result = try await useCase.quarantine(token.id, reason: reason, actor: Process.actor)
    switch result.refusal {
    case nil: show(result, "is quarantined; none of its values is accepted", invocation)
    case .already: show(result, "is quarantined already", invocation)
    case .ended: throw Failure("'\(token.name)' has ended: there is nothing to keep from being accepted")
    case .rotating:
        throw Failure(
            "a new value of '\(token.name)' is on its way to its places; nothing was done",
            hint: "'rota run' finishes that; if no value may be accepted now, 'rota token revoke' ends all of them")
    case .issuerNotDriven:
        throw Failure(
            "'\(token.name)' is a token of \(token.issuer), which accepts its value whatever rota says",
            hint: "switch it off there, and import the list again")
    case .unknown: throw Failure("there is no token '\(token.name)' any more")
    }
    return .done
}

private func restoreToken(_ invocation: Invocation) async throws -> ExitCode {
    let (useCase, token, reason, _) = try await prepare(invocation)
    let result = try await useCase.restore(token.id, reason: reason, actor: Process.actor)
    switch result.refusal {
    case nil: show(result, "is restored; its values are accepted again", invocation)
    case .already: show(result, "is not quarantined", invocation)
    case .ended:
        let isOver = token.state == .quarantined
        throw Failure(
            "'\(token.name)' has ended, so that it cannot be restored",
            hint: isOver
                ? "give it a new end first: rota token edit \(token.name) --expires TIME"
                : "make a new one with 'rota token create'")
    case .issuerNotDriven:
        throw Failure(
            "'\(token.name)' is a token of \(token.issuer), which has switched it off",
            hint: "switch it on there, and import the list again")
    case .rotating, .unknown: throw Failure("there is no token '\(token.name)' any more")
    }
    return .done
}

private func prepare(_ invocation: Invocation) async throws -> (QuarantineUseCase, Token, reason: String, Brake?) {
    let reason = invocation.arguments.value("reason") ?? ""
    guard !reason.allSatisfy(\.isWhitespace) else {
        throw Failure.usage("--reason is empty", hint: "say why in a few words")
    }
    let composition = try Composition(invocation)
    let store = try composition.openQueue(composition.urgentPatience)
    let name = invocation.arguments.operands[0]
    let token = try await store.read { try $0.requireToken(name) }
    let brake = try await store.brake(by: invocation.clock.reading())
    return (QuarantineUseCase(store: store, clock: invocation.clock), token, reason, brake)
}

private func show(_ result: QuarantineResult, _ sentence: String, _ invocation: Invocation) {
    guard let token = result.token else { return }
    if invocation.wantsJSON {
        invocation.output.document([
            "token": TokenDocument.json(token, at: invocation.clock.now()), "changed": .bool(result.refusal == nil),
        ])
    } else {
        invocation.output.line("'\(printable(token.name))' \(sentence)")
    }
}
