package import Crypto
package import Engine
package import RotaCore

/// A vault in memory that does what a test tells it to: well-behaved by default, with faults by script or
/// hook.
///
/// Like a KV store it keeps a secret of named fields at each path, and counts the writes to the path. What
/// `capabilities` leaves out it really lacks: without conditional writes the last one wins, without ordered
/// bases they are opaque texts, and where it is not fenceable the base is made of the content.
package final class FakeVault: Vault {
    package let name: String
    package let capabilities: VaultCapabilities

    private struct LateWrite {
        var destination: Destination
        var value: String?
        var base: String
        var origin: AcceptedWrite.Origin
    }

    private struct State {
        var secrets: [String: FakeSecret] = [:]
        var script: [Operation: [Fault?]] = [:]
        var hook: (@Sendable (Call) async -> Fault?)?
        var calls: [Call] = []
        var history: [AcceptedWrite] = []
        var late: [LateWrite] = []
    }

    /// Whether it can tell what it held.
    package let keepsHistory: Bool
    /// Whether it does what it says of conditional writes.
    private let isConditional: Bool
    private let state = Locked(State())

    /// - Parameters:
    ///   - keepsHistory: whether `held` can be answered.
    ///   - ignoresConditions: it carries out every write, though it says that it looks at their bases.
    package init(
        _ name: String = "fake", conditionalWrite: Bool = true, orderedBases: Bool = true,
        fenceable: Bool = true,
        fencesEmptiness: Bool = true, readable: Bool = true, removable: Bool = true, keepsHistory: Bool = true,
        ignoresConditions: Bool = false
    ) {
        self.name = name
        self.keepsHistory = keepsHistory
        isConditional = conditionalWrite && !ignoresConditions
        capabilities = VaultCapabilities(
            conditionalWrite: conditionalWrite, orderedBases: orderedBases && fenceable, fenceable: fenceable,
            fencesEmptiness: fenceable && fencesEmptiness, readable: readable, fieldsShareBase: true,
            removable: removable)
    }
}

// MARK: - What a test does with it

extension FakeVault {
    /// The next calls of `operation` meet these, one each, in order; nil is an ordinary call.
    package func script(_ operation: Operation, _ faults: Fault?...) {
        state.withLock { $0.script[operation, default: []] += faults }
    }

    /// Asked at each call that meets no scripted fault; it may also wait, or change something meanwhile.
    package func setHook(_ hook: (@Sendable (Call) async -> Fault?)?) {
        state.withLock { $0.hook = hook }
    }

    /// What a consumer finds there now.
    package func value(at destination: Destination) -> String? {
        state.withLock { $0.secrets[destination.path]?.newest[Self.field(of: destination)] }
    }

    /// Somebody else writes, or removes with nil.
    package func foreignWrite(_ value: String?, at destination: Destination) {
        state.withLock { Self.apply(value, to: destination, as: .foreign, in: &$0) }
    }

    /// The network delivers what it held back, oldest first; answers how many writes were carried out.
    @discardableResult
    package func landLateWrites() -> Int {
        let conditional = isConditional
        return state.withLock { state in
            let late = state.late
            state.late = []
            var landed = 0
            for write in late where !conditional || base(of: write.destination, in: state) == write.base {
                Self.apply(write.value, to: write.destination, as: write.origin, in: &state)
                landed += 1
            }
            return landed
        }
    }

    /// How many writes the network holds back.
    package var lateCount: Int { state.withLock { $0.late.count } }

    /// The network delivers one of those that it held back, or loses it; whether it was carried out.
    @discardableResult
    package func endLateWrite(_ index: Int, lands: Bool) -> Bool {
        let conditional = isConditional
        return state.withLock { state in
            let write = state.late.remove(at: index)
            guard lands, !conditional || base(of: write.destination, in: state) == write.base else { return false }
            Self.apply(write.value, to: write.destination, as: write.origin, in: &state)
            return true
        }
    }

