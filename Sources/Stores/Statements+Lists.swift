/// Tokens a page at a time: each statement is one range of an index, from where the page before ended.
extension Statement {
    static let listing: [Statement] = [
        listedByName, listedByNamePart, nameAfter, listedByState, listedByOwner, listedByScopes, listedByCreation,
        listedByEnd, listedWithoutEnd, listedByIdleness, listedViolating, listedViolatingPolicy, openFindingsOfToken,
        ofOwnerWithRoles, madeBeyond,
    ]

    static let listedByName = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE (name, id) > ($1, $2) ORDER BY name, id")
    /// Looked for in the index, whatever the case of its letters.
    static let listedByNamePart = Statement(
        """
        SELECT \(tokenColumns) FROM tokens
        WHERE (name, id) > ($1, $2) AND name <= $3 AND name LIKE $4 ESCAPE '\\' ORDER BY name, id
        """)
    static let nameAfter = Statement(
        "SELECT name FROM tokens WHERE (name, id) > ($1, $2) ORDER BY name, id LIMIT 1 OFFSET $3")
    static let listedByState = Statement(
        """
        SELECT \(tokenColumns) FROM tokens
        WHERE state <> 'active' AND state = $1 AND (name, id) > ($2, $3) ORDER BY name, id
        """)
    static let listedByOwner = Statement(
        """
        SELECT \(tokenColumns) FROM tokens
        WHERE state = 'active' AND owner = $1 AND (name, id) > ($2, $3) ORDER BY name, id
        """)
    static let listedByScopes = Statement(
        """
        SELECT \(tokenColumns) FROM tokens
        WHERE state = 'active' AND scopes = $1 AND (name, id) > ($2, $3) ORDER BY name, id
        """)
    static let listedByCreation = Statement(
        """
        SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND (created_at, id) < ($1, $2)
        ORDER BY created_at DESC, id DESC
        """)
    static let listedByEnd = Statement(
        """
        SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND (expires_at, id) > ($1, $2) AND expires_at <= $3
        ORDER BY expires_at, id
        """)
    static let listedWithoutEnd = Statement(
        "SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND expires_at IS NULL AND id > $1 ORDER BY id")
    /// With what it is sorted by at its end: behind the last use by up to an hour.
    static let listedByIdleness = Statement(
        """
        SELECT \(tokenColumns), idle_since FROM tokens
        WHERE state = 'active' AND idle_since IS NOT NULL AND (idle_since, id) > ($1, $2) AND idle_since <= $3
        ORDER BY idle_since, id
        """)
    /// By their ids; a token comes once for each of its violations.
    static let listedViolating = Statement(
        """
        SELECT \(tokenColumns.columns(of: "t")) FROM findings f JOIN tokens t ON t.id = f.token_id
        WHERE f.closed_at IS NULL AND f.token_id > $1 ORDER BY f.token_id
        """)
    static let listedViolatingPolicy = Statement(
        """
        SELECT \(tokenColumns.columns(of: "t")) FROM findings f JOIN tokens t ON t.id = f.token_id
        WHERE f.closed_at IS NULL AND f.policy = $1 AND f.token_id > $2 ORDER BY f.token_id
        """)
    /// The condition is that of the index, word by word.
    static let ofOwnerWithRoles = Statement(
        """
        SELECT \(tokenColumns) FROM tokens WHERE state = 'active' AND scopes LIKE '%rota:%' AND owner = $1
        ORDER BY name, id
        """)
    /// Whoever makes one over HTTP is `token:` and a name. Those that came by an import were not made. The condition is
    /// that of the index, word by word.
    static let madeBeyond = Statement(
        """
        SELECT owner FROM tokens
        WHERE state IN ('active', 'quarantined') AND provenance = 'observed' AND created_by LIKE 'token:%'
          AND owner = $1 LIMIT 1 OFFSET $2
        """)
    static let openFindingsOfToken = Statement(
        "SELECT \(findingColumns) FROM findings WHERE token_id = $1 AND closed_at IS NULL ORDER BY policy, rule")
}
