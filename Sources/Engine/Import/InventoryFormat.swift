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
        let text = beginning.starts(with: byteOrderMark) ? beginning.dropFirst(byteOrderMark.count) : beginning[...]
        return text.starts(with: CredentialReport.firstColumns.utf8) ? .awsCredentialReport : nil
    }

    /// Whether it is JSON; else it is CSV.
    package var isJSON: Bool {
        switch self {
        case .json, .gitlab, .github: true
        case .csv, .awsCredentialReport: false
        }
    }

    /// What a file is whose beginning cannot be of this format; nil where it may be.
    ///
    /// - returns: what it looks like, for people, and the formats that it may be of, the likeliest first.
    package func contradiction(in beginning: [UInt8]) -> (looksLike: String, formats: [InventoryFormat])? {
        let isJSON = Self.looksLikeJSON(beginning)
        if let detected = Self.detected(in: beginning), detected != self {
            return (looksLike: "the credential report of AWS IAM", formats: [detected])
        }
        guard isJSON != self.isJSON, Self.isText(beginning) else { return nil }
        guard isJSON else { return (looksLike: "CSV", formats: [.csv, .awsCredentialReport]) }
        let text = String(decoding: beginning, as: UTF8.self)
        let likely = ["access_level", "revoked", "token_id", "credential_id"].first { text.contains("\"\($0)\"") }
        let formats = likely.flatMap { Self.suggested(by: $0) }.map { [$0] } ?? [.json, .gitlab, .github]
        return (looksLike: "JSON", formats: formats)
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Without a byte order mark and blanks.
    private static func trimmed(_ beginning: [UInt8]) -> ArraySlice<UInt8> {
        let text = beginning.starts(with: byteOrderMark) ? beginning.dropFirst(byteOrderMark.count) : beginning[...]
        return text.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
    }

    private static func looksLikeJSON(_ beginning: [UInt8]) -> Bool {
        trimmed(beginning).first.map { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") } ?? false
    }

    /// Not blank, and not UTF-16, which is told by itself.
    private static func isText(_ beginning: [UInt8]) -> Bool {
        guard let first = trimmed(beginning).first else { return false }
        return first < 0xF8 && !beginning.prefix(2).contains(0)
    }

    /// The format that has one of these columns, where it is no column of ours, with that column.
    static func suggested(by columns: [String], isJSON: Bool) -> (format: InventoryFormat, column: String)? {
        for column in columns {
            if let format = suggested(by: column), format.isJSON == isJSON { return (format, column) }
        }
        return nil
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
