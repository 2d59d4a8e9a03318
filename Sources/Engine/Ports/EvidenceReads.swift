package import JSON
package import RotaCore

/// A notice of a coming action that was sent, and what became of it.
package struct SentNotice: Hashable, Sendable {
    /// One webhook that it goes to.
    package struct Delivery: Hashable, Sendable {
        /// Where it stands.
        package enum State: String, CaseIterable, Sendable { case waiting, delivered, dead }

        package var endpoint: String
        package var state: State
        /// When it was delivered or given up; nil while it waits.
        package var at: Instant?

        package init(endpoint: String, state: State, at: Instant?) {
            self.endpoint = endpoint
            self.state = state
            self.at = at
        }
    }

    /// Of the event.
    package var id: String
    package var at: Instant
    package var tokenID: TokenID
    /// As it was told: name, owner, policy, rule, action, stage.
    package var told: JSON
    package var deliveries: [Delivery]

    package init(id: String, at: Instant, tokenID: TokenID, told: JSON, deliveries: [Delivery]) {
        self.id = id
        self.at = at
        self.tokenID = tokenID
        self.told = told
        self.deliveries = deliveries
    }
}

/// What says whether a report is complete: what the inventory and its rules come from, and who was told what.
package protocol EvidenceReads {
    /// A text of policies by its digest, such as `sha256:…`.
    func policyText(_ digest: String) throws -> [UInt8]?
    /// Entries of the log about imports, of uses too, loaded policies, and what was decided of saved plans, up to an
    /// instant; oldest first.
    func eachOrigin(to end: Instant, _ each: (AuditEntry) throws -> Bool) throws
    /// Latest first.
    func eachSentNotice(from start: Instant, to end: Instant, _ each: (SentNotice) throws -> Bool) throws
}
