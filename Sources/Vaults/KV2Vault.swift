package import Crypto
package import Engine
package import HTTPClient
import JSON
package import RotaCore

/// A KV version 2 mount of HashiCorp Vault or OpenBao.
///
/// The base is the version of the secret, and every write names it (`cas`), so that of two writes over one
/// version exactly one succeeds, and a write under an older one never does. A write replaces the whole
/// secret: it is made of the fields that the same read gave, as they were spelled, with one of them changed.
package final class KV2Vault: Vault {
    package let name: String
    package var capabilities: VaultCapabilities { Self.capabilities }

    package static let capabilities = VaultCapabilities(
        conditionalWrite: true, orderedBases: true, fenceable: true, fencesEmptiness: true, readable: true,
        fieldsShareBase: true)

    /// The field of a destination that names none.
    package static let defaultField = "value"
    /// How many versions back it is looked whether a value was ever held.
    static let longestHistory: Int64 = 32

    private let session: KV2Session
    private let access: KV2Access
    private let mount: String
    /// As policies name it.
    private let plainMount: String

    /// Throws `rejected` when the address or the mount cannot be one.
    ///
    /// Nothing is sent, and no credential read, before the first call.
    ///
    /// - parameter client: with an address policy that lets it reach the vault; may be shared.
    package init(
        _ configuration: KV2Configuration, authentication: KV2Authentication, client: HTTPClient,
        clock: any WallClock
    ) throws(VaultError) {
        name = configuration.name
        mount = try PercentEncoding.encode(path: configuration.mount)
        session = KV2Session(
            authentication, namespace: configuration.namespace,
            connection: try KV2Connection(configuration, client: client, clock: clock), clock: clock)
        access = KV2Access(session, clock: clock)
        plainMount = configuration.mount
    }

    package func check() async throws(VaultError) {
        try await session.prove()
        let answer = try await session.send("GET", "sys/internal/ui/mounts/\(mount)", for: .reading)
        guard answer.response.status == 200 else { throw answer.failure }
        let data = answer.document?["data"]
        guard data?["type"]?.string == "kv", data?["options"]?["version"]?.string == "2" else {
            throw VaultError(.missing, "the mount '\(mount)' is not a KV version 2 mount")
        }
    }

    package func probe(_ destination: Destination) async throws(VaultError) -> Observation {
        let content = try await read(destination)
        return Observation(
            base: String(content.version), value: content.value(of: try Self.field(of: destination)),
            context: content)
    }

    package func requireWritable(_ destination: Destination) async throws(VaultError) {
        let path = "\(plainMount)/data/\(destination.path)"
        if try await access.isAllowed(path) { return }
        throw VaultError(.denied, "our login may not write to it: its policy needs create and update on '\(path)'")
    }

    package func write(
        _ value: Secret, to destination: Destination, over observation: Observation
    ) async throws(VaultError) {
        guard let text = String(validating: value.copyBytes(), as: UTF8.self) else {
            throw VaultError(.rejected, "the value is not UTF-8, and this kind of vault takes texts")
        }
        try await replace(destination, observation, holding: value) { $0[$1] = .string(text) }
    }

    package func fence(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await replace(destination, observation) { _, _ in }
    }

    package func remove(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await replace(destination, observation) { $0[$1] = nil }
    }

    package func erase(_ destination: Destination, since first: Observation) async throws(VaultError) {
        guard first.base == "0" else { return try await remove(destination, at: probe(destination)) }
        let path = "\(mount)/metadata/" + (try PercentEncoding.encode(path: destination.path))
        let answer = try await session.send("DELETE", path, for: .writing)
        guard answer.response.status == 204 else {
            // The value goes at least; what is left is that there was one.
            try await remove(destination, at: probe(destination))
            throw answer.failure
        }
    }

    package func close() async {
        await session.close()
    }

    package func held(
        _ matches: @Sendable (Secret) -> Bool, in destination: Destination, after base: String,
        through observation: Observation
    ) async throws(VaultError) -> PastValue {
        let field = try Self.field(of: destination)
        guard let first = Int64(base), let last = Int64(observation.base), first <= last,
            last - first <= Self.longestHistory
        else { return .unknown }
        var knowsAll = true
        for version in (first..<last).map({ $0 + 1 }) {
            let content = try await read(destination, version: version)
            if let value = content.value(of: field), matches(value) { return .found(value) }
            // Deleted, destroyed or pruned: what it held cannot be told any more.
            if content.version != version || content.isDeleted { knowsAll = false }
        }
        return knowsAll ? .never : .unknown
    }
}

extension KV2Vault {
    /// - parameter version: nil for the newest.
    private func read(_ destination: Destination, version: Int64? = nil) async throws(VaultError)
        -> KV2Content
    {
        let query = version.map { "?version=\($0)" } ?? ""
        return try await session.send("GET", try path(of: destination) + query, for: .reading).content()
    }

    private func replace(
        _ destination: Destination, _ observation: Observation, holding value: Secret? = nil,
        _ change: (inout JSON.Object, String) -> Void
    ) async throws(VaultError) {
        let path = try path(of: destination)
        guard let content = observation.context as? KV2Content, observation.base == String(content.version)
        else {
            throw VaultError(.refused, "the fields beside the value are not known; read it again")
        }
        var fields = content.fields
        change(&fields, try Self.field(of: destination))
        let answer = try await session.send(
            "POST", path, body: content.body(of: fields), holding: value, for: .writing)
        if answer.isDenied { access.noteDenial() }
        try answer.requireAccepted()
    }

    private func path(of destination: Destination) throws(VaultError) -> String {
        "\(mount)/data/" + (try PercentEncoding.encode(path: destination.path))
    }

    private static func field(of destination: Destination) throws(VaultError) -> String {
        let field = destination.field ?? defaultField
        let isPlain = field.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard !field.isEmpty, field.utf8.count <= 256, isPlain else {
            throw VaultError(
                .rejected, "a field has 1 to 256 bytes and no control characters")
        }
        return field
    }
}
