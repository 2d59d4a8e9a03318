import Engine
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

    func admits(_ token: Token) -> Bool {
        (states.isEmpty || states.contains(token.state)) && selector.matches(token)
    }

    /// What is looked for as `/v1/tokens` does; nil where every token is looked at.
    ///
    /// - parameter owner: whose tokens alone who asks may know of; nil: everybody's.
    func search(_ arguments: Arguments, of owner: String?, at now: Instant) throws(Failure) -> TokenListing? {
        guard owner != nil || Self.searchOptions.contains(where: { arguments.has($0.name) }) else { return nil }
        guard !arguments.has("missing") else {
            throw .usage("--missing is a list of its own", hint: "leave the other conditions out")
        }
        let search = TokenListing(
            state: states.count == 1 ? states[0] : nil, search: arguments.value("search"), owner: owner,
            status: try arguments.choice("status", of: TokenListing.Status.self), policy: arguments.value("policy"),
            endsBy: try arguments.span("expires-within").map { now + $0 },
            idleSince: try arguments.span("idle-for").map { now - $0 },
            order: try arguments.choice("sort", of: TokenListing.Order.self) ?? .name)
        guard search.isSorted else {
            throw .usage(
                "--sort \(search.order.rawValue) does not go with what is looked for",
                hint: "give --state active and no --search or --policy, or leave --sort out")
        }
        return search
    }

    /// Conditions that the store looks for itself.
    static let searchOptions: [Command.Option] = [
        .init("search", "TEXT", help: "a part of the name, whatever the case of its letters, or the whole id"),
        .init("status", "STATUS", help: "violating, or clean: without a violation; as of the last run"),
        .init("policy", "NAME", help: "violating this policy, as of the last run"),
        .init("expires-within", "SPAN", help: "ends within 30d"),
        .init("idle-for", "SPAN", help: "not used for 90d"),
        .init("sort", "ORDER", help: "name, created (newest first), expires or used (longest idle first); name"),
    ]

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
