package import Crypto
package import RotaCore

/// A configured endpoint that stores secrets.
///
/// A push ends in yes, no or unknown, and unknown is normal; a read may be stale. Every call is safe to
/// repeat. A provider never looks at tokens or the store: it reads and writes one place.
package protocol Vault: Sendable {
    /// The name in the configuration.
    var name: String { get }
    var capabilities: VaultCapabilities { get }

    /// Whether the vault can be reached and our credentials are accepted; throws `VaultError` if not.
    func check() async throws(VaultError)

    /// Reads base and value together, in one read.
    func probe(_ destination: Destination) async throws(VaultError) -> Observation

    /// Throws `denied` where our credentials may read the destination and not write to it, as far as that can be told
    /// cheaply: it is asked before anything is armed, so that a misconfigured vault leaves nothing behind. By default
    /// nothing is asked.
    func requireWritable(_ destination: Destination) async throws(VaultError)

    /// Writes `value` on the condition that the destination is still as observed; siblings in the same
    /// secret stay byte for byte. Returning means that the vault said yes, which is not yet proof.
    func write(
        _ value: Secret, to destination: Destination, over observation: Observation
    ) async throws(VaultError)

    /// Writes the observed content back under the observed base, so that a write under an older base can
    /// no longer succeed. Returning means that it was accepted. An empty destination is fenced by writing
    /// its emptiness back, where `capabilities.fencesEmptiness`.
    func fence(_ destination: Destination, at observation: Observation) async throws(VaultError)

    /// Whether a value that `matches` was, or may have been, what the destination held, in the states after
    /// `base` up to the observed one. `unknown` (the default) where the kind keeps no history.
    func held(
        _ matches: @Sendable (Secret) -> Bool, in destination: Destination, after base: String,
        through observation: Observation
    ) async throws(VaultError) -> PastValue

    /// Removes the value, on the condition that the destination is still as observed.
    func remove(_ destination: Destination, at observation: Observation) async throws(VaultError)

    /// Takes away what a trial has left since `first` was read: the value, and where there had been nothing
    /// at all, its history too. By default, the value alone.
    func erase(_ destination: Destination, since first: Observation) async throws(VaultError)

    /// Gives back what was obtained for our calls, such as a login. Nothing is called afterwards.
    func close() async
}

extension Vault {
    /// Only a write tells.
    package func requireWritable(_ destination: Destination) async throws(VaultError) {}

    /// Removes the value.
    package func erase(_ destination: Destination, since first: Observation) async throws(VaultError) {
        try await remove(destination, at: probe(destination))
    }

    /// There was nothing to be obtained.
    package func close() async {}

    /// No history: whether the value was ever held cannot be told.
    package func held(
        _ matches: @Sendable (Secret) -> Bool, in destination: Destination, after base: String,
        through observation: Observation
    ) async throws(VaultError) -> PastValue {
        .unknown
    }
}

/// What a destination's history tells of one value.
package enum PastValue: Sendable {
    /// It was never there.
    case never
    /// It may have been: no history is kept, or it has gaps.
    case unknown
    /// It was there, or lies where whoever may read earlier versions finds it. This is it.
    case found(Secret)
}

/// What a kind of vault can do.
package struct VaultCapabilities: Hashable, Sendable {
    /// A write can be made conditional on the base of a read.
    package var conditionalWrite: Bool
    /// Bases are decimal numbers that only grow, with one step for each accepted write.
    package var orderedBases: Bool
    /// Every accepted write, same bytes included, gives a base that was never used before.
    package var fenceable: Bool
    /// `fence` works on an empty destination.
    package var fencesEmptiness: Bool
    /// The value can be read back.
    package var readable: Bool
    /// Destinations of one path are fields of one secret: a write to one is a change of the base of all.
    package var fieldsShareBase: Bool
    /// The value can be taken away again.
    package var removable: Bool

    /// What is not promised, for people; nil where nothing is missing.
    package var caveat: String? {
        guard readable else { return "acknowledged, never read back" }
        return conditionalWrite ? nil : "the last of several writes wins"
    }

    package init(
        conditionalWrite: Bool, orderedBases: Bool, fenceable: Bool, fencesEmptiness: Bool, readable: Bool,
        fieldsShareBase: Bool = false, removable: Bool = true
    ) {
        self.conditionalWrite = conditionalWrite
        self.orderedBases = orderedBases
        self.fenceable = fenceable
        self.fencesEmptiness = fencesEmptiness
        self.readable = readable
        self.fieldsShareBase = fieldsShareBase
        self.removable = removable
    }
}

/// What one read of a destination gave.
package struct Observation: Sendable {
    /// The provider's opaque text for this state of the destination, to be stored as it is.
    package let base: String
    /// The value, or nil where the destination is empty.
    package let value: Secret?
    /// What the provider itself needs to write the rest of the secret back; opaque to everybody else.
    package let context: (any Sendable)?

    package init(base: String, value: Secret?, context: (any Sendable)? = nil) {
        self.base = base
        self.value = value
        self.context = context
    }
}

/// Why a call to a vault did not end in yes.
package struct VaultError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What to make of it: try again, probe again, or wait for a person.
    package enum Kind: String, Sendable {
        /// The condition did not hold: the destination has changed since it was observed.
        case refused
        /// The request may or may not have been carried out.
        case unknownOutcome = "unknown-outcome"
        /// Not carried out, and worth trying again: connection refused, 429, 503 before acceptance.
        case transient
        /// The vault will not have this value: validation, size.
        case rejected
        /// Our credentials are missing, wrong or not enough.
        case denied
        /// The mount, project or path does not exist and cannot be made by writing.
        case missing
        /// The answer is not what this API gives.
        case garbled
    }

    package var kind: Kind
    /// For people: what the vault said or did. Never holds a value or a credential.
    package var message: String
    /// From `Retry-After`.
    package var retryAfter: TimeSpan?

    package init(_ kind: Kind, _ message: String, retryAfter: TimeSpan? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
    }

    package var description: String { "\(kind.rawValue): \(message)" }
}
