import Engine
import JSON

/// The versions that a secret has, current ones, earlier ones, and those that were put there and never current.
///
/// The service keeps the newest hundred, and all that are less than a day old.
struct AWSSecretHistory: Sendable {
    private struct Version {
        var id: String
        var createdAt: Double
    }

    /// How many versions are read, each with a call; and how many pages of the list.
    private static let longest = 32
    private static let mostPages = 10

    private let secret: String
    private let connection: AWSConnection

    init(of secret: String, _ connection: AWSConnection) {
        self.secret = secret
        self.connection = connection
    }

    /// The ids of the versions that are not older than `base`, without it; nil when there are too many, or when
    /// some may be gone.
    func versions(since base: String) async throws(VaultError) -> [String]? {
        let all = try await list()
        guard let all else { return nil }
        guard let first = all.first(where: { $0.id == base }) else {
            // Before there was any version: then all that there ever were came later, while none is gone.
            return base == AWSSecretContent().base && all.count <= Self.longest ? all.map(\.id) : nil
        }
        let later = all.filter { $0.createdAt >= first.createdAt && $0.id != base }
        return later.count <= Self.longest ? later.map(\.id) : nil
    }

    private func list() async throws(VaultError) -> [Version]? {
        var versions: [Version] = []
        var next: String?
        for _ in 0..<Self.mostPages {
            var parameters: JSON.Object = ["SecretId": .string(secret), "IncludeDeprecated": true, "MaxResults": 100]
            if let next { parameters["NextToken"] = .string(next) }
            let answer = try await connection.call("ListSecretVersionIds", .object(parameters))
            guard answer.isSuccess else { throw answer.failure }
            guard let page = answer.document?["Versions"]?.array else {
                throw VaultError(.garbled, "the answer is not that of ListSecretVersionIds")
            }
            for entry in page {
                guard let id = entry["VersionId"]?.string, let createdAt = entry["CreatedDate"]?.real else {
                    throw VaultError(.garbled, "the answer is not that of ListSecretVersionIds")
                }
                versions.append(Version(id: id, createdAt: createdAt))
            }
            next = answer.document?["NextToken"]?.string.flatMap { $0.isEmpty ? nil : $0 }
            if next == nil { return versions }
        }
        return nil
    }
}
