import Crypto
import Engine

/// A section of the files that the AWS command line keeps, `~/.aws/credentials` and `~/.aws/config`.
enum AWSProfile {
    /// Ways to keys that are the command line's own.
    private static let foreign = ["role_arn", "credential_process", "sso_session", "sso_start_url", "source_profile"]

    /// The keys of a profile; those of the credentials file count more.
    ///
    /// - throws: `denied` when there are none.
    static func keys(
        of profile: String, credentials: Secret?, configuration: Secret?
    ) throws(VaultError) -> AWSKeys {
        let section = profile == "default" ? ["default", "profile default"] : ["profile \(profile)"]
        var entries = configuration.map { Self.entries(of: section, in: $0) } ?? [:]
        if let credentials {
            entries.merge(Self.entries(of: [profile], in: credentials)) { _, credential in credential }
        }
        guard !entries.isEmpty else {
            throw VaultError(.denied, "there is no AWS profile '\(profile)' in the files")
        }
        guard let accessKey = entries["aws_access_key_id"], let secretKey = entries["aws_secret_access_key"] else {
            let way = foreign.first { entries[$0] != nil }
            throw VaultError(
                .denied,
                "the AWS profile '\(profile)' has no keys"
                    + (way.map { " but '\($0)', which Rota does not follow; use web-identity or keys" } ?? ""))
        }
        return AWSKeys(
            accessKeyID: accessKey, secretAccessKey: Secret(utf8: secretKey),
            sessionToken: entries["aws_session_token"].map { Secret(utf8: $0) })
    }

    /// `name = value` lines below the heading; comments and what is indented below a name are skipped.
    private static func entries(of sections: [String], in file: Secret) -> [String: String] {
        var entries: [String: String] = [:]
        var isWithin = false
        for line in String(decoding: file.copyBytes(), as: UTF8.self).split(whereSeparator: \.isNewline) {
            guard let first = line.first, !first.isWhitespace, first != "#", first != ";" else { continue }
            if first == "[" {
                let heading = line.dropFirst().prefix { $0 != "]" }.split(whereSeparator: \.isWhitespace)
                isWithin = sections.contains(heading.joined(separator: " "))
                continue
            }
            let parts = line.split(separator: "=", maxSplits: 1)
            guard isWithin, parts.count == 2 else { continue }
            let value = trimmed(parts[1])
            if !value.isEmpty { entries[trimmed(parts[0]).lowercased()] = value }
        }
        return entries
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
