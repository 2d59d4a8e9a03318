import Crypto
import Engine
import RotaCore
import Stores
import TestSupport

/// Knows the invariants of DESIGN section 5 and nothing of how they are kept: it looks at the store, at what the vaults
/// hold, and at what both held before.
final class InvariantChecker {
    private let readers: any StoreReaders
    private let vaults: [FakeVault]
    private let tokens: [TokenID]
    /// How far the states of each version have come, so that none goes back.
    private var states: [String: VersionState] = [:]
    private var accepted: [Int]
    /// How many times an empty place was given the current value: where a write names what it replaces, none of a value
    /// that is current already is carried out but that.
    private(set) var fillings = 0

    init(store location: String, vaults: [FakeVault], tokens: [TokenID]) throws {
        readers = try openReaders(at: location)
        self.vaults = vaults
        self.tokens = tokens
        accepted = vaults.map { _ in 0 }
    }

    /// What is broken now, in words; empty when all holds.
    func violations() throws -> [String] {
        var found: [String] = []
        try readers.read { store in
            for token in tokens { found += try check(token, in: store) }
            found += try checkNewWrites(in: store)
        }
        return found
    }

    /// I4: whatever was written since the last look had its digest in the store. Counts what was filled, too.
    private func checkNewWrites(in store: any StoreReads) throws -> [String] {
        var found: [String] = []
        for (index, vault) in vaults.enumerated() {
            let history = vault.history
            for write in history.dropFirst(accepted[index]) where write.origin != .foreign {
                guard let value = write.value, !value.hasPrefix("foreign"),
                    let digest = TokenValue.digest(of: Secret(utf8: value))
                else { continue }
                guard let known = try store.version(with: digest) else {
                    found.append("I4: \(vault.name):\(write.path) was given a value that is in no record")
                    continue
                }
                let isFilling = write.origin == .write && known.version.state == .current
                if isFilling, vault.capabilities.fenceable, vault.capabilities.conditionalWrite { fillings += 1 }
            }
            accepted[index] = history.count
        }
        return found
    }

    private func check(_ id: TokenID, in store: any StoreReads) throws -> [String] {
        let versions = try store.versions(of: id)
        let destinations = try store.destinations(of: id)
        var found = counts(versions)
        for destination in destinations {
            guard let vault = vaults.first(where: { $0.name == destination.vault }) else { continue }
            if let value = vault.value(at: destination), let version = Self.version(of: value, among: versions),
                !version.state.authenticates
            {
                found.append("I1: \(destination) holds version \(version.number), which is \(version.state)")
            }
            for late in vault.lateValues where late.destination.description == destination.description {
                if vault.capabilities.conditionalWrite, let version = Self.version(of: late.value, among: versions),
                    !version.state.authenticates
                {
                    found.append(
                        "I1: version \(version.number) is \(version.state), and a write of it would land")
                }
            }
        }
        found += try steps(of: versions, id, in: store)
        return found.map { "\(id): \($0)" }
    }

    /// I2.
    private func counts(_ versions: [Version]) -> [String] {
        var found: [String] = []
        let valid = versions.count { $0.state.authenticates }
        if valid > 3 { found.append("I2: \(valid) versions authenticate") }
        let current = versions.count { $0.state == .current }
        if current != 1 { found.append("I2: \(current) versions are current") }
        if versions.count(where: { $0.state == .pending }) > 1 { found.append("I2: two versions are pending") }
        return found
    }

    /// I3, and that no state goes back.
    private func steps(of versions: [Version], _ id: TokenID, in store: any StoreReads) throws -> [String] {
        var found: [String] = []
        var pushes: [Push]?
        for version in versions {
            let key = "\(id) \(version.number)"
            guard let before = states.updateValue(version.state, forKey: key), before != version.state else { continue }
            if !Self.follows(version.state, before) {
                found.append("version \(version.number) went from \(before) to \(version.state)")
            }
            guard version.state == .revoked else { continue }
            let rows = try pushes ?? store.pushes(of: id)
            pushes = rows
            let current = versions.first { $0.state == .current }?.number ?? 0
            for row in rows where row.version == version.number && [.sending, .verified].contains(row.state) {
                let isSuperseded =
                    current > version.number
                    && rows.contains {
                        $0.version == current && $0.destinationID == row.destinationID && $0.state == .verified
                    }
                if !isSuperseded {
                    found.append(
                        "I3: version \(version.number) is retired, and destination \(row.destinationID) may hold it")
                }
            }
        }
        return found
    }

    private static func follows(_ state: VersionState, _ before: VersionState) -> Bool {
        switch (before, state) {
        case (.pending, .current), (.current, .previous), (.previous, .revoked), (.pending, .unconfirmed),
            (.unconfirmed, .revoked), (.pending, .revoked):
            true
        // Looked at after two steps in one.
        case (.current, .revoked), (.pending, .previous): true
        default: false
        }
    }

    private static func version(of value: String, among versions: [Version]) -> Version? {
        let digest = TokenValue.digest(of: Secret(utf8: value))
        return versions.first { $0.digest == digest }
    }
}
