package import RotaCore

/// What was answered to a request that came with a key (`Idempotency-Key`), so that it is done once however often it
/// comes.
package struct AnsweredRequest: Hashable, Sendable {
    /// Digest of what was asked.
    package var request: String
    package var status: Int
    /// The document, without any value.
    package var answer: String

    package init(request: String, status: Int, answer: String) {
        self.request = request
        self.status = status
        self.answer = answer
    }

    /// The status of what was begun and has no answer yet.
    package static let begun = 102
    /// How long it is remembered.
    package static let lifetime = TimeSpan.hours(24)
    /// How long a key may be, in bytes.
    package static let longestKey = 200
}

/// Requests that were answered, by who asked and the key.
package protocol RequestKeyStore {
    /// What was answered since `start`; nil: it is new.
    func answeredRequest(of caller: TokenID, key: String, since start: Instant) throws -> AnsweredRequest?
    /// Remembers an answer within the transaction of what was done, and forgets those of before `start`.
    func rememberRequest(
        _ request: AnsweredRequest, of caller: TokenID, key: String, at now: Instant, forgetting start: Instant) throws
    /// What came of one that is remembered as begun.
    func finishRequest(_ request: AnsweredRequest, of caller: TokenID, key: String) throws
    /// Of one that is remembered as begun nothing was done.
    func forgetRequest(of caller: TokenID, key: String) throws
}
