package import Engine

/// What a look at the whole audit log found.
package struct AuditVerificationPage: Page {
    package var verdict: AuditVerdict
    /// The newest one that is kept; nil where nothing was signed.
    package var checkpoint: SignedCheckpoint?
    /// By which it is signed.
    package var key: String?

    package init(verdict: AuditVerdict, checkpoint: SignedCheckpoint?, key: String?) {
        self.verdict = verdict
        self.checkpoint = checkpoint
        self.key = key
    }
}
