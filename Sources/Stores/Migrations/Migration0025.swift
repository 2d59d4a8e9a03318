extension Migration {
    /// Tokens are looked at a page at a time, in the order of names, ends or idle times, within an owner or scopes; and
    /// what somebody asks for twice over HTTP is done once.
    static let lists = Migration(number: 25) { dialect in
        """
        DROP INDEX tokens_by_owner;
        CREATE INDEX tokens_by_owner ON tokens (owner, name, id) WHERE state = 'active';
        DROP INDEX tokens_by_scopes;
        CREATE INDEX tokens_by_scopes ON tokens (scopes, name, id) WHERE state = 'active';
        DROP INDEX tokens_by_end;
        CREATE INDEX tokens_by_end ON tokens (expires_at, id) WHERE state = 'active';
        DROP INDEX tokens_by_idleness;
        CREATE INDEX tokens_by_idleness ON tokens (idle_since, id) WHERE state = 'active' AND idle_since IS NOT NULL;
        CREATE INDEX tokens_by_creation ON tokens (created_at, id) WHERE state = 'active';
        CREATE INDEX tokens_inactive ON tokens (state, name, id) WHERE state <> 'active';
        CREATE INDEX findings_open_by_policy ON findings (policy, token_id) WHERE closed_at IS NULL;

        CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint, state);

        -- What was answered to a request that bore a key, by whose token it came with; never a value.
        CREATE TABLE request_keys (
          caller TEXT NOT NULL,
          key TEXT NOT NULL,
          request TEXT NOT NULL,
          status \(dialect.integer) NOT NULL,
          answer TEXT NOT NULL,
          at \(dialect.integer) NOT NULL,
          PRIMARY KEY (caller, key)
        )\(dialect.strict);
        CREATE INDEX request_keys_by_time ON request_keys (at);
        """
    }
}
