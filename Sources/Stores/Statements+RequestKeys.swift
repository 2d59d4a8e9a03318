/// Requests that were answered already.
extension Statement {
    static let requesting: [Statement] = [
        answeredRequest, rememberRequest, finishRequest, forgetRequest, forgetRequests,
    ]

    static let answeredRequest = Statement(
        "SELECT request, status, answer FROM request_keys WHERE caller = $1 AND key = $2 AND at > $3")
    static let rememberRequest = Statement(
        """
        INSERT INTO request_keys (caller, key, request, status, answer, at) VALUES ($1, $2, $3, $4, $5, $6)
        """)
    static let finishRequest = Statement(
        "UPDATE request_keys SET status = $3, answer = $4 WHERE caller = $1 AND key = $2 AND status = 102")
    static let forgetRequest = Statement("DELETE FROM request_keys WHERE caller = $1 AND key = $2 AND status = 102")
    static let forgetRequests = Statement("DELETE FROM request_keys WHERE at <= $1")
}
