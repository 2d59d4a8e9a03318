import RotaCore

/// A record with its place among all of its kind: a list that is looked at page by page goes on from there.
package struct Numbered<Record: Hashable & Sendable>: Hashable, Sendable {
    package var number: Int64
    package var record: Record

    package init(_ number: Int64, _ record: Record) {
        self.number = number
        self.record = record
    }
}

/// Runs for people, who look at a page of them.
package protocol RunReads {
    /// The newest first.
    ///
    /// - parameter number: older ones than this; nil: from the newest on.
    func runs(before number: Int64?, limit: Int) throws -> [Numbered<RunRecord>]
    func run(_ id: String) throws -> RunRecord?
    /// What a run recorded, in the order in which it came.
    func actions(ofRun id: String, after number: Int64, limit: Int) throws -> [Numbered<RecordedAction>]
    /// How many deliveries there are for each webhook, by its name.
    func deliveryCountsByEndpoint() throws -> [String: DeliveryCounts]
}
