package import JSON

/// Policies as they were read: their digest, the texts that they were read from, and the vaults that were configured.
package struct PolicyTexts: Hashable, Sendable {
    /// One file.
    package struct File: Hashable, Sendable {
        /// Its name without a folder.
        package var name: String
        package var bytes: [UInt8]

        package init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
        }
    }

    /// Of the parsed policies: `PolicySet.digest`.
    package var digest: String
    package var files: [File]
    /// What a rotation needs to be possible depends on them.
    package var vaults: Set<String>
    /// The settings of the configuration beside them, each by its path, without what may be a secret; nil: not known.
    package var settings: JSON.Object?

    package init(digest: String, files: [File], vaults: Set<String>, settings: JSON.Object? = nil) {
        self.digest = digest
        self.files = files
        self.vaults = vaults
        self.settings = settings
    }
}

/// Every text that policies were ever loaded from is kept, with who loaded it and when; and so are the settings.
package protocol PolicyTextChanges {
    /// Whether these are the ones that were noted last: nothing is to be written then.
    func knows(_ texts: PolicyTexts) throws -> Bool
    /// Keeps them, audited. False where they are the ones that were noted last.
    func notePolicies(_ texts: PolicyTexts, change: Change) throws -> Bool
}

extension Store {
    /// Keeps the texts of the policies that somebody goes by, where they are others than those noted last.
    package func keepPolicies(_ texts: PolicyTexts?, change: Change) throws {
        guard let texts, try !knows(texts) else { return }
        _ = try transaction { try notePolicies(texts, change: change) }
    }
}
