import Documents
import Engine
import Glibc
import JSON
import PolicyFiles
import RotaCore
import Stores
import TransparencyLog

extension Command {
    static let doctor = Command(
        words: ["doctor"],
        summary: "look an installation over, and say what is wrong with it",
        discussion: """
            Looks at the configuration, the policies, who may read and write which file, the store, and what it tells of
            runs, rotations, deliveries and whoever watches uses. It changes nothing, also no older schema, and asks no
            vault and no receiver: 'rota vault check' and 'rota webhook test' do.

            Faults come first, each with what to do. The exit code is 1 where there is one; warnings alone leave it 0.
            """,
        examples: ["rota doctor", "rota doctor --json | jq '.checks[] | select(.status != \"ok\")'"],
        run: examine)
}

private func examine(_ invocation: Invocation) throws -> ExitCode {
    var examination = Examination(at: invocation.clock.now())
    if let configuration = examination.configuration(invocation) {
        let policies = examination.policies(configuration)
        examination.files(configuration)
        examination.room(beside: configuration.storePath)
        examination.store(configuration, policies)
    }
    let checks = examination.checks.sorted { $0.status.rank < $1.status.rank }
    if invocation.wantsJSON {
        invocation.output.document([
            "checks": .array(checks.map(\.json)),
            "totals": .object(
                JSON.Object(
                    Check.Status.allCases.map { status in
                        (status.rawValue, .integer(checks.count { $0.status == status }))
                    })),
        ])
    } else {
        var table = Table(["status", "what", "how it is"], on: invocation.output)
        for check in checks { table.add([check.status.rawValue, check.name, printable(check.sentence)]) }
        table.finish()
    }
    return checks.contains { $0.status == .fault } ? .failed : .done
}

/// One thing that was looked at.
private struct Check: Sendable {
    enum Status: String, CaseIterable {
        case fault, warning, ok

        var rank: Int { self == .fault ? 0 : self == .warning ? 1 : 2 }
    }

    var name: String
    var status: Status
    var message: String
    var hint: String?

    var sentence: String { message + (hint.map { ": \($0)" } ?? "") }

    var json: JSON {
        [
            "name": .string(name), "status": .string(status.rawValue), "message": .string(message),
            "hint": TokenDocument.text(hint),
        ]
    }
}

/// What was found, one look after the other: each takes in what it sees, and goes on where something is wrong.
private struct Examination {
    private(set) var checks: [Check] = []
    private let now: Instant

    init(at now: Instant) { self.now = now }

    private mutating func add(_ name: String, _ status: Check.Status, _ message: String, _ hint: String? = nil) {
        checks.append(Check(name: name, status: status, message: message, hint: hint))
    }

    /// Nil, where nothing else can be looked at.
    mutating func configuration(_ invocation: Invocation) -> Configuration? {
        do {
            let configuration = try Configuration.load(invocation.arguments)
            for fault in configuration.warnings { add("configuration", .warning, fault.description) }
            if configuration.warnings.isEmpty { add("configuration", .ok, configuration.file) }
            return configuration
        } catch {
            for fault in error.faults { add("configuration", .fault, fault.description) }
            add("configuration", .fault, error.message, error.hint)
            return nil
        }
    }

    mutating func policies(_ configuration: Configuration) -> PolicySet? {
        let load = loadPolicies(at: configuration.policies, isConfigured: true)
        for fault in load.diagnostics.map({ Fault($0) }) {
            add("policies", fault.severity == .error ? .fault : .warning, fault.description)
        }
        if let policies = load.policies, load.diagnostics.isEmpty {
            add(
                "policies", .ok,
                "\(counted(policies.policies.count, "policy", "policies")) of \(configuration.policies)")
        }
        return load.policies
    }

    /// Who else may read what is secret, or write what Rota goes by.
    mutating func files(_ configuration: Configuration) {
        let before = checks.count
        let store = configuration.storePath
        var files = configuration.namedFiles
        files += ["", "-wal", "-shm"].map { NamedFile(what: "store", path: store + $0, isSecret: true) }
        files.append(NamedFile(what: "folder of the store", path: folder(of: store), isSecret: false))
        for file in files {
            var status = stat()
            guard unsafe stat(file.path, &status) == 0 else {
                // A log, and its index, are there while the store is open.
                if errno == ENOENT, file.path.hasPrefix(store) { continue }
                add(
                    "files", .fault, "\(file.what): \(file.path): \(systemMessage(errno))",
                    "put it there, or name another")
                continue
            }
            let mode = status.st_mode & 0o777
            if file.isSecret, !file.isLent, mode & 0o077 != 0 {
                add("files", .fault, "\(file.what): \(file.path) is of mode \(octal(mode))", "chmod 600 \(file.path)")
            } else if mode & 0o022 != 0, status.st_mode & S_ISVTX == 0 {
                add("files", .warning, "\(file.what): others may write to \(file.path)", "chmod go-w \(file.path)")
            }
            if status.st_uid != geteuid(), status.st_uid != 0 {
                add(
                    "files", .warning, "\(file.what): \(file.path) is somebody else's (user \(status.st_uid))",
                    "run this as who runs Rota, or change its owner")
            }
        }
        if checks.count == before { add("files", .ok, "nobody else reads what is secret, or writes what Rota goes by") }
    }

    /// What a store needs for its log while it is written to.
    mutating func room(beside store: String) {
        var facts = statvfs()
        guard unsafe statvfs(folder(of: store), &facts) == 0 else { return }
        let free = UInt64(facts.f_bavail) * UInt64(facts.f_frsize)
        let text = "\(free >> 20) MiB are free beside the store"
        if free < 1 << 30 {
            add("disk", free < 64 << 20 ? .fault : .warning, text, "make room: what cannot be written down is not done")
        } else {
            add("disk", .ok, text)
        }
    }

