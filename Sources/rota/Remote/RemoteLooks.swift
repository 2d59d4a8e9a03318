import JSON
import PolicyFiles
import RotaCore

extension RemoteCommand {
    /// Commands that are done there as at home, and print the same.
    static let looks: [RemoteCommand] = [
        RemoteCommand("status", [], .screen) { _, _ in Question("GET", ["v1", "status"]) },
        RemoteCommand("policy calendar", ["days", "at"], .screen) { arguments, _ in
            Question(
                "GET", ["v1", "calendar"], query: [("days", arguments.value("days")), ("at", arguments.value("at"))])
        },
        RemoteCommand("policy simulate", ["days", "enforced"], .screen) { arguments, _ in
            var body = JSON.Object([])
            if let days = try arguments.integer("days", in: 1...366) { body["days"] = .integer(days) }
            if arguments.has("enforced") { body["enforced"] = true }
            if let path = arguments.operands.first { body["candidate"] = try candidate(path) }
            return Question("POST", ["v1", "simulation"], body: .object(body))
        },
        RemoteCommand("policy diff", ["at"], .screen) { arguments, now in
            var body: JSON.Object = ["candidate": try candidate(arguments.operands[0])]
            body["at"] = try arguments.instant("at", orSpanFrom: now).map { .string($0.description) }
            return Question("POST", ["v1", "comparison"], body: .object(body))
        },
        RemoteCommand("vault drift", ["vault", "exit-code"], .screen) { arguments, _ in
            var body = arguments.members(["vault"]).object ?? [:]
            if let token = arguments.operands.first { body["token"] = .string(token) }
            return Question("POST", ["v1", "drift"], body: .object(body))
        },
        RemoteCommand("import", imported, .screen) { arguments, _ in
            let path = arguments.operands[0]
            let lists = ["map", "ignore"].map { ($0, arguments.all($0)) }
            if let (name, _) = lists.first(where: { $0.1.contains { $0.contains(",") } }) {
                throw Failure.usage("--\(name) takes no commas with --server", hint: "name the columns otherwise")
            }
            var question = Question(
                "POST", ["v1", "import"],
                query: [("name", path.split(separator: "/").last.map(String.init))]
                    + ["format", "issuer"].map { ($0, arguments.value($0)) }
                    + lists.map { ($0, $1.isEmpty ? nil : $1.joined(separator: ",")) }
                    + flags.map { ($0, arguments.has($0) ? "true" : nil) })
            let made = arguments.value("written-at")
            question.query.append(("written-at", try made ?? File(reading: path).modifiedAt.description))
            question.file = path
            return question
        },
        RemoteCommand("vault adopt", ["all", "vault", "dry-run"], .screen) { arguments, _ in
            var body = arguments.members(["vault"]).object ?? [:]
            if let token = arguments.operands.first { body["token"] = .string(token) }
            if arguments.has("all") { body["all"] = true }
            if arguments.has("dry-run") { body["dry_run"] = true }
            return Question("POST", ["v1", "adoption"], body: .object(body))
        },
    ]

    private static let flags = ["ignore-columns", "complete", "partial", "dry-run", "usage", "strict"]
    private static let imported = ["format", "issuer", "map", "ignore", "written-at"] + flags

    /// The policies of a file or a folder, to be sent along.
    private static func candidate(_ path: String) throws -> JSON {
        let files: [(name: String, bytes: [UInt8])]
        switch policyFiles(at: path) {
        case .success(let found): files = found
        case .failure(let diagnostic): throw Failure(diagnostic.message, hint: diagnostic.hint, code: .usage)
        }
        return [
            "files": .array(
                files.map { ["name": .string($0.name), "text": .string(String(decoding: $0.bytes, as: UTF8.self))] }),
            "replaces_all": .bool(kindOfFile(at: path) == .directory),
        ]
    }
}
