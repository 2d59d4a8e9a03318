package import Engine

/// The audit log, newest first.
package struct AuditPage: Page {
    /// Only what was done to it: an id. Empty: everything.
    package var object: String
    package var entries: [AuditEntry]
    /// Of the tokens that they are about, by their ids.
    package var names: [String: String]
    /// The id of the store itself, which says nothing to people.
    package var instance: String
    package var next: String?
    package var isContinued: Bool

    package init(
        object: String = "", entries: [AuditEntry], names: [String: String] = [:], instance: String = "",
        next: String? = nil,
        isContinued: Bool = false
    ) {
        self.object = object
        self.entries = entries
        self.names = names
        self.instance = instance
        self.next = next
        self.isContinued = isContinued
    }
}
