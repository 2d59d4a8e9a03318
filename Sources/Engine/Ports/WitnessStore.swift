package import RotaCore

/// What is known of one witness: what it took last, and why it takes nothing now.
package struct WitnessRecord: Hashable, Sendable {
    /// A checkpoint that was taken.
    package struct Taken: Hashable, Sendable {
        /// How many entries it covers.
        package var size: Int
        package var at: Instant

        package init(size: Int, at: Instant) {
            self.size = size
            self.at = at
        }
    }

    /// Failures that follow one another.
    package struct Failure: Hashable, Sendable {
        package var since: Instant
        package var count: Int
        package var nextAttemptAt: Instant
        /// For people.
        package var cause: String

        package init(since: Instant, count: Int, nextAttemptAt: Instant, cause: String) {
            self.since = since
            self.count = count
            self.nextAttemptAt = nextAttemptAt
            self.cause = cause
        }
    }

    package var name: String
    package var kind: String
    /// See ``CheckpointWitness/place``.
    package var place: String
    /// Nil: nothing yet.
    package var taken: Taken?
    /// Nil where the last attempt got through.
    package var failure: Failure?

    package init(name: String, kind: String, place: String, taken: Taken? = nil, failure: Failure? = nil) {
        self.name = name
        self.kind = kind
        self.place = place
        self.taken = taken
        self.failure = failure
    }
}

/// What is known of witnesses.
package protocol WitnessReads {
    /// By name, also of those that are not configured any more.
    func witnesses() throws -> [WitnessRecord]
}

/// Within `transaction`, but for the lock.
package protocol WitnessChanges: WitnessReads {
    /// Makes this process the one that tells witnesses, until `letGoWitnesses` or its end, however it ends; false when
    /// somebody does already.
    func takeUpWitnesses() -> Bool
    func letGoWitnesses()

    /// Writes down what a witness took. Audited where it is the first at its place, or the first after a failure: an
    /// entry for each would make the log grow because it was told of.
    func recordTaken(_ taken: WitnessRecord.Taken, by witness: WitnessRecord, change: Change) throws
    /// Writes down why it took nothing. Audited where it is the first failure, or has another cause.
    func recordFailure(_ failure: WitnessRecord.Failure, of witness: WitnessRecord, change: Change) throws
}
