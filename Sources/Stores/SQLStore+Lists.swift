import Engine
import RotaCore
import SQLite

/// Tokens a page at a time. One condition says which index is walked along; the others are held against what is found
/// there, up to so many tokens that nobody waits long.
extension SQLStore {
    func openFindings(of id: TokenID) throws -> [Finding] {
        try driver.all(.openFindingsOfToken, [.of(id)], Decode.finding)
    }

    func eachTokenWithRole(of owner: String, _ each: (Token) throws -> Bool) throws {
        try tokens(.ofOwnerWithRoles, [.text(owner)]) { token in
            guard token.scopes.contains(where: [ScopeEntry].roles.contains) else { return true }
            return try each(token)
        }
    }

    func hasMadeTokens(of owner: String, beyond count: Int) throws -> Bool {
        try driver.first(.madeBeyond, [.text(owner), .of(count)], { _ in true }) ?? false
    }

    func owners(limit: Int) throws -> [String] {
        var owners: [String] = []
        while owners.count < limit, let next = try driver.first(.nextOwner, [.text(owners.last ?? "")], { $0.text(0) })
        {
            owners.append(next)
        }
        return owners
    }

    func tokens(_ listing: TokenListing, after position: TokenListing.Position?, limit: Int) throws -> ListedTokens {
        if let search = listing.search, let token = try token(TokenID(search)) {
            return ListedTokens(tokens: position == nil && listing.admits(token) ? [token] : [])
        }
        var walk = Walk(listing, after: position, limit: limit)
        try follow(&walk)
        return walk.page
    }

    private func follow(_ walk: inout Walk) throws {
        let listing = walk.listing
        let texts = walk.start.texts
        func text(_ index: Int) -> Value { .text(texts.indices.contains(index) ? texts[index] : "") }
        switch walk.path {
        case .violating:
            let key: @Sendable (Token) -> TokenListing.Position = { .init(texts: [$0.id.text]) }
            guard let policy = listing.policy else { return try take(.listedViolating, [text(0)], key, &walk) }
            try take(.listedViolatingPolicy, [.text(policy), text(0)], key, &walk)
        case .search(let part): try search(for: part, &walk)
        case .creation:
            let latest = walk.start.number ?? .max
            try take(
                .listedByCreation, [.integer(latest), walk.isFirst ? .text("\u{10FFFF}") : text(0)],
                { .init(texts: [$0.id.text], number: $0.createdAt.seconds) }, &walk)
        case .end: try takeEnding(&walk)
        case .idleness: try takeIdle(&walk)
        case .state(let state): try take(.listedByState, [.text(state.rawValue), text(0), text(1)], Walk.name, &walk)
        case .owner(let owner): try take(.listedByOwner, [.text(owner), text(0), text(1)], Walk.name, &walk)
        case .scope(let scope): try takeScopes(with: scope, &walk)
        case .name: try take(.listedByName, [text(0), text(1)], Walk.name, &walk)
        }
    }

    /// The first to end first; where all are wanted, those without an end come last, by their ids.
    private func takeEnding(_ walk: inout Walk) throws {
        let listing = walk.listing
        let id = walk.start.texts.first ?? ""
        if walk.isFirst || walk.start.number != nil {
            try take(
                .listedByEnd,
                [.integer(walk.start.number ?? .min), .text(id), .integer(listing.endsBy?.seconds ?? .max)],
                { .init(texts: [$0.id.text], number: $0.expiresAt?.seconds) }, &walk)
        }
        guard !walk.isStopped, listing.endsBy == nil else { return }
        let isGoingOn = !walk.isFirst && walk.start.number == nil
        try take(
            .listedWithoutEnd, [.text(isGoingOn ? id : "")], { .init(texts: [$0.id.text], number: nil) }, &walk)
    }

    /// The longest idle first; where all are wanted, those of which it is not known come last, by their names.
    private func takeIdle(_ walk: inout Walk) throws {
        let listing = walk.listing
        let texts = walk.start.texts
        if walk.isFirst || walk.start.number != nil {
            let values: [Value] = [
                .integer(walk.start.number ?? .min), .text(texts.first ?? ""),
                .integer(listing.idleSince?.seconds ?? .max),
            ]
            try driver.query(.listedByIdleness, values) { row in
                let token = try decode(row)
                // As the index has it: a page that ended on the last use itself would leave out whatever is between.
                let position = TokenListing.Position(texts: [token.id.text], number: row.integer(tokenColumnCount))
                return try walk.take(token, at: position, isClean: { try openFindings(of: token.id).isEmpty })
            }
        }
        guard !walk.isStopped, listing.idleSince == nil else { return }
        // Only what was given out among those of unknown use has no number and two texts.
        let isGoingOn = !walk.isFirst && walk.start.number == nil && texts.count == 2
        walk.wantsUnknownUse = true
        try take(
            .listedByName, [.text(isGoingOn ? texts[0] : ""), .text(isGoingOn ? texts[1] : "")], Walk.name, &walk)
    }

