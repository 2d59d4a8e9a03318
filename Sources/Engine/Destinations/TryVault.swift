package import Crypto
package import RotaCore

/// One step of a trial of a vault, and how it went.
package struct VaultTrialStep: Hashable, Sendable {
    /// In the order in which they are taken.
    package enum Name: String, CaseIterable, Sendable {
        case login, read, write
        case readBack = "read-back"
        case remove
    }

    package var name: Name
    /// Nil when it was not taken.
    package var duration: Duration?
    package var error: VaultError?
    /// Why it was not even to be taken; nil where it was, or one before it failed.
    package var leftOut: String?

    package init(name: Name, duration: Duration? = nil, error: VaultError? = nil, leftOut: String? = nil) {
        self.name = name
        self.duration = duration
        self.error = error
        self.leftOut = leftOut
    }
}

/// What a trial of a vault gave.
package struct VaultTrial: Hashable, Sendable {
    /// Where it was made.
    package var place: Destination
    package var steps: [VaultTrialStep] = []

    init(at place: Destination) {
        self.place = place
    }

    /// One that could not even be begun with.
    package init(at place: Destination, failing error: VaultError) {
        self.place = place
        steps = VaultTrialStep.Name.allCases.map { VaultTrialStep(name: $0, error: $0 == .login ? error : nil) }
    }

    package var failure: VaultTrialStep? { steps.first { $0.error != nil } }
}

/// Tries all that a rotation does with a vault, in a place that is empty, and leaves it as it was: where nothing can
/// be removed, nothing is written.
///
/// - Parameters:
///   - place: refused when there is a value.
///   - noPlace: why there is no place to try it in; then it is only logged in. Nil: there is one.
///   - uptime: the time since any fixed instant.
package func tryVault(
    _ vault: any Vault, at place: Destination, noPlace: String? = nil, value: Secret,
    uptime: @Sendable () -> Duration
) async -> VaultTrial {
    var trial = VaultTrial(at: place)
    var first: Observation?
    var wasWritten = false
    for name in VaultTrialStep.Name.allCases {
        let leftOut = name == .login ? nil : noPlace ?? vault.capabilities.reasonToLeaveOut(name)
        let isCleaning = name == .remove && wasWritten
        guard leftOut == nil, trial.failure == nil || isCleaning else {
            trial.steps.append(VaultTrialStep(name: name, leftOut: leftOut))
            continue
        }
        let begun = uptime()
        var step = VaultTrialStep(name: name)
        do throws(VaultError) {
            switch name {
            case .login: try await vault.check()
            case .read: first = try await readEmpty(vault, place)
            case .write:
                // Even one that fails may have been carried out.
                wasWritten = true
                try await vault.write(value, to: place, over: first ?? Observation(base: "", value: nil))
            case .readBack: try await readBack(value, vault, place)
            case .remove: try await takeAway(vault, place, since: first)
            }
        } catch {
            step.error = error
        }
        step.duration = uptime() - begun
        trial.steps.append(step)
    }
    return trial
}

extension VaultCapabilities {
    /// Why a step of a trial cannot be taken; nil where it can.
    fileprivate func reasonToLeaveOut(_ step: VaultTrialStep.Name) -> String? {
        switch step {
        case .login, .read: nil
        case .write: removable ? nil : "it could not be removed again"
        case .remove: removable ? nil : "there is no way to remove"
        case .readBack: !readable ? "nobody can read there" : removable ? nil : "nothing was written"
        }
    }
}

private func readEmpty(_ vault: any Vault, _ place: Destination) async throws(VaultError) -> Observation {
    let observation = try await vault.probe(place)
    guard observation.value == nil else {
        throw VaultError(.refused, "\(place) holds a value; nothing was written over it")
    }
    return observation
}

private func readBack(_ value: Secret, _ vault: any Vault, _ place: Destination) async throws(VaultError) {
    guard let found = try await vault.probe(place).value, found.isEqual(to: value) else {
        throw VaultError(.garbled, "the vault accepted a value and does not hold it")
    }
}

private func takeAway(
    _ vault: any Vault, _ place: Destination, since first: Observation?
) async throws(VaultError) {
    try await vault.erase(place, since: first ?? Observation(base: "", value: nil))
    guard vault.capabilities.readable else { return }
    guard try await vault.probe(place).value == nil else {
        throw VaultError(.garbled, "the vault accepted the removal and still holds the value")
    }
}
