import Engine
import PolicyFiles
import RotaCore
import YAML

/// Turns the YAML tree into a `Configuration`, and collects every fault on the way.
struct ConfigurationReader {
    let file: String
    let folder: String
    private let bytes: [UInt8]
    var faults: [Fault] = []
    var warnings: [Fault] = []

    /// - parameter bytes: what the file holds.
    init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
        folder = directory(of: file)
    }

    mutating func read(_ root: Node) -> Configuration? {
        let keys = [
            "store", "policies", "token-prefix", "scopes", "issue-into", "issue-limit", "vaults", "webhooks",
            "schedule",
            "freeze-calendar",
            "limits", "waivers", "server", "sign-in", "log", "audit", "witnesses", "retention",
        ]
        guard check(root, "the configuration", keys: keys) else { return nil }
        let store = self.store(required("store", of: root, "the configuration", hint: "write 'store: sqlite:rota.db'"))
        let policies = required("policies", of: root, "the configuration", hint: "write 'policies: Policies'")
            .flatMap { string($0, "policies") }
        var configuration = Configuration(
            file: file, store: store ?? "", policies: absolutePath(policies ?? "", in: folder))
        if let node = root["token-prefix"], let prefix = string(node, "token-prefix") {
            if TokenValue.isPrefix(prefix) {
                configuration.tokenPrefix = prefix
            } else {
                fault(
                    node, "token-prefix: '\(abridged(prefix))' is not a prefix",
                    hint: "2 to 16 of a-z and 0-9, a letter first")
            }
        }
        configuration.scopes = items(root["scopes"], "scopes").compactMap { scope($0) }
        configuration.issueInto = items(root["issue-into"], "issue-into").compactMap { string($0, "issue-into") }
        if let node = root["issue-limit"] {
            let limit = integer(node, "issue-limit", in: 1...1_000_000)
            configuration.issueLimit = limit ?? configuration.issueLimit
        }
        configuration.vaults = entries(root["vaults"], "vaults").compactMap { vault($0) }
        configuration.webhooks = entries(root["webhooks"], "webhooks").compactMap { webhook($0) }
        if let node = root["schedule"] {
            let (schedule, diagnostics) = readSchedule(node, file: file, in: bytes)
            faults += diagnostics.filter { $0.severity == .error }.map { Fault($0) }
            configuration.schedule = schedule ?? .hourly
        }
        if let node = root["freeze-calendar"] {
            let (calendar, diagnostics) = readFreezeCalendar(node, file: file)
            faults += diagnostics.map { Fault($0) }
            configuration.freezeCalendar = calendar
        }
        if let node = root["server"], !node.isNull { configuration.server = server(node) }
        if let node = root["sign-in"], !node.isNull { configuration.signIn = signIn(node) }
        if let node = root["audit"], check(node, "audit", keys: ["key"]), let key = node["key"] {
            configuration.auditKey = secret(key, "audit.key")
        }
        if let node = root["witnesses"] { configuration.witnesses = witnesses(node, configuration) }
        if let node = root["log"] { configuration.log = log(node) }
        if let node = root["limits"] {
            configuration.limits = limits(node)
            if let rate = node["rotations-per-second"] {
                let rate = integer(rate, "limits.rotations-per-second", in: 1...10_000)
                configuration.rotationsPerSecond = rate ?? configuration.rotationsPerSecond
            }
        }
        if let node = root["waivers"], check(node, "waivers", keys: ["longest"]), let longest = node["longest"] {
            // Three years: what is longer is no exception, and the policy says what is not meant.
            let span = span(longest, "waivers.longest", in: 3600...94_694_400, hint: "write 90d, or 366d")
            configuration.longestWaiver = span ?? Waiver.usualLongest
        }
        if let node = root["retention"] { configuration.retention = retention(node) }
        configuration.warnings = warnings
        configuration.told = toldSettings(root)
        return configuration
    }

    private mutating func log(_ node: Node) -> LogSettings {
        guard check(node, "log", keys: ["format", "level"]) else { return LogSettings() }
        let format = node["format"].flatMap { choice($0, "log.format", among: LogFormat.allCases.map(\.rawValue)) }
        let level = node["level"].flatMap { choice($0, "log.level", among: LogLevel.allCases.map(\.rawValue)) }
        return LogSettings(
            format: format.flatMap(LogFormat.init) ?? .logfmt, level: level.flatMap(LogLevel.init) ?? .info)
    }

    private mutating func limits(_ node: Node) -> Limits {
        var limits = Limits()
        let groups = ["per-owner", "per-vault"]
        let all = ["actions", "percent", "rotations-per-second"] + groups
        guard check(node, "limits", keys: all) else { return limits }
        limits.all = ceiling(node, "limits")
        func perEach(_ key: String) -> Ceiling {
            guard let group = node[key], check(group, "limits.\(key)", keys: ["actions", "percent"]) else {
                return Ceiling()
            }
            if group.entries?.isEmpty == true {
                fault(group, "limits.\(key): it is empty", hint: "write '\(key): { actions: 20, percent: 10 }'")
            }
            return ceiling(group, "limits.\(key)")
        }
        limits.perOwner = perEach("per-owner")
        limits.perVault = perEach("per-vault")
        return limits
    }

    private mutating func ceiling(_ node: Node, _ name: String) -> Ceiling {
        Ceiling(
            actions: node["actions"].flatMap { integer($0, "\(name).actions", in: 0...1_000_000) },
            percent: node["percent"].flatMap { integer($0, "\(name).percent", in: 0...100) })
    }

    private mutating func store(_ node: Node?) -> String? {
        guard let node, let text = string(node, "store") else { return nil }
        if text.hasPrefix("sqlite:"), text != "sqlite:" {
            return "sqlite:" + absolutePath(String(text.dropFirst("sqlite:".count)), in: folder)
        }
        if text.hasPrefix("postgres:") || text.hasPrefix("postgresql:") {
            fault(node, "store: PostgreSQL is not in this version yet", hint: "write sqlite:rota.db")
        } else {
            fault(node, "store: '\(abridged(text))' is not the address of a store", hint: "write sqlite:rota.db")
        }
        return nil
    }

    private mutating func scope(_ node: Node) -> ScopeEntry? {
        guard check(node, "a scope", keys: ["name", "description", "access"]),
            let nameNode = required("name", of: node, "a scope"), let name = string(nameNode, "name")
        else { return nil }
        guard TokenFields.isScope(name) else {
            fault(
                nameNode, "'\(abridged(name))' cannot be a scope",
                hint: "a scope has no blanks, quotes, backslashes or semicolons")
            return nil
        }
        let access = node["access"].flatMap {
            choice($0, "access", among: ScopeEntry.Access.allCases.map(\.rawValue))
        }
        return ScopeEntry(
            name: name, description: node["description"].flatMap { string($0, "description") } ?? "",
            access: access.flatMap(ScopeEntry.Access.init))
    }
}
