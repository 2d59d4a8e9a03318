import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

/// What `rota vault check` does to a vault.
@Suite struct VaultTrialTests {
    private let place = Destination(vault: "fake", path: "rota-check/1")

    /// A clock that a step takes one more millisecond on than the one before.
    private func trial(of vault: FakeVault) async -> VaultTrial {
        let calls = Locked(0)
        return await tryVault(vault, at: place, value: Secret(utf8: "trial")) {
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            return .milliseconds(call * call)
        }
    }

    private func outcome(_ trial: VaultTrial) -> [String] {
        trial.steps.map { step in
            "\(step.name.rawValue) \(step.error?.kind.rawValue ?? (step.duration == nil ? "-" : "ok"))"
        }
    }

    @Test func `a vault that works passes every step, timed, and holds nothing afterwards`() async {
        let vault = FakeVault()
        let trial = await trial(of: vault)
        #expect(outcome(trial) == ["login ok", "read ok", "write ok", "read-back ok", "remove ok"])
        #expect(trial.steps.map(\.duration) == [3, 7, 11, 15, 19].map { .milliseconds($0) })
        #expect(trial.failure == nil)
        #expect(vault.value(at: place) == nil)
        #expect(Set(vault.calls.compactMap(\.destination)) == [place], "it touched nothing else")
    }

    @Test func `one that lets nobody read is tried without reading back`() async {
        let trial = await trial(of: FakeVault(readable: false))
        #expect(outcome(trial) == ["login ok", "read ok", "write ok", "read-back -", "remove ok"])
    }

    @Test func `where nothing can be removed nothing is written, and that is no failure`() async {
        let vault = FakeVault(removable: false)
        let trial = await trial(of: vault)
        #expect(outcome(trial) == ["login ok", "read ok", "write -", "read-back -", "remove -"])
        #expect(trial.failure == nil && vault.history.isEmpty)
        #expect(trial.steps.first { $0.name == .write }?.leftOut == "it could not be removed again")
    }

    @Test func `without a place to try it in it is only logged in`() async {
        let vault = FakeVault()
        let trial = await tryVault(
            vault, at: place, noPlace: "there is none", value: Secret(utf8: "trial"), uptime: { .zero })
        #expect(outcome(trial) == ["login ok", "read -", "write -", "read-back -", "remove -"])
        #expect(trial.steps.dropFirst().allSatisfy { $0.leftOut == "there is none" } && trial.failure == nil)
    }

    @Test(arguments: [
        (
            FakeVault.Operation.check, FakeVault.Fault.denied,
            ["login denied", "read -", "write -", "read-back -", "remove -"]
        ),
        (.probe, .missing, ["login ok", "read missing", "write -", "read-back -", "remove -"]),
        (.write, .denied, ["login ok", "read ok", "write denied", "read-back -", "remove ok"]),
        (.write, .timesOutAfter, ["login ok", "read ok", "write unknown-outcome", "read-back -", "remove ok"]),
        (.write, .saysYesOnly, ["login ok", "read ok", "write ok", "read-back garbled", "remove ok"]),
        (.remove, .denied, ["login ok", "read ok", "write ok", "read-back ok", "remove denied"]),
        (.remove, .saysYesOnly, ["login ok", "read ok", "write ok", "read-back ok", "remove garbled"]),
    ])
    func `the step that fails is told, and what may have been written is taken away`(
        _ operation: FakeVault.Operation, _ fault: FakeVault.Fault, _ expected: [String]
    ) async {
        let vault = FakeVault()
        vault.script(operation, fault)
        #expect(outcome(await trial(of: vault)) == expected)
        if operation != .remove { #expect(vault.value(at: place) == nil) }
    }

    @Test func `a place that holds a value is left alone`() async {
        let vault = FakeVault()
        vault.foreignWrite("theirs", at: place)
        #expect(outcome(await trial(of: vault)) == ["login ok", "read refused", "write -", "read-back -", "remove -"])
        #expect(vault.value(at: place) == "theirs")
        #expect(vault.history.count == 1)
    }
}
