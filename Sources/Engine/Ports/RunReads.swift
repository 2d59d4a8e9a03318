import RotaCore

/// A run with its place among all of them.
package struct NumberedRun: Hashable, Sendable {
    package var number: Int64
    package var run: RunRecord

    package init(number: Int64, run: RunRecord) {
        self.number = number
        self.run = run
    }
}

/// An action with its place among all that were recorded.
package struct NumberedAction: Hashable, Sendable {
    package var number: Int64
    package var action: RecordedAction

    package init(number: Int64, action: RecordedAction) {
        self.number = number
        self.action = action
    }
}

/// Runs for people, who look at a page of them.
package protocol RunReads {
    /// The newest first.
    ///
    /// - parameter number: older ones than this; nil: from the newest on.
    func runs(before number: Int64?, limit: Int) throws -> [NumberedRun]
    func run(_ id: String) throws -> RunRecord?
    /// What a run recorded, in the order in which it came.
    func actions(ofRun id: String, after number: Int64, limit: Int) throws -> [NumberedAction]
    /// How many deliveries there are for each webhook, by its name.
    func deliveryCountsByEndpoint() throws -> [String: DeliveryCounts]
}
