/// Tokens that the lists of their issuers do not have any more; `absentTokens` is among the reads of tokens.
extension Statement {
    static let absences: [Statement] = [absence, absentCount, noteAbsence, endAbsence]

    static let absence = Statement("SELECT since, file FROM absences WHERE token_id = $1")
    static let absentCount = Statement("SELECT count(*) FROM absences")
    static let noteAbsence = Statement(
        """
        INSERT INTO absences (token_id, since, file)
        SELECT t.id, CAST($2 AS BIGINT), CAST($3 AS TEXT) FROM tokens t
        WHERE t.id = $1 AND t.state IN ('active', 'quarantined')
        ON CONFLICT (token_id) DO NOTHING
        """)
    static let endAbsence = Statement("DELETE FROM absences WHERE token_id = $1")
}
