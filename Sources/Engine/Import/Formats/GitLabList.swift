import JSON
import RotaCore

/// GitLab's lists of personal, project and group access tokens, as `GET /personal_access_tokens`,
/// `/projects/:id/access_tokens` and `/groups/:id/access_tokens` answer.
///
/// A rotated token is a new one there, with a new id. `expires_at` is a date: the token ends at its midnight UTC.
/// Source: docs.gitlab.com/api/personal_access_tokens, project_access_tokens and group_access_tokens.
struct GitLabList: RowTranslator {
    /// What tokens have that belong to a person.
    private static let personal = "personal"

    let leftOut = LeftOut()
    /// Personal ones; or those of projects and groups, as far as it says which: a list is of one of them.
    var sections: Set<String>? { found }
    private var found: Set<String> = []
    private let kind: String
    private var hasBegun = false

    init(_ request: ImportRequest) {
        kind = request.issuerKind
    }

    mutating func translate(_ record: JSONRecord, _ each: EachRow) throws {
        if !hasBegun { try ReportedToken.requireAny(of: ["id"], in: record, as: .gitlab) }
        hasBegun = true
        var token = ReportedToken(record)
        let id = token.number("id")
        let created = token.text("created_at")
        let resource = Self.resource(of: token)
        if let resource {
            found.insert(resource)
        } else if token.optionalNumber("access_level") == nil {
            found.insert(Self.personal)
        }
        token.setName([kind, id, token.text("name")])
        token.set(.externalID, id)
        token.set(.description, token.optionalText("description"))
        token.set(.scopes, (record.object["scopes"]?.array ?? []).compactMap(\.string).joined(separator: " "))
        token.setLabels([
            "user_id": token.optionalNumber("user_id"), "access_level": token.optionalNumber("access_level"),
            "resource": resource,
        ])
        token.set(.createdAt, created)
        token.set(.valueIssuedAt, created)
        token.set(.expiresAt, token.optionalText("expires_at"))
        token.setLastUse("last_used_at", since: created)
        token.set(.state, Self.state(of: token).rawValue)
        try each(token.row)
    }

    func finish(_ each: EachRow) {}

    /// `project/1112` or `group/17`; nil for personal tokens, and where the list does not say (older versions).
    private static func resource(of token: ReportedToken) -> String? {
        guard let type = token.record.object["resource_type"]?.string, let id = token.optionalNumber("resource_id"),
            type.utf8.allSatisfy({ (97...122).contains($0) })
        else { return nil }
        return "\(type)/\(id)"
    }

    /// Nil for one of a project or a group of which it is not known which.
    static func section(of token: Token) -> String? {
        token.labels["resource"] ?? (token.labels["access_level"] == nil ? personal : nil)
    }

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