    /// Values that the network holds back and that would be carried out if they came now.
    package var lateValues: [(destination: Destination, value: String)] {
        let conditional = isConditional
        return state.withLock { state in
            state.late.compactMap { write in
                guard !conditional || base(of: write.destination, in: state) == write.base else { return nil }
                return write.value.map { (write.destination, $0) }
            }
        }
    }

    /// Every write that was carried out, whoever made it, oldest first.
    package var history: [AcceptedWrite] { state.withLock { $0.history } }

    /// Every call, oldest first, faulty ones too.
    package var calls: [Call] { state.withLock { $0.calls } }

    package func count(of operation: Operation) -> Int {
        calls.count { $0.operation == operation }
    }
}

// MARK: - The port

extension FakeVault {
    package func check() async throws(VaultError) {
        try await before(.check, nil)
    }

    package func probe(_ destination: Destination) async throws(VaultError) -> Observation {
        let fault = try await before(.probe, destination)
        let readable = capabilities.readable
        let observation = state.withLock { state -> (base: String, value: String?) in
            let secret = state.secrets[destination.path] ?? FakeSecret()
            let version = fault == .stale ? max(0, secret.version - 1) : secret.version
            let value = secret.fields(at: version)[Self.field(of: destination)]
            return (base(of: secret, at: version), readable ? value : nil)
        }
        after(fault, destination)
        return Observation(base: observation.base, value: observation.value.map { Secret(utf8: $0) })
    }

    package func requireWritable(_ destination: Destination) async throws(VaultError) {
        try await before(.access, destination)
    }

    package func write(
        _ value: Secret, to destination: Destination, over observation: Observation
    ) async throws(VaultError) {
        let text = String(decoding: value.copyBytes(), as: UTF8.self)
        try await change(.write, destination, observation.base, as: .write) { _ in text }
    }

    package func fence(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        if observation.value == nil, !capabilities.fencesEmptiness {
            throw VaultError(.rejected, "\(name) cannot fence an empty destination")
        }
        try await change(.fence, destination, observation.base, as: .fence) { $0 }
    }

    package func remove(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await change(.remove, destination, observation.base, as: .remove) { _ in nil }
    }

    package func held(
        _ matches: @Sendable (Secret) -> Bool, in destination: Destination, after base: String,
        through observation: Observation
    ) async throws(VaultError) -> PastValue {
        try await before(.held, destination)
        guard keepsHistory else { return .unknown }
        let values = state.withLock { state -> [String]? in
            guard let secret = state.secrets[destination.path] else { return [] }
            let versions = 0...secret.version
            guard let first = versions.first(where: { self.base(of: secret, at: $0) == base }),
                let last = versions.last(where: { self.base(of: secret, at: $0) == observation.base })
            else { return nil }
            return versions.filter { $0 > first && $0 <= last }
                .compactMap { secret.fields(at: $0)[Self.field(of: destination)] }
        }
        guard let values else { return .unknown }
        return values.lazy.map { Secret(utf8: $0) }.first(where: matches).map { .found($0) } ?? .never
    }
}

// MARK: - How it works

extension FakeVault {
    private static func field(of destination: Destination) -> String { destination.field ?? "value" }

    /// Records the call, finds its fault, and throws those that keep it from being carried out.
    @discardableResult
    private func before(_ operation: Operation, _ destination: Destination?) async throws(VaultError)
        -> Fault?
    {
        let (call, scripted, hook) = state.withLock { state in
            let number = state.calls.count { $0.operation == operation } + 1
            let call = Call(operation: operation, destination: destination, number: number)
            state.calls.append(call)
            var queue = state.script[operation] ?? []
            let scripted: Fault?? = queue.isEmpty ? Fault??.none : .some(queue.removeFirst())
            state.script[operation] = queue
            return (call, scripted, state.hook)
        }
        let fault: Fault? = if let scripted { scripted } else { await hook?(call) }
        switch fault {
        case .refused: throw VaultError(.refused, "the destination has changed (scripted)")
        case .transient: throw VaultError(.transient, "connection refused (scripted)")
        case .rejected: throw VaultError(.rejected, "the value is not allowed (scripted)")
        case .denied: throw VaultError(.denied, "permission denied (scripted)")
        case .missing: throw VaultError(.missing, "no such mount (scripted)")
        case .garbled: throw VaultError(.garbled, "not the expected answer (scripted)")
        case .tooMany(let wait):
            throw VaultError(.transient, "too many requests (scripted)", retryAfter: wait)
        case .timesOutBefore: throw VaultError(operation.unanswered, "no answer in time (scripted)")
        case .foreignWriteBefore(let value):
            if let destination { foreignWrite(value, at: destination) }
        case .timesOutAfter, .saysYesOnly, .landsLater, .duplicated, .foreignWriteAfter, .stale, nil: break
        }
        return fault
    }

