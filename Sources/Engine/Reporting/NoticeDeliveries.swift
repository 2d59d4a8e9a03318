import JSON
import RotaCore

/// The notices of coming actions that were sent in a period, and whether they came to anybody.
package struct NoticeDeliveries: Sendable {
    /// What came of one, by the best of its deliveries.
    package enum Outcome: String, CaseIterable, Sendable {
        case delivered, waiting, dead
        /// No webhook was configured for it.
        case nobody
    }

    /// One of them.
    package struct Entry: Hashable, Sendable {
        package var notice: SentNotice
        package var name: String
        package var owner: String

        package func told(_ key: String) -> String { notice.told[key]?.string ?? "" }
    }

    package static let mostListed = 50

    package private(set) var count = 0
    package private(set) var outcomes: [Outcome: Int] = [:]
    /// The latest ones, latest first.
    package private(set) var listed: [Entry] = []

    init(_ facts: ReportFacts, _ scope: inout ReportScope, from store: any StoreReads) throws {
        try store.eachSentNotice(from: facts.since, to: facts.until) { notice in
            guard try scope.includes(notice.tokenID, of: store) else { return true }
            count += 1
            outcomes[notice.outcome, default: 0] += 1
            if listed.count < Self.mostListed {
                listed.append(
                    scope.told(
                        Entry(
                            notice: notice, name: notice.told["name"]?.string ?? notice.tokenID.text,
                            owner: notice.told["owner"]?.string ?? "")))
            }
            return true
        }
    }
}

extension SentNotice {
    package var outcome: NoticeDeliveries.Outcome {
        let states = Set(deliveries.map(\.state))
        if states.contains(.delivered) { return .delivered }
        if states.contains(.waiting) { return .waiting }
        return states.isEmpty ? .nobody : .dead
    }
}
