package import RotaCore

/// A report that was made earlier, to hold one against it. It is read twice, row by row.
package struct EarlierReport {
    /// Which report it is.
    package struct Facts: Sendable {
        package var instance: String
        package var at: Instant
        package var policiesDigest: String
        package var owner: String?
        package var isRedacted: Bool
        /// It was rebuilt for its instant, and not made then.
        package var isRebuilt: Bool

        package init(
            instance: String, at: Instant, policiesDigest: String, owner: String? = nil, isRedacted: Bool = false,
            isRebuilt: Bool = false
        ) {
            self.instance = instance
            self.at = at
            self.policiesDigest = policiesDigest
            self.owner = owner
            self.isRedacted = isRedacted
            self.isRebuilt = isRebuilt
        }
    }

    /// What it says of one token by one rule.
    package struct Row: Sendable {
        package var tokenID: TokenID
        package var name: String
        package var rule: RuleReference
        package var status: Verdict.Status
        package var message: String

        package init(
            tokenID: TokenID, name: String, rule: RuleReference, status: Verdict.Status, message: String
        ) {
            self.tokenID = tokenID
            self.name = name
            self.rule = rule
            self.status = status
            self.message = message
        }
    }

    /// Reads all of its rows.
    package typealias Read = (_ each: (Row) throws -> Void) throws -> Facts

    let read: Read

    package init(read: @escaping Read) { self.read = read }
}

/// Why two reports cannot be held against each other.
package struct IncomparableReports: Error, Hashable, CustomStringConvertible {
    package let description: String
}