    /// Looks through names, of which many more are looked at than of tokens.
    private func search(for part: String, _ walk: inout Walk) throws {
        let start = walk.start.texts
        let (name, id) = start.count == 2 ? (start[0], start[1]) : ("", "")
        let last = try driver.first(
            .nameAfter, [.text(name), .text(id), .of(TokenListing.mostNamesLookedAt)], { $0.text(0) })
        let escaped = part.reduce(into: "") { $0 += "\\%_".contains($1) ? "\\\($1)" : String($1) }
        try take(
            .listedByNamePart,
            [.text(name), .text(id), .text(last ?? "\u{10FFFF}"), .text("%\(escaped)%")], Walk.name, &walk)
        guard let last, !walk.isStopped else { return }
        walk.page.next = TokenListing.Position(texts: [last, "\u{10FFFF}"])
        walk.page.isCutShort = true
    }

    /// List of scopes by list; each list that has the scope is walked along by name.
    private func takeScopes(with scope: String, _ walk: inout Walk) throws {
        let start = walk.start.texts
        var list = start.first ?? ""
        var position: (name: String, id: String) = start.count == 3 ? (start[1], start[2]) : ("", "")
        var isBegun = start.count == 3
        while !walk.isStopped {
            if !isBegun {
                guard let next = try driver.first(.nextScopes, [.text(list)], { $0.text(0) }) else { return }
                (list, position) = (next, ("", ""))
            }
            isBegun = false
            guard walk.goesOn(at: TokenListing.Position(texts: [list])) else { return }
            guard ScopeText.decode(list).contains(scope) else { continue }
            try take(
                .listedByScopes, [.text(list), .text(position.name), .text(position.id)],
                { [list] in .init(texts: [list, $0.name, $0.id.text]) }, &walk)
        }
    }

    private func take(
        _ statement: Statement, _ values: [Value], _ key: (Token) -> TokenListing.Position, _ walk: inout Walk
    ) throws {
        try tokens(statement, values) { token in
            try walk.take(token, at: key(token), isClean: { try openFindings(of: token.id).isEmpty })
        }
    }
}

/// One page in the making.
private struct Walk {
    /// The index that is walked along.
    enum Path {
        case violating, creation, end, idleness, name
        case search(String), state(TokenState), owner(String), scope(String)
    }

    let listing: TokenListing
    let start: TokenListing.Position
    let isFirst: Bool
    var page = ListedTokens()
    /// Only tokens of which nobody knows since when they are idle.
    var wantsUnknownUse = false
    private(set) var isStopped = false
    private let limit: Int
    private var lookedAt = 0
    private var last: TokenListing.Position?
    private var lastID: TokenID?

    init(_ listing: TokenListing, after position: TokenListing.Position?, limit: Int) {
        self.listing = listing
        self.limit = limit
        start = position ?? TokenListing.Position(texts: [])
        isFirst = position == nil
    }

    static let name: @Sendable (Token) -> TokenListing.Position = { .init(texts: [$0.name, $0.id.text]) }

    /// What narrows it down the most, as far as that can be told beforehand.
    var path: Path {
        if listing.status == .violating || listing.policy != nil { return .violating }
        if let search = listing.search, !search.isEmpty { return .search(search) }
        // The other indexes are of active tokens alone.
        guard listing.state == .active else { return listing.state.map { .state($0) } ?? .name }
        switch listing.order {
        case .expires: return .end
        case .used: return .idleness
        case .created, .name: break
        }
        if listing.endsBy != nil { return .end }
        if listing.idleSince != nil { return .idleness }
        if let owner = listing.owner { return .owner(owner) }
        if let scope = listing.scope { return .scope(scope) }
        if listing.order == .created { return .creation }
        return .name
    }

    /// Whether one more list of scopes is looked into, as if it were a token.
    mutating func goesOn(at position: TokenListing.Position) -> Bool {
        guard lookedAt < TokenListing.mostLookedAt else {
            isStopped = true
            page.next = position
            page.isCutShort = true
            return false
        }
        lookedAt += 1
        return true
    }

    /// Takes a token in, where it is one of those; false when the page is full, or has taken long enough.
    mutating func take(
        _ token: Token, at position: TokenListing.Position, isClean: () throws -> Bool
    ) throws -> Bool {
        // One comes again for each of its violations.
        guard token.id != lastID else { return true }
        let isFull = page.tokens.count == limit
        guard !isFull, lookedAt < TokenListing.mostLookedAt else {
            isStopped = true
            page.next = last
            page.isCutShort = !isFull
            return false
        }
        (last, lastID) = (position, token.id)
        lookedAt += 1
        guard listing.admits(token), !wantsUnknownUse || token.idleSince == nil else { return true }
        if listing.status == .clean, try !isClean() { return true }
        page.tokens.append(token)
        return true
    }
}
