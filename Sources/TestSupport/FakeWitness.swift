import Crypto
package import Engine
package import RotaCore

/// A witness in memory that does what a test tells it to.
package final class FakeWitness: CheckpointWitness {
    package let name: String
    package let kind = "fake"
    package let place: String

    private struct State {
        var held: String?
        var taken: [OfferedCheckpoint] = []
        var fault: WitnessError?
        var isSilent = false
    }

    private let state: Locked<State>
    private let canBeAsked: Bool

    /// - parameter canBeAsked: whether it tells what it holds.
    package init(_ name: String, at place: String = "here", canBeAsked: Bool = true) {
        self.name = name
        self.place = place
        self.canBeAsked = canBeAsked
        state = Locked(State())
    }

    /// What it was given, oldest first.
    package var taken: [OfferedCheckpoint] { state.withLock(\.taken) }

    package func hold(_ note: String?) { state.withLock { $0.held = note } }
    /// From now on it fails so; nil: not any more.
    package func fail(_ message: String?) { state.withLock { $0.fault = message.map { WitnessError($0) } } }
    /// From now on it answers nobody until he goes.
    package func fallSilent() { state.withLock { $0.isSilent = true } }

    package func held(of log: String) async throws(WitnessError) -> String? {
        while state.withLock(\.isSilent), !Task.isCancelled { await Task.yield() }
        let (fault, held) = state.withLock { ($0.fault, $0.held) }
        if let fault { throw fault }
        return canBeAsked ? held : nil
    }

    package func take(_ checkpoint: OfferedCheckpoint, at now: Instant) async throws(WitnessError) {
        try state.withLock { (state) throws(WitnessError) in
            if state.isSilent { throw WitnessError("it was not waited for") }
            if let fault = state.fault { throw fault }
            state.taken.append(checkpoint)
            state.held = checkpoint.note
        }
    }
}
