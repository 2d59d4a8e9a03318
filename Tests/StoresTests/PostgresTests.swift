import Foundation
import Testing

@testable import Stores

/// The SQL is written once, for two databases: a real PostgreSQL takes every word of it.
@Suite(.timeLimit(.minutes(3)), .serialized) struct PostgresTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/Stores")

    @Test func `PostgreSQL makes the schema and prepares every statement`() throws {
        let server = try PostgresServer()
        defer { server.stop() }
        try server.run(Migration.all.map(\.postgres).joined(separator: "\n"))
        let prepared = Statement.all.enumerated().map { "PREPARE s\($0) AS \($1.sql);" }
        try server.run(prepared.joined(separator: "\n"))
    }

    @Test func `a statement that PostgreSQL does not understand is noticed`() throws {
        let server = try PostgresServer()
        defer { server.stop() }
        #expect(throws: PostgresServer.Failure.self) { try server.run("PREPARE s AS SELECT ifnull($1, 2);") }
    }

    @Test func `PostgreSQL refuses to change or to shorten the audit log`() throws {
        let server = try PostgresServer()
        defer { server.stop() }
        try server.run(Migration.all.map(\.postgres).joined(separator: "\n"))
        let entry = "INSERT INTO audit (at, actor, action, object, body) VALUES (1, 'a', 'b', 'c', '{}');"
        try server.run(entry)
        let changes = [
            "UPDATE audit SET actor = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE number = 0", "TRUNCATE audit",
        ]
        for change in changes {
            let failure = #expect(throws: PostgresServer.Failure.self, "\(change)") { try server.run("\(change);") }
            #expect(failure?.description.contains("the audit log is append-only") == true)
        }
        try server.run(entry + " SELECT 1 / (SELECT (count(*) = 2)::int FROM audit WHERE actor = 'a');")
    }

    @Test func `no text is made that PostgreSQL cannot hold`() throws {
        let sources = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { $0.hasSuffix(".swift") }
        for name in sources {
            let text = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
            #expect(!text.contains(#"\u{0}"#) && !text.contains(#"\0"#), "\(name)")
        }
    }

    @Test func `the catalogue holds every statement once`() throws {
        let declared = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { $0.hasPrefix("Statements+") }
            .map { try String(contentsOf: Self.folder.appendingPathComponent($0), encoding: .utf8) }
            .reduce(0) { $0 + $1.components(separatedBy: "= Statement(").count - 1 }
        // Those that compare tables are made from lists of columns.
        #expect(declared + Statement.comparing.count == Statement.all.count)
        #expect(Set(Statement.all).count == Statement.all.count)
    }
}

/// A PostgreSQL of its own in a scratch folder, reached by a unix socket alone.
private final class PostgresServer {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let programs: String
    private let folder: String
    /// A child of ours: one that `pg_ctl` starts would outlive us.
    private let server: Process

    init() throws {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let installed = versions.sorted { (Int($0) ?? 0) < (Int($1) ?? 0) }.map { "\(root)/\($0)/bin" }
            .last { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }
        guard let installed else {
            throw Failure(
                description: "no PostgreSQL is installed; install it with: apt-get install postgresql")
        }
        programs = installed
        // It refuses to run as root, so the folder is made by whom it runs as.
        folder = try Self.output(Self.unprivileged(["mktemp", "-d", "/tmp/rota-pg-XXXXXX"]))
            .trimmingCharacters(in: .whitespacesAndNewlines)
        _ = try Self.output(
            Self.unprivileged([
                "\(programs)/initdb", "-D", "\(folder)/data", "-A", "trust", "-U", "app", "--no-locale", "-E",
                "UTF8", "-N",
            ]))
        server = Self.process(
            Self.unprivileged([
                "\(programs)/postgres", "-D", "\(folder)/data", "-c", "listen_addresses=", "-c",
                "unix_socket_directories=\(folder)", "-c", "fsync=off",
            ]))
        try server.run()
        do {
            try waitUntilReady()
        } catch {
            stop()
            throw error
        }
    }

    private func waitUntilReady() throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while (try? Self.output(["\(programs)/pg_isready", "-q", "-h", folder])) == nil {
            guard server.isRunning, ContinuousClock.now < deadline else {
                throw Failure(description: "PostgreSQL in \(folder) does not come up")
            }
            usleep(50_000)
        }
    }

    /// Runs a script and stops at its first error.
    func run(_ script: String) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "rota-\(UUID().uuidString).sql")
        try script.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        _ = try Self.output([
            "\(programs)/psql", "-h", folder, "-U", "app", "-d", "postgres", "-X", "-q", "-v",
            "ON_ERROR_STOP=1",
            "-f", file.path,
        ])
    }

    func stop() {
        // SIGINT: a fast shutdown, which does not wait for clients.
        server.interrupt()
        server.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func unprivileged(_ command: [String]) -> [String] {
        guard geteuid() == 0 else { return command }
        // Becomes the command in place of running it below itself, so that a signal reaches it.
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] + command
    }

    private static func process(_ command: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(fileURLWithPath: "/tmp")
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }

    /// Runs a command and answers what it wrote.
    private static func output(_ command: [String]) throws -> String {
        let process = process(command)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(command.joined(separator: " ")): \(text)")
        }
        return text
    }
}
