package import RotaCore

extension StoreReads {
    /// When the last run began that has judged the tokens to its end; nil: none has.
    package func lastJudged() throws -> Instant? {
        try runs(before: nil, limit: 2).map(\.record).first { $0.finishedAt != nil }?.startedAt
    }
}
