package import Crypto
package import Engine
package import HTTPClient
import JSON
package import RotaCore

/// AWS Secrets Manager: a destination is a whole secret, or with `#key` one member of the JSON object in it.
///
/// The base is the id of the version that `AWSCURRENT` is attached to. A write
///
/// 1. puts a new version beside it, under the label `ROTA` and with an id of ours (PutSecretValue),
/// 2. reads that version back,
/// 3. moves `AWSCURRENT` from the observed version to the new one (UpdateSecretVersionStage), which the service
///    refuses when the label is elsewhere by then.
///
/// So of two writes over one version one succeeds, nothing is shown to consumers that was not read back, and dying
/// in between leaves an unlabelled version that nobody reads. The label `ROTA` marks the version that was written
/// last by us. A secret without any version takes its first one as current at once, by the service's own rule, and
/// any other put under the same observation then fails in step 3.
///
/// https://docs.aws.amazon.com/secretsmanager/latest/apireference/
package final class AWSSecretsManagerVault: Vault {
    package let name: String
    package var capabilities: VaultCapabilities { Self.capabilities }

    /// Versions have no order among them. See Docs/Decisions/0006.
    package static let capabilities = VaultCapabilities(
        conditionalWrite: true, orderedBases: false, fenceable: true, fencesEmptiness: true, readable: true,
        fieldsShareBase: true)

    static let label = "ROTA"
    private static let current = "AWSCURRENT"
    /// How often a version is asked for that was only just made: reads may lag behind writes.
    private static let readsBack = 4
    private static let firstWait: Int64 = 100

    private let connection: AWSConnection
    private let clock: any WallClock

    /// Throws `rejected` when the region or an address cannot be one.
    ///
    /// - parameter client: with an address policy that lets it reach the vault; may be shared.
    package init(
        _ configuration: AWSConfiguration, authentication: AWSAuthentication, client: HTTPClient,
        clock: any WallClock
    ) throws(VaultError) {
        name = configuration.name
        self.clock = clock
        connection = try AWSConnection(configuration, authentication, client: client, clock: clock)
    }

    /// Asks for a secret that is not there, which takes no right to anything: being told so, or that we may not
    /// know, shows that our signature is accepted.
    package func check() async throws(VaultError) {
        let answer = try await connection.call("DescribeSecret", ["SecretId": "rota/check"])
        let codes = ["ResourceNotFoundException", "AccessDeniedException", "AccessDenied"]
        guard answer.isSuccess || answer.code.map(codes.contains) ?? false else { throw answer.failure }
    }

    package func probe(_ destination: Destination) async throws(VaultError) -> Observation {
        let place = try Place(destination)
        let content = try await read(place)
        return Observation(base: content.base, value: try content.value(of: place.key), context: content)
    }

    package func write(
        _ value: Secret, to destination: Destination, over observation: Observation
    ) async throws(VaultError) {
        let place = try Place(destination)
        let content = try content(of: observation)
        try await replace(content, at: place, by: content.setting(place.key, to: value), holding: value)
    }

    package func fence(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        let content = try content(of: observation)
        try await replace(
            content, at: Place(destination), by: content.value ?? AWSSecretContent.emptied, holding: observation.value)
    }

    package func remove(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        let place = try Place(destination)
        let content = try content(of: observation)
        try await replace(content, at: place, by: content.setting(place.key, to: nil))
    }

    /// Found also where it was only put there and never current, which the service does not keep.
    package func held(
        _ matches: @Sendable (Secret) -> Bool, in destination: Destination, after base: String,
        through observation: Observation
    ) async throws(VaultError) -> PastValue {
        let place = try Place(destination)
        guard let later = try await AWSSecretHistory(of: place.secret, connection).versions(since: base) else {
            return .unknown
        }
        var knowsAll = true
        for version in later {
            guard let value = try await value(of: version, at: place) else {
                knowsAll = false
                continue
            }
            let content = AWSSecretContent(versionID: version, value: value)
            // What is not an object has no such key.
            if let found = try? content.value(of: place.key), matches(found) { return .found(found) }
        }
        return knowsAll ? .never : .unknown
    }
}

extension AWSSecretsManagerVault {
    /// A destination as this service has it.
    private struct Place {
        let secret: String
        let key: String?

        init(_ destination: Destination) throws(VaultError) {
            let path = destination.path
            guard (1...2048).contains(path.utf8.count), path.utf8.allSatisfy(Self.isNameByte) else {
                throw VaultError(
                    .rejected, "a secret's name has 1 to 512 letters, digits and '/_+=.@-'; or write its ARN")
            }
            if let key = destination.field {
                let isPlain = key.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
                guard !key.isEmpty, key.utf8.count <= 256, isPlain else {
                    throw VaultError(.rejected, "a key has 1 to 256 bytes and no control characters")
                }
            }
            secret = path
            key = destination.field
        }

        private static func isNameByte(_ byte: UInt8) -> Bool {
            switch byte {
            case 48...57, 65...90, 97...122: true
            default: "/_+=.@-!:".utf8.contains(byte)
            }
        }
    }

