import JSON
import RotaCore

/// GitLab's lists of personal, project and group access tokens, as `GET /personal_access_tokens`,
/// `/projects/:id/access_tokens` and `/groups/:id/access_tokens` answer.
///
/// A rotated token is a new one there, with a new id. `expires_at` is a date: the token ends at its midnight UTC.
/// Source: docs.gitlab.com/api/personal_access_tokens, project_access_tokens and group_access_tokens.
struct GitLabList: RowTranslator {
    let leftOut = LeftOut()
    private let kind: String

    init(_ request: ImportRequest) {
        kind = request.issuerKind
    }

    func translate(_ record: JSONRecord, _ each: EachRow) throws {
        var token = ReportedToken(record)
        let id = token.number("id")
        let created = token.text("created_at")
        token.setName([kind, id, token.text("name")])
        token.set(.externalID, id)
        token.set(.description, token.optionalText("description"))
        token.set(.scopes, (record.object["scopes"]?.array ?? []).compactMap(\.string).joined(separator: " "))
        token.setLabels([
            "user_id": token.optionalNumber("user_id"), "access_level": token.optionalNumber("access_level"),
        ])
        token.set(.createdAt, created)
        token.set(.valueIssuedAt, created)
        token.set(.expiresAt, token.optionalText("expires_at"))
        token.setLastUse("last_used_at", since: created)
        token.set(.state, Self.state(of: token).rawValue)
        try each(token.row)
    }

    func finish(_ each: EachRow) {}

    /// `active` is false for a revoked token and for one that has ended.
    private static func state(of token: ReportedToken) -> TokenState {
        if token.isTrue("revoked") { return .revoked }
        guard token.record.object["active"]?.bool == false else { return .active }
        return token.optionalText("expires_at").isEmpty ? .quarantined : .expired
    }
}

extension ImportRequest {
    /// What names of a report begin with: lists of several instances are told apart by their issuers.
    var issuerKind: String {
        switch issuer ?? format.issuer {
        case .external(let kind): kind
        case .rota, nil: format.rawValue
        }
    }
}
