import JSON
import RotaCore

/// GitHub's lists of fine-grained tokens with access to an organisation (`GET /orgs/{org}/personal-access-tokens`)
/// and of credentials authorised for it by single sign-on (`GET /orgs/{org}/credential-authorizations`), which are
/// where its classic tokens show.
///
/// GitHub does not tell when a token was made: its dates count from when it was given access, so that it may be
/// older than it looks.
/// Source: docs.github.com/rest/orgs/personal-access-tokens, and /rest/orgs/orgs for the authorisations.
struct GitHubList: RowTranslator {
    private static let fineGrainedKind = "fine-grained"
    private static let credentialKind = "credential"

    private(set) var leftOut = LeftOut()
    /// One list holds tokens of one kind, and says nothing of the other.
    var sections: Set<String>? { kinds }
    private var kinds: Set<String> = []
    private let kind: String
    private var hasBegun = false

    init(_ request: ImportRequest) {
        kind = request.issuerKind
    }

    mutating func translate(_ record: JSONRecord, _ each: EachRow) throws {
        if !hasBegun { try ReportedToken.requireAny(of: ["token_id", "credential_id"], in: record, as: .github) }
        hasBegun = true
        let object = record.object
        if let type = object["credential_type"]?.string {
            kinds.insert(Self.credentialKind)
            if type.lowercased().contains("ssh") { return leftOut.add("SSH key") }
            return try each(authorised(record, type: type))
        }
        // A request for access looks like a token, but has no access.
        if object["token_id"] != nil, object["access_granted_at"] == nil { return leftOut.add("access request") }
        kinds.insert(Self.fineGrainedKind)
        try each(fineGrained(record))
    }

    func finish(_ each: EachRow) {}

    private func fineGrained(_ record: JSONRecord) -> Result<InventoryRow, InventoryFault> {
        var token = ReportedToken(record)
        let id = token.number("token_id")
        let granted = token.text("access_granted_at")
        let login = record.object["owner"]?["login"]?.string ?? ""
        token.setName([kind, login, id, token.optionalText("token_name")])
        token.set(.externalID, "\(Self.fineGrainedKind)/\(id)")
        token.set(.owner, login)
        token.set(.scopes, Self.scopes(of: record.object["permissions"]))
        token.setLabels(["repositories": record.object["repository_selection"]?.string])
        token.set(.createdAt, granted)
        token.set(.valueIssuedAt, granted)
        token.set(.expiresAt, token.optionalText("token_expires_at"))
        token.setLastUse("token_last_used_at", since: granted)
        token.set(.state, (token.isTrue("token_expired") ? TokenState.expired : .active).rawValue)
        return token.row
    }

    private func authorised(_ record: JSONRecord, type: String) -> Result<InventoryRow, InventoryFault> {
        var token = ReportedToken(record)
        let id = token.number("credential_id")
        let granted = token.text("credential_authorized_at")
        let login = token.text("login")
        token.setName([kind, login, id, token.optionalText("authorized_credential_note")])
        token.set(.externalID, "\(Self.credentialKind)/\(id)")
        token.set(.owner, login)
        token.set(.scopes, (record.object["scopes"]?.array ?? []).compactMap(\.string).joined(separator: " "))
        token.setLabels(["credential_type": type.lowercased()])
        token.set(.createdAt, granted)
        token.set(.valueIssuedAt, granted)
        token.set(.expiresAt, token.optionalText("authorized_credential_expires_at"))
        token.setLastUse("credential_accessed_at", since: granted)
        return token.row
    }

    /// The kind that the external id of a token begins with.
    static func section(of token: Token) -> String? {
        (token.externalID?.split(separator: "/").first).map(String.init)
    }

    /// `repository:contents:read` of `{"repository": {"contents": "read"}}`.
    private static func scopes(of permissions: JSON?) -> String {
        var scopes: [String] = []
        for level in permissions?.object ?? [:] {
            for permission in level.value.object ?? [:] {
                guard let access = permission.value.string else { continue }
                scopes.append("\(level.key):\(permission.key):\(access)")
            }
        }
        return scopes.sorted().joined(separator: " ")
    }
}
