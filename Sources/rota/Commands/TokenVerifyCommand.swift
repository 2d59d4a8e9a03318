import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let tokenVerify = Command(
        words: ["token", "verify"],
        summary: "tell whether a value is accepted now",
        discussion: """
            Reads one value from standard input or from --file, never from the command line, where other
            users and the shell's history would see it. Exit code 0: it is accepted, and this is its token.
            Exit code 1 without an error: it is not. Looking does not count as a use.
            """,
        options: [Option("file", "FILE", help: "read the value from this file")],
        examples: ["rota token verify < value.txt", "rota token verify --file /run/secrets/ingest --json"],
        operandRefusal: (
            "a value is never given on the command line, where others can see it",
            "rota token verify < FILE; if the value was real, rotate it: it may be in the shell's history"
        ),
        run: verifyToken)
}

private func verifyToken(_ invocation: Invocation) throws -> ExitCode {
    let value = try readTokenValue(invocation.arguments.value("file"), hint: "rota token verify < FILE")
    let now = invocation.clock.now()
    let found = try verify(value, at: now) { digest in
        let store = try Composition(invocation).openStore()
        defer { store.close() }
        return try store.version(with: digest)
    }
    let output = invocation.output
    guard let (token, version) = found else {
        if invocation.wantsJSON { output.document(["active": false]) } else { output.line("not accepted") }
        return .failed
    }
    if invocation.wantsJSON {
        output.document([
            "active": true, "token": TokenDocument.json(token, at: now), "version": .integer(version.number),
            "version_state": .string(version.state.rawValue),
        ])
        return .done
    }
    var fields = Fields()
    fields.add("accepted", "version \(version.number) (\(version.state.rawValue)) of '\(token.name)'")
    fields.add("id", token.id.text)
    fields.add("owner", token.owner)
    fields.add("scopes", token.scopes.joined(separator: " "))
    fields.add("ends", (version.endsAt ?? token.expiresAt).map { spoken($0, from: now) } ?? "never")
    fields.print(on: output)
    return .done
}