    private func folder(of path: String) -> String {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return folder.isEmpty ? path.hasPrefix("/") ? "/" : "." : folder
    }

    private func octal(_ mode: mode_t) -> String { "0" + String(mode, radix: 8) }

    // MARK: - What the store tells

    mutating func store(_ configuration: Configuration, _ policies: PolicySet?) {
        guard kindOfFile(at: configuration.storePath) != nil else {
            return add("store", .fault, "there is none at \(configuration.storePath)", "'rota init' makes one")
        }
        do {
            let readers = try openReaders(at: configuration.store)
            var found = self
            self = try readers.read { store in
                try found.look(at: store, configuration, policies)
                return found
            }
        } catch {
            let failure = Failure(error)
            // This only reads; a copy that was just put there is made ready by whoever opens it first to write.
            add(
                "store", .fault, failure.message,
                (failure.hint.map { "\($0); " } ?? "")
                    + "where it was put there just now, 'rota status' opens it, and says more")
        }
    }

    private mutating func look(
        at store: any StoreReads, _ configuration: Configuration, _ policies: PolicySet?
    ) throws {
        let identity = try store.identity()
        add(
            "store", .ok,
            "\(configuration.store), \(counted(try store.countActive(), "active token")), "
                + "generation \(identity.generation)"
        )
        if let brake = try store.brake(at: now) {
            let failure = Failure(brake)
            let isMeant = if case .frozen = brake { true } else { false }
            add("brakes", isMeant ? .warning : .fault, failure.message, failure.hint)
        } else {
            add("brakes", .ok, "nothing holds it back")
        }
        try auditLog(store, configuration)
        try runs(store, policies)
        try work(store)
        try watchers(store)
    }

    private mutating func auditLog(_ store: any StoreReads, _ configuration: Configuration) throws {
        guard configuration.auditKey != nil else {
            return add(
                "audit log", .warning, "no key signs it",
                "write audit: { key: file:audit.key }, then 'rota audit key --new'")
        }
        guard let checkpoint = try store.newestCheckpoint() else {
            return add("audit log", .warning, "no checkpoint was signed yet", "'rota audit checkpoint' signs one")
        }
        if let key = try? CheckpointSigner.find(configuration).key,
            SignedNote(checkpoint.note)?.isSigned(by: key) != true
        {
            return add(
                "audit log", .fault,
                "another key than that of the configuration signed it last; nothing is signed on it",
                "if you changed the key: rota audit key --take; else: rota audit verify")
        }
        add(
            "audit log", .ok, "\(counted(checkpoint.size, "entry", "entries")) are signed, the last at \(checkpoint.at)"
        )
    }

    /// A day and an hour: whoever has a timer of a day is late by then.
    private static let longestPause = TimeSpan(seconds: 90_000)

    private mutating func runs(_ store: any StoreReads, _ policies: PolicySet?) throws {
        let acts = policies?.policies.contains { $0.mode != .observe } ?? true
        guard let run = try store.lastRun() else {
            return add(
                "runs", acts ? .warning : .ok, "there was none", "'rota serve' does them by itself, 'rota run' does one"
            )
        }
        if let cause = run.aborted {
            add("runs", .warning, "the last one, of \(run.startedAt), did nothing: \(cause)", "see 'rota plan'")
        } else if now - run.startedAt > Self.longestPause {
            add(
                "runs", .warning, "the last one was \(now - run.startedAt) ago",
                "is 'rota serve' running? see 'rota policy calendar'")
        } else {
            add("runs", .ok, "the last one was \(now - run.startedAt) ago")
        }
    }

    private mutating func work(_ store: any StoreReads) throws {
        let stalled = try store.countStalledRotations()
        if stalled > 0 {
            add(
                "rotations", .warning, "\(counted(stalled, "rotation")) cannot go on",
                "'rota status' says which and why")
        }
        let blocked = try store.blocks().count { !$0.reason.isByDesign }
        if blocked > 0 {
            add("rotations", .warning, "\(counted(blocked, "action")) wait for somebody", "'rota status' says for what")
        }
        if stalled + blocked == 0 { add("rotations", .ok, "none is stuck") }
        let counts = try store.deliveryCounts()
        let disabled = try store.disabledEndpoints()
        if counts.dead > 0 {
            add(
                "webhooks", .warning, "\(counted(counts.dead, "delivery", "deliveries")) were given up",
                "see 'rota webhook deliveries --state dead', then 'rota webhook replay'")
        }
        for endpoint in disabled {
            add("webhooks", .warning, "'\(endpoint.name)' wants no more events", "see 'rota webhook list'")
        }
        if counts.dead == 0, disabled.isEmpty { add("webhooks", .ok, "\(counts.waiting) wait to be delivered") }
    }

    /// Who watches says so each minute.
    private static let longestSilence = TimeSpan(seconds: 150)

    private mutating func watchers(_ store: any StoreReads) throws {
        let last = try store.heartbeats().map(\.beatAt).max()
        guard let last else {
            return add(
                "uses", .warning, "nobody watches the use of tokens", "run 'rota serve', or import a log of uses")
        }
        let silence = now - last
        if silence > Self.longestSilence {
            add("uses", .warning, "nobody has watched for \(silence)", "is 'rota serve' running?")
        } else {
            add("uses", .ok, "watched until \(silence) ago")
        }
    }
}
