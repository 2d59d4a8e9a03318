package import RotaCore

/// The waivers that a report tells of.
package struct ListedWaivers: Sendable {
    /// One, with what it comes to.
    package struct Entry: Sendable {
        package var waiver: Waiver
        /// Of the token that it is about; nil where it is about what matches.
        package var name: String?
        package var owner: String?
        package var use: WaiverUse
    }

    /// How many of those that are not in force are told.
    package static let mostOthers = 100

    /// Every one that is in force, the first to end first: none is left out.
    package var inForce: [Entry] = []
    /// Latest first: those that wait for an approval, and those that have ended in the period.
    package var others: [Entry] = []

    /// - parameter waivers: those in force, as they are; `uses` is what each comes to.
    init(
        _ waivers: [Waiver], _ uses: [WaiverUse], _ facts: ReportFacts, _ scope: inout ReportScope,
        from store: any StoreReads
    ) throws {
        for (waiver, use) in zip(waivers, uses) where try scope.includes(waiver, use, of: store) {
            inForce.append(try scope.told(waiver, use, of: store))
        }
        let known = Set(waivers.map(\.id))
        try store.eachWaiver { waiver in
            let isTold = waiver.ending.map { $0.at >= facts.since } ?? true
            if isTold, !known.contains(waiver.id), try scope.includes(waiver, WaiverUse(), of: store) {
                others.append(try scope.told(waiver, WaiverUse(), of: store))
            }
            return others.count < Self.mostOthers
        }
    }
}

extension StoreReads {
    /// Of the token that a waiver is about; nil where it is about what matches.
    package func tokenName(of waiver: Waiver) throws -> String? { try token(of: waiver)?.name }

    func token(of waiver: Waiver) throws -> Token? {
        guard case .token(let id) = waiver.subject else { return nil }
        return try token(id)
    }
}
