import Crypto
import Engine
import HTTPClient
import JSON
import RotaCore
import TestSupport
import Testing
import Vaults

/// A moto server, and what an administrator does there.
struct AWSHouse: Sendable {
    let moto: Moto
    let client = HTTPClient(addressPolicy: .any)

    init() throws {
        moto = try Moto.shared()
    }

    func vault(_ keys: Moto.Keys? = nil, at address: String? = nil, clock: ManualClock = ManualClock()) throws
        -> AWSSecretsManagerVault
    {
        try AWSSecretsManagerVault(
            AWSConfiguration(name: "aws", region: moto.region, endpoint: address ?? moto.address),
            authentication: (keys ?? moto.keys).authentication, client: client, clock: clock)
    }

    /// Calls an action as the administrator; throws unless it succeeds.
    @discardableResult
    func call(_ action: String, _ parameters: JSON) async throws -> JSON {
        var request = Request(
            method: "POST", url: moto.address + "/",
            headers: [
                ("X-Amz-Target", "secretsmanager.\(action)"), ("Content-Type", "application/x-amz-json-1.1"),
            ], body: parameters.serializedBytes())
        request.signature = AWSSignature(
            region: moto.region, service: "secretsmanager", accessKeyID: moto.keys.accessKey,
            secretAccessKey: moto.keys.secretKey)
        let response = try await client.send(request)
        let text = String(decoding: response.body, as: UTF8.self)
        try #require(response.status == 200, "\(action): \(text)")
        return try JSON.parse(response.body, maximumBytes: 1 << 20)
    }

    /// Makes a secret, without a value where none is given; answers its name.
    func make(_ content: String? = nil) async throws -> String {
        let name = "tests/" + Hex.encode(Random.bytes(8)) + "/a_b+c=d.e@f-g"
        var parameters: JSON.Object = ["Name": .string(name), "ClientRequestToken": .string(Self.id())]
        if let content { parameters["SecretString"] = .string(content) }
        try await call("CreateSecret", .object(parameters))
        return name
    }

    /// Somebody else's write.
    func put(_ content: String, into name: String) async throws {
        try await call(
            "PutSecretValue",
            [
                "SecretId": .string(name), "ClientRequestToken": .string(Self.id()),
                "SecretString": .string(content),
            ])
    }

    /// What consumers see: the content of the version with the label; nil when there is none.
    func content(of name: String, _ label: String = "AWSCURRENT") async throws -> String? {
        try await versions(of: name).first { $0.labels.contains(label) }?.content
    }

    /// All versions, with their labels and contents.
    func versions(of name: String) async throws -> [(id: String, labels: [String], content: String?)] {
        let list = try await call("ListSecretVersionIds", ["SecretId": .string(name), "IncludeDeprecated": true])
        var versions: [(id: String, labels: [String], content: String?)] = []
        for entry in list["Versions"]?.array ?? [] {
            let id = try #require(entry["VersionId"]?.string)
            let value = try await call("GetSecretValue", ["SecretId": .string(name), "VersionId": .string(id)])
            versions.append(
                (id, entry["VersionStages"]?.array?.compactMap(\.string) ?? [], value["SecretString"]?.string))
        }
        return versions
    }

    private static func id() -> String { Hex.encode(Random.bytes(16)) }
}

extension Moto.Keys {
    var authentication: AWSAuthentication {
        let (accessKey, secretKey) = (Secret(utf8: accessKey), secretKey)
        return .keys(
            accessKey: Credential("test") { .success(accessKey) },
            secretKey: Credential("test") { .success(secretKey) },
            sessionToken: sessionToken.map { token in Credential("test") { .success(token) } })
    }
}
