package import RotaCore

extension FakeVault {
    package enum Operation: String, Hashable, Sendable, CaseIterable {
        case check, probe, access, write, fence, remove, held
    }

    /// What goes wrong with one call.
    package enum Fault: Hashable, Sendable {
        // Nothing is carried out, and the answer says so.
        case refused, transient, rejected, denied, missing
        /// Not carried out; the caller is asked to wait.
        case tooMany(retryAfter: TimeSpan)
        /// The answer makes no sense. A write was not carried out.
        case garbled
        /// No answer; nothing was carried out.
        case timesOutBefore
        /// No answer; it was carried out.
        case timesOutAfter
        /// The answer is yes; nothing was carried out.
        case saysYesOnly
        /// No answer; a write waits in the network until `landLateWrites`, and then stands or falls with its
        /// condition.
        case landsLater
        /// A write is carried out, and a copy of it waits in the network.
        case duplicated
        /// Somebody else writes this value just before; then the call goes its ordinary way.
        case foreignWriteBefore(String)
        /// Somebody else writes this value just after, before the caller has the answer.
        case foreignWriteAfter(String)
        /// A read answers with the state before the newest.
        case stale
    }

    /// A call as it arrived, before any fault.
    package struct Call: Hashable, Sendable {
        package var operation: Operation
        /// Nil for `check`.
        package var destination: Destination?
        /// Which call of this operation it is, from 1.
        package var number: Int
    }

    /// A write that was carried out.
    package struct AcceptedWrite: Hashable, Sendable {
        package enum Origin: Hashable, Sendable {
            case write, fence, remove, foreign
        }

        package var origin: Origin
        package var path: String
        package var field: String
        /// The value afterwards; nil where the destination is empty.
        package var value: String?
        /// The version that it made, from 1 for each path.
        package var version: Int
    }
}
