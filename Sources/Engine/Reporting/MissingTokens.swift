package import RotaCore

/// Live tokens that their issuers' lists do not have any more.
package struct MissingTokens: Sendable {
    /// One of them.
    package struct Entry: Sendable {
        package var token: Token
        package var absence: Absence
    }

    private static let mostListed = 25

    package let count: Int
    /// The first of them, the longest missing first.
    package private(set) var listed: [Entry] = []

    init(from store: some StoreReads) throws {
        count = try store.countAbsent()
        try store.eachAbsent { token, absence in
            listed.append(Entry(token: token, absence: absence))
            return listed.count < Self.mostListed
        }
    }
}