    private func read(_ place: Place) async throws(VaultError) -> AWSSecretContent {
        let parameters: JSON = ["SecretId": .string(place.secret), "VersionStage": .string(Self.current)]
        let answer = try await connection.call("GetSecretValue", parameters)
        guard answer.isSuccess else {
            guard answer.code == "ResourceNotFoundException" else { throw answer.failure }
            return try await contentWithoutVersion(place, answer.failure)
        }
        let document = answer.document
        guard let version = document?["VersionId"]?.string, !version.isEmpty, let value = AWSSecretValue(document)
        else { throw VaultError(.garbled, "the answer is not that of GetSecretValue") }
        return AWSSecretContent(versionID: version, value: value)
    }

    /// The service has one error for a secret that is not there and for one that has no value yet.
    private func contentWithoutVersion(_ place: Place, _ missing: VaultError) async throws(VaultError)
        -> AWSSecretContent
    {
        let answer = try await connection.call("DescribeSecret", ["SecretId": .string(place.secret)])
        guard answer.isSuccess else {
            guard answer.code == "ResourceNotFoundException" else { throw answer.failure }
            throw VaultError(.missing, "\(missing.message); make the secret first, Rota makes none")
        }
        let stages = answer.document?["VersionIdsToStages"]?.object
        let isCurrent = stages?.members.contains { $0.value.array?.contains(.string(Self.current)) ?? false } ?? false
        guard !isCurrent else { throw VaultError(.transient, "its first version has only just been made") }
        return AWSSecretContent()
    }

    /// Nil when there is no such version.
    private func value(of version: String, at place: Place) async throws(VaultError) -> AWSSecretValue? {
        let parameters: JSON = ["SecretId": .string(place.secret), "VersionId": .string(version)]
        let answer = try await connection.call("GetSecretValue", parameters)
        guard answer.isSuccess else {
            guard answer.code == "ResourceNotFoundException" else { throw answer.failure }
            return nil
        }
        guard answer.document?["VersionId"]?.string == version, let value = AWSSecretValue(answer.document) else {
            throw VaultError(.garbled, "the answer is not that of GetSecretValue")
        }
        return value
    }

    private func content(of observation: Observation) throws(VaultError) -> AWSSecretContent {
        guard let content = observation.context as? AWSSecretContent, content.base == observation.base else {
            throw VaultError(.refused, "what is beside the value is not known; read it again")
        }
        return content
    }

    /// The three steps.
    private func replace(
        _ content: AWSSecretContent, at place: Place, by next: AWSSecretValue, holding value: Secret? = nil
    ) async throws(VaultError) {
        let version = content.versionID(of: next)
        var parameters: JSON.Object = [
            "SecretId": .string(place.secret), "ClientRequestToken": .string(version),
            "VersionStages": [.string(Self.label)],
        ]
        let (name, text) = next.parameter
        parameters[name] = text
        let put = try await connection.call("PutSecretValue", .object(parameters), holding: value, for: .writing)
        guard put.isSuccess else { throw put.failure }
        guard put.document?["VersionId"]?.string == version else {
            throw VaultError(.unknownOutcome, "the answer is not that of PutSecretValue")
        }
        try await readBack(version, at: place, expecting: next)
        let isFirst = put.document?["VersionStages"]?.array?.contains(.string(Self.current)) ?? false
        if !isFirst { try await moveCurrent(from: content.versionID, to: version, at: place) }
    }

    private func readBack(_ version: String, at place: Place, expecting next: AWSSecretValue) async throws(VaultError) {
        var wait = Self.firstWait
        for turn in 1...Self.readsBack {
            if let found = try await value(of: version, at: place) {
                guard found.isSame(as: next) else {
                    throw VaultError(.garbled, "version \(version) is not read back as it was put; it was not shown")
                }
                return
            }
            guard turn < Self.readsBack else { break }
            do {
                try await clock.sleep(milliseconds: wait)
            } catch {
                throw VaultError(.transient, "cancelled before the new version was made current")
            }
            wait *= 2
        }
        throw VaultError(.transient, "version \(version) cannot be read back yet; it was not made current")
    }

    private func moveCurrent(from old: String?, to new: String, at place: Place) async throws(VaultError) {
        var parameters: JSON.Object = [
            "SecretId": .string(place.secret), "VersionStage": .string(Self.current), "MoveToVersionId": .string(new),
        ]
        if let old { parameters["RemoveFromVersionId"] = .string(old) }
        let answer = try await connection.call("UpdateSecretVersionStage", .object(parameters), for: .writing)
        guard answer.isSuccess else {
            // All else in the request is ours and was accepted before: it is the version that the label is at.
            if answer.code == "InvalidParameterException" { throw VaultError(.refused, answer.failure.message) }
            throw answer.failure
        }
        guard answer.document?["ARN"]?.string != nil else {
            throw VaultError(.unknownOutcome, "the answer is not that of UpdateSecretVersionStage")
        }
    }
}
