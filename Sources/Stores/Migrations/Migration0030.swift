extension Migration {
    /// What is asked for over HTTP is found without looking at more: who signs in by his name, among those with roles;
    /// what was made there for an owner; how many actions of a kind a plan has.
    static let served = Migration(number: 30) { _ in
        """
        CREATE INDEX tokens_with_roles ON tokens (owner, name, id) WHERE state = 'active' AND scopes LIKE '%rota:%';
        CREATE INDEX tokens_made ON tokens (owner)
          WHERE state IN ('active', 'quarantined') AND provenance = 'observed' AND created_by LIKE 'token:%';
        CREATE INDEX plan_actions_by_kind ON plan_actions (plan, action);
        """
    }
}
