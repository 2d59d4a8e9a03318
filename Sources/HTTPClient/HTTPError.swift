/// Why there is no response, told by what is known of the request's fate.
package enum HTTPError: Error, Sendable, Hashable {
    /// Surely not one byte of the request was sent: no address, no connection, TLS or address refused.
    case notSent(String)
    /// Bytes were sent and no whole reply came: the server may have done the work, or not.
    case unknownOutcome(String)
    /// The server has answered, with more than the limit: a sentence with the limit.
    case responseTooLarge(String)
    /// The server has answered, and what was to take its body does not: the system's message.
    case responseLost(String)
    /// The task was cancelled; the server may have done the work, or not.
    case cancelled
    /// The client was shut down; the server may have done the work, or not.
    case shutDown
    /// The request is malformed and was never tried.
    case invalidRequest(String)

    /// Whether the server cannot have seen any of the request.
    package var isSurelyUnsent: Bool {
        switch self {
        case .notSent, .invalidRequest: true
        case .unknownOutcome, .responseTooLarge, .responseLost, .cancelled, .shutDown: false
        }
    }
}

extension HTTPError: CustomStringConvertible {
    /// Holds hosts and addresses, never headers, bodies, queries or user names.
    package var description: String {
        switch self {
        case .notSent(let reason): "request not sent: \(reason)"
        case .unknownOutcome(let reason): "request sent, outcome unknown: \(reason)"
        case .responseTooLarge(let reason): "response too large: \(reason)"
        case .responseLost(let reason): "response cannot be written: \(reason)"
        case .cancelled: "request cancelled"
        case .shutDown: "HTTP client is shut down"
        case .invalidRequest(let reason): "invalid request: \(reason)"
        }
    }
}
