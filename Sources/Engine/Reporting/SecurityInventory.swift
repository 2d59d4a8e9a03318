package import RotaCore

/// The live tokens with what each is, what it is for, whose it is, when it ends and how it is renewed: the first by
/// name. All of them are in the data file.
package struct SecurityInventory: Sendable {
    /// One of them.
    package struct Entry: Sendable {
        package var token: Token
        package var renewal: Renewal?
    }

    package static let mostListed = 100

    package private(set) var listed: [Entry] = []

    init(_ planner: Planner, _ facts: ReportFacts, _ scope: ReportScope, from store: any StoreReads) throws {
        var rulings: [Planner.Ruling] = []
        try store.eachToken(states: [.active], in: .byName) { token in
            guard token.canAuthenticate(at: facts.at), scope.includes(token) else { return true }
            rulings.removeAll(keepingCapacity: true)
            planner.judge(
                token, at: facts.at, idle: token.idleClock(at: facts.at, tracking: facts.tracking), into: &rulings)
            listed.append(
                Entry(token: scope.told(token), renewal: Renewal(rulings, of: facts.policies.policies)))
            return listed.count < Self.mostListed
        }
    }
}
