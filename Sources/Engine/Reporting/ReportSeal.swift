package import RotaCore
package import TransparencyLog

/// What a report is signed with: the key of the audit log, and what the log was before the report was made.
package struct ReportSeal: Sendable {
    package let signer: NoteSigner
    package let checkpoint: SignedCheckpoint

    package init(signer: NoteSigner, checkpoint: SignedCheckpoint) {
        self.signer = signer
        self.checkpoint = checkpoint
    }

    /// How the file of a signature ends, behind the name of the report.
    package static let ending = ".sig"

    /// What names become pseudonyms with.
    package var pseudonymKey: [UInt8] { signer.pseudonymKey }

    /// The signature of a report that was written.
    package func note(digest: [UInt8], bytes: Int, format: String, madeAt: Instant) -> SignedNote {
        let log = Checkpoint(origin: signer.key.name, size: checkpoint.size, root: checkpoint.root)
        let statement = ReportStatement(
            digest: digest, bytes: bytes, format: format, madeAt: madeAt.description, log: log)
        return SignedNote(signing: statement.text, by: signer)
    }
}

extension NoteSigner {
    /// The same for every report, until there is another key.
    package var pseudonymKey: [UInt8] { derivedKey(for: "rota pseudonyms") }
}
