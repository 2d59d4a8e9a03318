package import Engine

/// The audit log, newest first.
package struct AuditPage: Page {
    /// Only what was done to it: an id. Empty: everything.
    package var object: String
    package var entries: [AuditEntry]
    package var next: String?
    package var isContinued: Bool

    package init(object: String = "", entries: [AuditEntry], next: String? = nil, isContinued: Bool = false) {
        self.object = object
        self.entries = entries
        self.next = next
        self.isContinued = isContinued
    }
}
