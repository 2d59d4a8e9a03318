import Crypto
package import RotaCore

/// Takes over what destinations hold: records the digest of a value that was found there, so that a rotation
/// may write over it and no one else's.
package struct AdoptUseCase: Sendable {
    /// What became of one place.
    package enum Outcome: String, Sendable, CaseIterable {
        case adopted
        /// Empty, adopted already, a value of its own token, or read by nobody: a rotation takes it as it is.
        case nothingToDo = "nothing-to-do"
        /// It holds a value of another token of ours, and that is accepted.
        case refused
        /// It could not be read.
        case unreadable
        /// The token, or what is known of the place, has changed since it was read.
        case overtaken
    }

    private let store: StoreQueue
    private let clock: any WallClock

    /// How many share one transaction.
    private static let batch = 256

    package init(store: StoreQueue, clock: any WallClock) {
        self.store = store
        self.clock = clock
    }

    /// What adopting would make of a place, should nothing change until then.
    package static func outlook(_ place: SurveyedPlace) -> Outcome {
        switch place.content {
        // What cannot be read is written over as it is.
        case .empty, .version, .adopted, .writeOnly: .nothingToDo
        case .otherToken: .refused
        case .unreadable: .unreadable
        case .unknown, .ended: .adopted
        }
    }

    /// Records the digests that were found; answers what became of each place, in their order.
    package func adopt(_ places: [SurveyedPlace], actor: AuditActor, cause: String) async throws -> [Outcome] {
        var outcomes: [Outcome] = []
        for batch in places.batches(of: Self.batch) {
            let change = Change(actor: actor, at: clock.now(), cause: cause)
            outcomes += try await store.write { store in
                try batch.map { place in
                    guard let digest = place.content.adoptable else { return Self.outlook(place) }
                    return try store.adopt(
                        place.destination, of: place.token.id, holding: digest, change: change)
                        ? .adopted : .overtaken
                }
            }
        }
        return outcomes
    }
}

extension PlaceContent {
    /// What may be taken over; nil for nothing.
    fileprivate var adoptable: Digest? {
        switch self {
        case .unknown(let digest), .ended(_, let digest): digest
        case .empty, .version, .adopted, .otherToken, .writeOnly, .unreadable: nil
        }
    }
}
