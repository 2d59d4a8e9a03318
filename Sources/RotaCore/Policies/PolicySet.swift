/// All loaded policies, with the digest of what was parsed.
package struct PolicySet: Hashable, Sendable {
    package var policies: [Policy]
    /// `sha256:<hex>` of the parsed policies in canonical form: comments and layout do not count.
    package var digest: String

    package init(policies: [Policy], digest: String) {
        self.policies = policies
        self.digest = digest
    }
}
