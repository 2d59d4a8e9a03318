/// Makes copies of a store while others work on it: nobody waits for a copy, and none changes the store.
///
/// It needs no up-to-date schema, so that a store can be copied before another release changes it.
package protocol StoreCopying {
    /// Copies the store, as it is at one instant, into an empty file that is there, and reads the copy through.
    ///
    /// What was written is durable once the caller has synced the file. When it throws, what the file holds is nothing.
    ///
    /// - parameter progress: told how far it has come.
    func copy(into path: String, _ progress: (StoreCopyStep) -> Void) throws -> StoreCopy
}

/// How far a copy has come.
package enum StoreCopyStep: Hashable, Sendable {
    /// Pages of the database.
    case copying(done: Int, of: Int)
    /// All of it is read through: how long that takes is not known.
    case checking
}

/// What a copy holds.
package struct StoreCopy: Hashable, Sendable {
    package var instance: String
    /// Which life of the store.
    package var generation: Int64
    /// The number of the newest audit entry that it has.
    package var newestEntry: Int64
    /// The number of the newest migration.
    package var schema: Int64
    package var bytes: Int64

    package init(instance: String, generation: Int64, newestEntry: Int64, schema: Int64, bytes: Int64) {
        self.instance = instance
        self.generation = generation
        self.newestEntry = newestEntry
        self.schema = schema
        self.bytes = bytes
    }
}
