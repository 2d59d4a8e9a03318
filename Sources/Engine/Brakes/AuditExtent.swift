/// What of an audit log was kept elsewhere, beside the log of a store that was restored or copied.
package struct AuditExtent: Hashable, Sendable {
    package var count: Int
    /// How many entries the store's own log has.
    package var size: Int64
    /// Whether each of them has its number: else it cannot be told what is missing.
    package var isNumbered: Bool
    /// The number of the newest.
    package var newest: Int64?
    /// Entries that neither the store nor what was kept has.
    package var gaps: [ClosedRange<Int64>] = []

    /// What somebody has to know before he goes by it: what was ended in an entry that nobody has stays accepted.
    package var remarks: [String] {
        guard count > 0 else { return [] }
        guard isNumbered, let newest else {
            return [
                "the entries of the audit log that was given have no numbers: whether some are missing is not known"
            ]
        }
        var remarks: [String] = []
        if newest < size {
            remarks.append(
                "the audit log that was given ends at entry \(newest), and the store's own at \(size): it is older "
                    + "than the store, and tells nothing that was lost with it")
        } else if newest > size {
            remarks.append(
                "the store's log ends at entry \(size), and the one that was given at \(newest): the store is "
                    + "\(newest - size) entries behind it")
        }
        if !gaps.isEmpty {
            let shown = gaps.prefix(5).map {
                $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)"
            }
            let more = gaps.count > 5 ? " and \(gaps.count - 5) more gaps" : ""
            remarks.append(
                "neither has entries \(shown.joined(separator: ", "))\(more): what they ended stays accepted; "
                    + "give the rest with --audit")
        }
        return remarks
    }
}
