extension Migration {
    /// The end that a token had when its rotation was claimed; and what runs and notices are looked up by.
    static let endsAtClaims = Migration(number: 19) { dialect in
        """
        ALTER TABLE rotations ADD COLUMN end_at_claim \(dialect.integer);

        -- Of those under way: where nobody has edited the token since the claim, it is what it was. Else nothing is
        -- known, and the token keeps its end.
        UPDATE rotations SET end_at_claim = (SELECT t.expires_at FROM tokens t WHERE t.id = rotations.token_id)
        WHERE phase = 'open' AND renewal IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM audit a
          WHERE a.object = rotations.token_id AND a.action = 'token.edit' AND a.number > COALESCE(
            (SELECT max(c.number) FROM audit c
             WHERE c.object = rotations.token_id AND c.action = 'rotation.claim'), 0));

        CREATE INDEX runs_by_actor ON runs (actor, started_at, number);
        CREATE INDEX notices_by_policy ON notices (policy, token_id, rule, action);
        """
    }
}