    private func after(_ fault: Fault?, _ destination: Destination) {
        if case .foreignWriteAfter(let value) = fault { foreignWrite(value, at: destination) }
    }

    private func change(
        _ operation: Operation, _ destination: Destination, _ base: String, as origin: AcceptedWrite.Origin,
        _ newValue: (String?) -> String?
    ) async throws(VaultError) {
        let fault = try await before(operation, destination)
        if fault == .saysYesOnly { return }
        let conditional = isConditional
        let accepted = state.withLock { state in
            let old = state.secrets[destination.path]?.newest[Self.field(of: destination)]
            let value = newValue(old)
            if fault == .landsLater {
                state.late.append(
                    LateWrite(destination: destination, value: value, base: base, origin: origin))
                return true
            }
            if fault == .duplicated {
                state.late.append(LateWrite(destination: destination, value: value, base: base, origin: origin))
            }
            guard !conditional || self.base(of: destination, in: state) == base else { return false }
            Self.apply(value, to: destination, as: origin, in: &state)
            return true
        }
        after(fault, destination)
        if fault == .timesOutAfter || fault == .landsLater {
            throw VaultError(.unknownOutcome, "no answer in time (scripted)")
        }
        if !accepted { throw VaultError(.refused, "the destination has changed since it was read") }
    }

    private static func apply(
        _ value: String?, to destination: Destination, as origin: AcceptedWrite.Origin, in state: inout State
    ) {
        var secret = state.secrets[destination.path] ?? FakeSecret()
        var fields = secret.newest
        fields[field(of: destination)] = value
        secret.versions.append(fields)
        state.secrets[destination.path] = secret
        state.history.append(
            AcceptedWrite(
                origin: origin, path: destination.path, field: field(of: destination), value: value,
                version: secret.version))
    }

    private func base(of destination: Destination, in state: State) -> String {
        let secret = state.secrets[destination.path] ?? FakeSecret()
        return base(of: secret, at: secret.version)
    }

    private func base(of secret: FakeSecret, at version: Int) -> String {
        guard capabilities.fenceable else {
            let content = secret.fields(at: version).sorted { $0.key < $1.key }.map {
                "\($0.key)=\($0.value)"
            }
            return Hex.encode(SHA256.digest(of: content.joined(separator: "\n")))
        }
        guard !capabilities.orderedBases else { return String(version) }
        // An odd factor: different for every version, and in no order.
        return "v" + String(UInt32(truncatingIfNeeded: version) &* 2_654_435_769, radix: 16)
    }
}

extension FakeVault.Operation {
    /// What a call without an answer is: only a write may have been carried out.
    fileprivate var unanswered: VaultError.Kind {
        switch self {
        case .write, .fence, .remove: .unknownOutcome
        case .check, .probe, .access, .held: .transient
        }
    }
}

/// A secret of named fields, with all that it ever was.
private struct FakeSecret {
    /// Of version 1, 2 and so on.
    var versions: [[String: String]] = []

    var version: Int { versions.count }
    var newest: [String: String] { versions.last ?? [:] }

    func fields(at version: Int) -> [String: String] {
        version == 0 ? [:] : versions[version - 1]
    }
}
