import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let tokenList = Command(
        words: ["token", "list"],
        summary: "list tokens",
        discussion: """
            Tokens of all states are listed by name. Conditions of one kind are alternatives; kinds add up.

            --sort goes with --state active, and not with --search, --policy or --status violating: those come in an
            order of their own. --sort created goes with no other condition but --status clean.
            """,
        options: TokenFilter.options + TokenFilter.searchOptions + [
            Option("missing", help: "not in its issuer's list any more, when that was imported; the longest first"),
            Option("limit", "COUNT", help: "no more than this many"),
        ],
        examples: [
            "rota token list --state active --label env=prod",
            "rota token list --scope '*:write' --json | jq -r '.tokens[].name'",
            "rota token list --state active --expires-within 30d --sort expires",
        ],
        run: listTokens)
}

private func listTokens(_ invocation: Invocation) throws -> ExitCode {
    let filter = try TokenFilter(invocation.arguments)
    let search = try filter.search(invocation.arguments, of: invocation.surroundings?.owner, at: invocation.clock.now())
    let limit = try invocation.arguments.integer("limit", in: 1...Int.max)
    let store = try Composition(invocation).openStore()
    defer { store.close() }
    var list: any ShownTokens =
        invocation.wantsJSON ? JSONListing(invocation) : TableListing(invocation)
    var isCut = false
    func take(_ token: Token, _ absence: Absence?) -> Bool {
        guard filter.admits(token) else { return true }
        if let limit, list.count == limit {
            isCut = true
            return false
        }
        list.add(token, absence)
        return invocation.output.isRead
    }
    if invocation.arguments.has("missing") {
        try store.eachAbsent { token, absence in
            filter.states.isEmpty || filter.states.contains(token.state) ? take(token, absence) : true
        }
    } else if let search {
        try store.eachToken(of: search) { take($0, nil) }
    } else {
        try store.eachToken(states: filter.states) { take($0, nil) }
    }
    list.finish(isCut: isCut)
    let asksForVerdicts = search.map { $0.status != nil || $0.policy != nil } ?? false
    if asksForVerdicts, !invocation.wantsJSON, try store.lastJudged() == nil {
        invocation.output.note("what violates is known after the first run: 'rota run'")
    }
    return .done
}

extension Store {
    /// Those that are looked for, page after page as the interface gives them, until `body` has enough.
    fileprivate func eachToken(of search: TokenListing, _ body: (Token) -> Bool) throws {
        var position: TokenListing.Position?
        repeat {
            let page = try tokens(search, after: position, limit: 500)
            for token in page.tokens { guard body(token) else { return } }
            position = page.next
        } while position != nil
    }
}

/// Shows tokens one after the other.
private protocol ShownTokens {
    var count: Int { get }
    /// - parameter absence: where only missing ones are listed.
    mutating func add(_ token: Token, _ absence: Absence?)
    mutating func finish(isCut: Bool)
}

private struct JSONListing: ShownTokens {
    private let output: Output
    private let now: Instant
    private var writer = JSONWriter(reservingCapacity: 4096)
    private(set) var count = 0

    init(_ invocation: Invocation) {
        output = invocation.output
        now = invocation.clock.now()
        writer.beginObject()
        writer.key("tokens")
        writer.beginArray()
    }

    mutating func add(_ token: Token, _ absence: Absence?) {
        count += 1
        var document = TokenDocument.json(token, at: now)
        if let absence, case .object(var object) = document {
            object["missing"] = AbsenceDocument.json(absence)
            document = .object(object)
        }
        writer.value(document)
        output.bytes(writer.bytes)
        writer.removeAll()
    }

    mutating func finish(isCut: Bool) {
        writer.endArray()
        writer.key("more")
        writer.bool(isCut)
        writer.endObject()
        writer.newline()
        output.bytes(writer.bytes)
    }
}

private struct TableListing: ShownTokens {
    private let output: Output
    private let now: Instant
    private var table: Table

    init(_ invocation: Invocation) {
        output = invocation.output
        now = invocation.clock.now()
        let missing = invocation.arguments.has("missing") ? ["missing for"] : []
        table = Table(
            ["name", "state", "owner", "scopes", "value age", "last used", "ends", "places"] + missing, on: output)
    }

    var count: Int { table.rowCount }

    mutating func add(_ token: Token, _ absence: Absence?) {
        let cells = [
            token.name, state(of: token), token.owner, token.scopes.joined(separator: " "),
            token.values.currentIssuedAt.map { brief(now - $0) } ?? "-", lastUse(of: token),
            token.expiresAt?.date ?? "never", String(token.destinationCount),
        ]
        table.add(cells + (absence.map { [brief(now - $0.since)] } ?? []))
    }

    mutating func finish(isCut: Bool) {
        table.finish()
        if count == 0 { output.note("no tokens") }
        if isCut { output.note("there are more; this is the first \(counted(count, "token"))") }
    }

    private func state(of token: Token) -> String {
        if token.state == .active, !token.canAuthenticate(at: now) { return "ended" }
        return token.values.rotationOpen ? "\(token.state.rawValue), rotating" : token.state.rawValue
    }

    private func lastUse(of token: Token) -> String {
        switch token.usage {
        case .lastUsed(let instant): "\(brief(now - instant)) ago"
        case .neverUsed: "never"
        case .unknown: "unknown"
        }
    }
}

/// A span in its largest unit, for narrow columns.
private func brief(_ span: TimeSpan) -> String {
    let units: [(String, Int64)] = [("d", 86_400), ("h", 3600), ("m", 60)]
    for (name, size) in units where span.seconds >= size { return "\(span.seconds / size)\(name)" }
    return "\(max(0, span.seconds))s"
}
