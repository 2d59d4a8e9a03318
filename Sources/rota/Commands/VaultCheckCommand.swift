import Crypto
import Documents
import Engine
import HTTPClient
import JSON
import RotaCore

extension Command {
    static let vaultCheck = Command(
        words: ["vault", "check"],
        summary: "try a vault: log in, read, write, read back, remove",
        discussion: """
            Works in the vault's 'check-path', else in a place of its own, rota-check/ and random digits, and
            touches nothing else. When it is done nothing is left there; where nothing can be removed, nothing is
            written. AWS needs a 'check-path', the name of a secret without a value, for more than the login. Without
            NAME all configured vaults are tried at once. What cannot be tried is told, and is no failure.
            """,
        operand: Operand(name: "NAME", help: "a configured vault; else all", count: .optional),
        options: [
            Option("path", "PATH", help: "try the vault NAME in this place, PATH or PATH#FIELD, which must be empty")
        ],
        examples: ["rota vault check", "rota vault check main --path apps/scratch"],
        exitCodes: [.done, .failed, .usage],
        run: checkVaults)
}

private func checkVaults(_ invocation: Invocation) async throws -> ExitCode {
    let composition = try Composition(invocation)
    let settings = try vaultsToTry(in: composition.configuration, invocation.arguments)
    let client = HTTPClient(addressPolicy: .any)
    invocation.output.progress("trying \(counted(settings.count, "vault"))")
    let trials = await withTaskGroup(of: (Int, Trial).self) { group in
        for (index, vault) in settings.enumerated() {
            group.addTask {
                (index, await Trial(of: vault, client, invocation.clock))
            }
        }
        return await group.reduce(into: [Int: Trial]()) { $0[$1.0] = $1.1 }
    }
    let inOrder = settings.indices.compactMap { trials[$0] }
    if invocation.wantsJSON {
        invocation.output.document(["vaults": .array(inOrder.map(\.json))])
    } else {
        show(inOrder, on: invocation.output)
    }
    return inOrder.allSatisfy { $0.failures.isEmpty } ? .done : .failed
}

/// Those to be tried; `--path` is a place in one of them.
private func vaultsToTry(in configuration: Configuration, _ arguments: Arguments) throws(Failure) -> [VaultSettings] {
    let name = arguments.operands.first
    var settings = try configuration.vaults(named: name)
    guard let path = arguments.value("path") else { return settings }
    guard name != nil else {
        throw .usage(
            "--path is a place in one vault", hint: "name it: rota vault check NAME --path PATH; or set 'check-path'")
    }
    for index in settings.indices {
        do throws(Failure) {
            settings[index].checkPlace = try settings[index].checkPlace(path)
        } catch {
            throw error.about("--path")
        }
    }
    return settings
}

private func show(_ trials: [Trial], on output: Output) {
    var table = Table(["vault", "step", "time", "result"], on: output)
    for trial in trials {
        for step in trial.outcome.steps {
            table.add([
                trial.vault.name, step.name.rawValue, step.duration.map(milliseconds) ?? "-",
                step.error?.message ?? step.leftOut.map { "not tried: \($0)" }
                    ?? (step.duration == nil ? "not tried" : "ok"),
            ])
        }
    }
    table.finish()
    for trial in trials {
        for (message, hint) in trial.failures { output.failure(Failure(message, hint: hint)) }
    }
}

/// One vault, tried.
struct Trial: Sendable {
    let vault: VaultSettings
    let outcome: VaultTrial
    /// Why it could not even be begun with.
    private let obstacle: Failure?

    init(of vault: VaultSettings, _ client: HTTPClient, _ clock: SystemClock) async {
        self.vault = vault
        let place = vault.checkPlace ?? vault.madeUpCheckPlace
        let noPlace = vault.checkPlace == nil ? vault.reasonForNoCheckPlace : nil
        do throws(Failure) {
            let opened = try vault.vault(client: client, clock: clock)
            // No token looks like it, so that nobody who finds it need wonder.
            let value = Secret(utf8: "rota vault check " + Hex.encode(Random.bytes(16)))
            outcome = await tryVault(opened, at: place, noPlace: noPlace, value: value, uptime: clock.uptime)
            await opened.close()
            obstacle = nil
        } catch {
            outcome = VaultTrial(at: place, failing: VaultError(.denied, error.message))
            obstacle = error
        }
    }

    /// What went wrong, and what to do.
    var failures: [(message: String, hint: String?)] {
        outcome.steps.compactMap { step in
            step.error.map { ("vault '\(vault.name)': \(step.name.rawValue): \($0.message)", hint(step)) }
        }
    }

    private func hint(_ step: VaultTrialStep) -> String? {
        if let obstacle { return obstacle.hint }
        return step.error.map { vault.hint(for: step.name, $0, at: outcome.place) }
    }

    var json: JSON {
        [
            "name": .string(vault.name), "kind": .string(vault.kindName),
            "ok": .bool(failures.isEmpty), "place": .string(outcome.place.description),
            "steps": .array(
                outcome.steps.map { step in
                    [
                        "step": .string(step.name.rawValue),
                        "ok": step.duration == nil && step.error == nil ? .null : .bool(step.error == nil),
                        "left_out": TokenDocument.text(step.leftOut),
                        "milliseconds": step.duration.map { .real($0 / .milliseconds(1)) } ?? .null,
                        "error": TokenDocument.text(step.error?.message),
                        "kind": TokenDocument.text(step.error?.kind.rawValue),
                        "hint": TokenDocument.text(hint(step)),
                    ]
                }),
        ]
    }
}

/// `12.3 ms`.
private func milliseconds(_ duration: Duration) -> String {
    let tenths = Int((duration / .microseconds(100)).rounded())
    return "\(tenths / 10).\(tenths % 10) ms"
}

extension Configuration {
    /// The vault with this name, or all of them; one that is not configured is a failure.
    func vaults(named name: String?) throws(Failure) -> [VaultSettings] {
        guard let name else { return vaults }
        if let vault = vaults.first(where: { $0.name == name }) { return [vault] }
        throw .usage(
            "there is no vault '\(printable(name))' in the configuration",
            hint: nearest(to: name, among: vaults.map(\.name)).map { "did you mean '\($0)'?" }
                ?? "see 'rota vault list'")
    }
}
