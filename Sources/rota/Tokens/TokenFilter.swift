import RotaCore

/// Which tokens `token list` shows: all conditions must hold.
struct TokenFilter {
    var states: [TokenState] = []
    private let selector: Selector

    init(_ arguments: Arguments) throws(Failure) {
        for text in arguments.all("state") {
            guard let state = TokenState(rawValue: text) else {
                let words = TokenState.allCases.map(\.rawValue)
                throw .usage(
                    "--state: '\(printable(text))' is none of \(words.joined(separator: ", "))",
                    hint: nearest(to: text, among: words).map { "did you mean '\($0)'?" })
            }
            states.append(state)
        }
        selector = try Selector(arguments)
    }

    func admits(_ token: Token) -> Bool { selector.matches(token) }

    static let options: [Command.Option] =
        Selector.options + [
            .init("state", "STATE", repeats: true, help: "active, quarantined, revoked or expired; else all")
        ]
}

extension Selector {
    /// From the options of a command: all conditions must hold; `all` where none is given.
    init(_ arguments: Arguments) throws(Failure) {
        self.init(
            labels: try arguments.pairs("label").mapValues { [Glob($0)] },
            scopes: arguments.all("scope").map { Glob($0) }, owners: arguments.all("owner").map { Glob($0) },
            integrations: arguments.all("integration").map { Glob($0) },
            names: arguments.all("name").map { Glob($0) }, issuers: arguments.all("issuer").map { Glob($0) })
    }

    static let options: [Command.Option] = [
        .init("name", "GLOB", repeats: true, help: "name, such as 'ingest-*'"),
        .init("owner", "GLOB", repeats: true, help: "owner"),
        .init("integration", "GLOB", repeats: true, help: "integration"),
        .init("scope", "GLOB", repeats: true, help: "a scope of the token, such as '*:write'"),
        .init("label", "KEY=GLOB", repeats: true, help: "a label of the token"),
        .init("issuer", "GLOB", repeats: true, help: "issuer, such as rota or 'external:*'"),
    ]
}
