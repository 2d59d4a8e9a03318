package import RotaCore

/// How an inventory is written, and by whom.
package enum InventoryFormat: String, Sendable, CaseIterable {
    /// Our columns (DESIGN section 9).
    case csv, json
    /// The credential report of AWS IAM, as it is downloaded.
    case awsCredentialReport = "aws-credential-report"
    /// GitLab's lists of personal, project and group access tokens.
    case gitlab
    /// GitHub's lists of fine-grained tokens and of credentials authorised for an organisation.
    case github

    /// Who made the tokens of it, when nobody says otherwise; nil: each row says so.
    package var issuer: Issuer? {
        switch self {
        case .csv, .json: nil
        case .awsCredentialReport: .external(kind: "aws-iam")
        case .gitlab: .external(kind: "gitlab")
        case .github: .external(kind: "github")
        }
    }

    /// Whether it is written by the issuer itself: then it also tells what became of a token since, and which
    /// are gone.
    package var isReport: Bool { issuer != nil }

    /// The part of its issuer's tokens that one belongs to, where an issuer has several lists: one that a list of
    /// another part does not name has not vanished. Nil: not known.
    func section(of token: Token) -> String? {
        switch self {
        case .csv, .json: nil
        case .awsCredentialReport: token.labels["account"]
        case .gitlab: GitLabList.section(of: token)
        case .github: GitHubList.section(of: token)
        }
    }

    /// The format that the beginning of a file can only be; nil when it may be several.
    package static func detected(in beginning: [UInt8]) -> InventoryFormat? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = beginning.starts(with: mark) ? beginning.dropFirst(mark.count) : beginning[...]
        return text.starts(with: CredentialReport.firstColumns.utf8) ? .awsCredentialReport : nil
    }

    /// The format whose columns these are, where they are no columns of ours.
    static func suggested(by column: String) -> InventoryFormat? {
        switch column {
        case "revoked", "user_id", "access_level", "active": .gitlab
        case "token_id", "token_name", "access_granted_at", "credential_id", "credential_type": .github
        case "user_creation_time", "access_key_1_active": .awsCredentialReport
        default: nil
        }
    }
}
