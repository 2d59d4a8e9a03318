import Crypto
package import Engine
package import RotaCore

/// One claim that holds for every kind of vault whose capabilities have it.
package struct VaultCheck: Sendable, CustomStringConvertible {
    package let description: String
    /// Whether a vault promises this.
    let applies: @Sendable (VaultCapabilities) -> Bool
    let body: @Sendable (VaultSubject) async throws -> Void

    /// Does nothing where the capabilities leave the claim out; throws `ConformanceFailure` where it does not
    /// hold.
    package func run(on subject: VaultSubject) async throws {
        guard applies(subject.vault.capabilities) else { return }
        try await body(subject)
    }
}

/// A vault under test.
package struct VaultSubject: Sendable {
    package let vault: any Vault
    /// A destination that was never used, in a secret of its own.
    package let freshDestination: @Sendable () -> Destination
    /// Another destination in the same secret; nil where the kind has none.
    package let sibling: (@Sendable (Destination) -> Destination)?
    /// Destinations that this kind must refuse.
    package let invalidDestinations: [Destination]

    package init(
        _ vault: any Vault, sibling: (@Sendable (Destination) -> Destination)?,
        invalidDestinations: [Destination],
        freshDestination: @escaping @Sendable () -> Destination
    ) {
        self.vault = vault
        self.freshDestination = freshDestination
        self.sibling = sibling
        self.invalidDestinations = invalidDestinations
    }
}

// MARK: - What checks are made of

extension VaultSubject {
    func probe(_ destination: Destination) async throws -> Observation {
        try await vault.probe(destination)
    }

    /// Writes over what is there, and answers what is there afterwards.
    @discardableResult
    func put(_ value: String, at destination: Destination) async throws -> Observation {
        try await vault.write(Secret(utf8: value), to: destination, over: probe(destination))
        return try await probe(destination)
    }

    func text(at destination: Destination) async throws -> String? {
        try await probe(destination).text
    }

    /// The kind of error that `call` ends in; nil when it ends in yes.
    func failure(of call: () async throws(VaultError) -> Void) async -> VaultError.Kind? {
        do throws(VaultError) {
            try await call()
            return nil
        } catch {
            return error.kind
        }
    }

    /// Whether a write of `value` over an earlier observation is refused.
    func refuses(_ value: String, at destination: Destination, over observation: Observation) async -> Bool {
        await failure { () async throws(VaultError) in
            try await vault.write(Secret(utf8: value), to: destination, over: observation)
        } == .refused
    }
}

extension PastValue {
    /// `never`, `unknown`, or the value that was found.
    package var word: String {
        switch self {
        case .never: "never"
        case .unknown: "unknown"
        case .found(let value): value.withBytes { String(decoding: $0, as: UTF8.self) }
        }
    }
}

extension Observation {
    package var text: String? {
        value.map { String(decoding: $0.copyBytes(), as: UTF8.self) }
    }
}

func requireEqual<T: Equatable>(
    _ found: T, _ expected: T, _ what: String, file: StaticString = #fileID, line: Int = #line
) throws {
    try require(found == expected, "\(what): found \(found), expected \(expected)", file: file, line: line)
}
