/// Who has which checkpoint of the audit log.
extension Statement {
    static let witnessing: [Statement] = [
        witnesses, witnessFailures, witness, witnessFailure, putWitness, addWitnessed, putWitnessFailure,
        dropWitnessFailure, witnessedBy,
    ]

    static let witnesses = Statement(
        "SELECT name, kind, place, size, taken_at FROM witnesses WHERE name >= '' ORDER BY name")
    static let witnessFailures = Statement(
        """
        SELECT name, kind, place, since, failures, next_attempt_at, cause FROM witness_failures
        WHERE name >= '' ORDER BY name
        """)
    static let witness = Statement("SELECT name, kind, place, size, taken_at FROM witnesses WHERE name = $1")
    static let witnessFailure = Statement(
        """
        SELECT name, kind, place, since, failures, next_attempt_at, cause FROM witness_failures WHERE name = $1
        """)
    static let putWitness = Statement(
        """
        INSERT INTO witnesses (name, kind, place, size, taken_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, place = excluded.place, size = excluded.size,
          taken_at = excluded.taken_at
        """)
    static let addWitnessed = Statement(
        """
        INSERT INTO witnessed (name, kind, place, size, taken_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name, taken_at, size) DO NOTHING
        """)
    static let putWitnessFailure = Statement(
        """
        INSERT INTO witness_failures (name, kind, place, since, failures, next_attempt_at, cause)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, place = excluded.place, since = excluded.since,
          failures = excluded.failures, next_attempt_at = excluded.next_attempt_at, cause = excluded.cause
        """)
    static let dropWitnessFailure = Statement("DELETE FROM witness_failures WHERE name = $1")
    /// Taken by an instant, in order.
    static let witnessedBy = Statement(
        """
        SELECT name, kind, place, size, taken_at FROM witnessed WHERE name >= '' AND taken_at <= $1
        ORDER BY name, taken_at, size
        """)
}
