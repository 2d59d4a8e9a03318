package import RotaCore

/// Live tokens that their issuers' lists do not have any more.
package struct MissingTokens: Sendable {
    /// One of them.
    package struct Entry: Sendable {
        package var token: Token
        package var absence: Absence
    }

    private static let mostListed = 25

    package private(set) var count = 0
    /// The first of them, the longest missing first.
    package private(set) var listed: [Entry] = []

    package init() {}

    init(from store: some StoreReads, _ scope: ReportScope) throws {
        if scope.owner == nil { count = try store.countAbsent() }
        try store.eachAbsent { token, absence in
            guard scope.includes(token) else { return true }
            if scope.owner != nil { count += 1 }
            if listed.count < Self.mostListed { listed.append(scope.told(Entry(token: token, absence: absence))) }
            return scope.owner != nil || listed.count < Self.mostListed
        }
    }
}
