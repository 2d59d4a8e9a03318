import Engine
package import HTTPServer
import JSON
package import RotaCore

/// A command of the command line that is done here, in the name of who asks, as it is done at home.
package struct CommandRequest: Sendable {
    /// How it is answered.
    package enum Form: Hashable, Sendable {
        /// As `--json` prints it.
        case document
        /// As people read it, in lines that are so wide at the most; nil: as wide as they are.
        case lines(width: Int?)
        /// As it writes a file, to the byte.
        case file
    }

    /// Such as `["vault", "drift"]`.
    package var words: [String]
    package var operands: [String] = []
    /// Without the dashes; nil for flags.
    package var options: [(name: String, value: String?)] = []
    /// Policies that are judged beside those in force, or in their place.
    package var candidate: Candidate?
    /// A file that goes with it.
    package var upload: Upload?
    package var principal: Principal
    /// Whose tokens alone he may know of; nil: everybody's.
    package var owner: String?
    package var form = Form.document

    /// Whether it changes anything.
    package var isActing: Bool {
        switch words {
        case ["plan"]: options.contains { $0.name == "save" }
        case ["run"], ["import"], ["vault", "adopt"], ["vault", "check"], ["vault", "drift"],
            ["audit", "checkpoint"], ["audit", "prove"]:
            true
        default: false
        }
    }

    /// Policies that are not in force.
    package struct Candidate: Sendable {
        package var files: [(name: String, bytes: [UInt8])]
        /// Whether nothing else is in force with them; else a file takes the place of the one of its name.
        package var replacesAll: Bool
    }

    /// What somebody has sent.
    package struct Upload: Sendable {
        package var name: String
        package var body: SpooledBody

        /// Where it can be opened, as often as one likes, for as long as this is there.
        package var path: String { body.path }
    }
}

/// What came of a command.
package struct CommandAnswer: Sendable {
    package var body: SpooledBody
    /// Its exit code.
    package var code: Int

    package init(body: SpooledBody, code: Int) {
        self.body = body
        self.code = code
    }
}

/// Why a command was not done at all.
package struct CommandRefusal: Error, Sendable {
    /// What kind of refusal it is, which its status tells.
    package enum Kind: Sendable {
        /// What was asked for makes no sense.
        case senseless
        /// A limit or a brake forbids it.
        case forbidden
        /// It failed.
        case failed
        /// Too many wait.
        case busy
        /// It was done, and its answer is lost.
        case unsent
    }

    package var kind: Kind
    package var message: String
    package var hint: String?
    /// Told before the message, each with its place.
    package var faults: [String]

    package init(_ kind: Kind, _ message: String, hint: String? = nil, faults: [String] = []) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.faults = faults
    }

    /// For programs, who have neither commands nor options.
    func worded(for face: Face) -> CommandRefusal {
        var refusal = self
        refusal.message = face.worded(message)
        refusal.hint = hint.map(face.worded)
        refusal.faults = faults.map(face.worded)
        return refusal
    }

    var response: Response {
        if kind == .unsent {
            return .problem(507, "Insufficient storage", detail: message, headers: [API.noStore])
        }
        if kind == .busy {
            return .problem(503, "Unavailable", detail: message, headers: [API.noStore, ("Retry-After", "5")])
        }
        let (status, title) = kind == .senseless ? (422, "Unprocessable content") : (409, "Conflict")
        return .problem(status, title, detail: message, headers: [API.noStore]) { writer in
            if kind == .forbidden {
                writer.key("reason")
                writer.string("refused")
            }
            if !faults.isEmpty {
                writer.key("faults")
                writer.value(.array(faults.map { .string($0) }))
            }
            if let hint {
                writer.key("hint")
                writer.string(hint)
            }
        }
    }
}

/// What people are shown of an answer, where they ask for that by `Accept`: what the command prints at home, line by
/// line, each as `{"output": …}` or `{"note": …}`.
enum Screen {
    static let mediaType = "application/vnd.rota.lines"
    /// The exit code that the command ends with.
    static let exitCode = "Rota-Exit-Code"

    /// The operations that are commands, and which.
    static let commands: [String: @Sendable (API, Call) throws -> CommandRequest] = [
        "listTokens": { api, call in try api.listCommand(call) },
        "showToken": { api, call in call.command(["token", "show"], [try api.tokenID(call)]) },
        "explainToken": { api, call in
            call.command(["policy", "explain"], [try api.tokenID(call)], options: call.options(["at"]))
        },
        "listPlans": { _, call in
            call.command(["plan", "list"], options: call.options(["limit"]))
        },
        "showPlan": { _, call in call.command(["plan", "show"], [call.name("plan")]) },
        "makePlan": { _, call in
            var filled = FilledIn(try call.document(), known: ["expires_in"])
            let life = filled.text("expires_in")
            try filled.finish()
            return call.command(["plan"], options: [("save", nil)] + (life.map { [("expires", $0)] } ?? []))
        },
        "previewRun": { _, call in call.command(["plan"], options: call.options(["at"])) },
        "startRun": { _, call in
            _ = try FilledIn(try call.document(), known: []).finish()
            return call.command(["run"])
        },
        "applyPlan": { _, call in
            _ = try FilledIn(try call.document(), known: []).finish()
            return call.command(["run"], options: [("plan", call.name("plan"))])
        },
        "checkVault": { api, call in
            _ = try FilledIn(try call.document(), known: []).finish()
            guard api.parts.configuration().vaults.contains(where: { $0.name == call.name("vault") }) else {
                throw Refused.missing("vault")
            }
            return call.command(["vault", "check"], [call.name("vault")])
        },
        "showStatus": { _, call in call.command(["status"]) },
        "showCalendar": { api, call in try api.calendarCommand(call) },
        "simulatePolicies": { api, call in try api.simulationCommand(call) },
        "comparePolicies": { api, call in try api.comparisonCommand(call) },
        "findDrift": { api, call in try api.driftCommand(call) },
        "importInventory": { api, call in try api.importCommand(call) },
        "adoptValues": { api, call in try api.adoptionCommand(call) },
        "exportAudit": { _, call in
            call.command(["audit", "export"], options: call.options(["format", "from", "since"]))
        },
        "showAuditEntry": { api, call in call.command(["audit", "show"], [try api.entryNumber(call)]) },
        "proveAuditEntry": { api, call in call.command(["audit", "prove"], [try api.entryNumber(call)]) },
        "makeCheckpoint": { _, call in
            _ = try FilledIn(try call.document(), known: []).finish()
            return call.command(["audit", "checkpoint"])
        },
        "showAuditKey": { _, call in call.command(["audit", "key"]) },
    ]
}

extension Call {
    /// Nil where what programs read is wanted.
    var lines: CommandRequest.Form? {
        for accepted in request.headers.all("accept") {
            let parts = accepted.split(separator: ";").map { $0.filter { $0 != " " } }
            guard parts.first == Screen.mediaType else { continue }
            let width = parts.dropFirst().first { $0.hasPrefix("width=") }.flatMap { Int($0.dropFirst("width=".count)) }
            return .lines(width: width.map { min(max(40, $0), 10_000) })
        }
        return nil
    }

    /// Fields of the query that are options of the command, by the same names.
    fileprivate func options(_ names: [StaticString]) -> [(name: String, value: String?)] {
        names.compactMap { name in text(name).map { ("\(name)", $0) } }
    }

    fileprivate func command(
        _ words: [String], _ operands: [String] = [], options: [(name: String, value: String?)] = []
    ) -> CommandRequest {
        // Nobody's tokens are not his: without an owner of his own he sees none.
        let own = caller.owner.isEmpty ? "\u{0}" : caller.owner
        return CommandRequest(
            words: words, operands: operands, options: options, principal: principal, owner: seesAll ? nil : own)
    }
}

extension API {
    /// What an operation is answered with where lines are wanted of it; nil: by its handler.
    func screen(_ operation: Operation, _ call: Call) throws -> Answer? {
        guard let form = call.lines, let command = Screen.commands[operation.id] else { return nil }
        return try carryOut(command, form, call)
    }

    /// An operation that is a command, as its document.
    func document(_ operation: String, _ call: Call) throws -> Answer {
        guard let command = Screen.commands[operation] else { throw Refused.missing("operation") }
        return try carryOut(command, .document, call)
    }

    /// An operation that is a command which writes a file, as that file.
    func file(_ operation: String, _ call: Call) throws -> Answer {
        guard let command = Screen.commands[operation] else { throw Refused.missing("operation") }
        return try carryOut(command, .file, call)
    }

    private func carryOut(
        _ command: (API, Call) throws -> CommandRequest, _ form: CommandRequest.Form, _ call: Call
    ) throws -> Answer {
        var request: CommandRequest
        do { request = try command(self, call) } catch { throw try refused(error, call) }
        request.form = form
        // A key that were not looked at would promise that it is done once.
        guard !request.isActing || call.request.headers["idempotency-key"] == nil else {
            throw Refused.invalid("Idempotency-Key: \(Self.keyless(form))")
        }
        let type =
            switch form {
            case .document: "application/json"
            case .lines: Screen.mediaType
            case .file: "text/plain; charset=utf-8"
            }
        return entrust({ [self] error in self.answer(call) { throw error } }) { [self, request] configuration in
            // Also where it ended half-way.
            defer { if request.isActing { postures.forget() } }
            do {
                let answer = try await whileStanding(call) { try await configuration.command(request) }
                var response = Response(
                    call.status,
                    headers: [
                        ("Content-Type", type), Self.noStore, ("X-Content-Type-Options", "nosniff"),
                        (Screen.exitCode, String(answer.code)),
                    ])
                response.spooled = answer.body
                return response
            } catch let refusal as CommandRefusal {
                return refusal.worded(for: call.face).response
            }
        }
    }

    private static func keyless(_ form: CommandRequest.Form) -> String {
        form == .document
            ? "nothing is remembered of this; where its answer was lost, do it again: what was done is left as it is"
            : "it goes with answers for programs; ask for application/json"
    }

    /// The token of the path, as far as the caller may know of it.
    fileprivate func tokenID(_ call: Call) throws -> String {
        try parts.readers.read { try call.token(in: $0).id.text }
    }

    /// The entry of the path, where there is one.
    fileprivate func entryNumber(_ call: Call) throws -> String {
        guard let number = Int64(call.name("number")), try parts.readers.read({ try $0.auditEntry(number) }) != nil
        else {
            throw Refused.missing("entry")
        }
        return String(number)
    }

    // MARK: - What they take

    fileprivate func listCommand(_ call: Call) throws -> CommandRequest {
        _ = try listing(call)
        let state = call.text("state") ?? TokenState.active.rawValue
        let given: [(name: String, value: String?)] = [
            ("state", state == "all" ? nil : state), ("search", call.text("search")), ("owner", call.text("owner")),
            ("scope", call.text("scope")), ("status", call.text("status")), ("policy", call.text("policy")),
            ("expires-within", call.text("expires-within")), ("idle-for", call.text("idle-for")),
            ("sort", call.text("sort")), ("limit", call.text("limit")),
        ]
        return call.command(["token", "list"], options: given.filter { $0.value != nil })
    }

    fileprivate func calendarCommand(_ call: Call) throws -> CommandRequest {
        call.command(["policy", "calendar"], options: call.options(["days", "at"]))
    }

    fileprivate func simulationCommand(_ call: Call) throws -> CommandRequest {
        var filled = FilledIn(try call.document(), known: ["days", "enforced", "candidate"])
        var request = call.command(["policy", "simulate"])
        if let days = filled.whole("days") { request.options.append(("days", String(days))) }
        if filled.truth("enforced") == true { request.options.append(("enforced", nil)) }
        request.candidate = filled.candidate("candidate")
        try filled.finish()
        if let name = request.candidate?.files.last?.name { request.operands = [name] }
        return request
    }

    fileprivate func comparisonCommand(_ call: Call) throws -> CommandRequest {
        var filled = FilledIn(try call.document(), known: ["at", "candidate"])
        var request = call.command(["policy", "diff"])
        if let at = filled.instant("at") { request.options.append(("at", at.description)) }
        request.candidate = filled.candidate("candidate")
        if request.candidate == nil { filled.fault("candidate: say with which policies it is to be compared") }
        try filled.finish()
        request.operands = [request.candidate?.files.last?.name ?? ""]
        return request
    }

    fileprivate func driftCommand(_ call: Call) throws -> CommandRequest {
        var filled = FilledIn(try call.document(), known: ["token", "vault"])
        var request = call.command(["vault", "drift"], options: [("exit-code", nil)])
        if let token = filled.text("token") { request.operands = [token] }
        if let vault = filled.text("vault") { request.options.append(("vault", vault)) }
        try filled.finish()
        return request
    }

    fileprivate func importCommand(_ call: Call) throws -> CommandRequest {
        guard call.request.headers["content-type"]?.lowercased() == Self.fileType else {
            throw Refused(
                .problem(
                    415, "Unsupported media type", detail: "send the file as \(Self.fileType)",
                    headers: [Self.noStore]))
        }
        let name = call.text("name") ?? "inventory"
        guard !name.isEmpty, name.utf8.count <= 255, TokenFields.isText(name), !name.contains("/") else {
            throw Refused.senseless("name: it is no name of a file")
        }
        var options: [(name: String, value: String?)] = []
        for option: StaticString in ["format", "issuer", "written-at"] {
            if let value = call.text(option) { options.append(("\(option)", value)) }
        }
        for option: StaticString in ["map", "ignore"] {
            for part in (call.text(option) ?? "").split(separator: ",") { options.append(("\(option)", String(part))) }
        }
        for flag: StaticString in Operation.importFlags {
            guard let value = call.text(flag) else { continue }
            guard ["true", "false"].contains(value) else {
                throw Refused.invalid("\(flag): '\(abridged(value))' is neither true nor false")
            }
            if value == "true" { options.append(("\(flag)", nil)) }
        }
        let body: SpooledBody
        if let file = call.request.file {
            body = file
        } else {
            body = try SpooledBody(in: parts.scratch)
            try body.write(call.request.body)
        }
        var request = call.command(["import"], [name], options: options)
        request.upload = CommandRequest.Upload(name: name, body: body)
        return request
    }

    private static let fileType = "application/octet-stream"

    /// Which requests bring a file, and whose are taken.
    package var files: FileReception {
        FileReception(
            folder: parts.scratch,
            isFor: { method, target in method == "POST" && target.prefix { $0 != "?" } == "/v1/import" },
            refusal: { request in mayImport(request) })
    }

    /// Asked before the first byte of a file is taken; who brings it is asked for again when it is there.
    private func mayImport(_ request: Request) -> Response? {
        do {
            guard parts.hasStore() else { return Self.notReady(Self.isReplaced) }
            let value = try parts.readers.value(with: try presented(request))
            if let value, value.authenticates(at: parts.clock.now()), value.has(Role.admin) { return nil }
            // Told and counted as by any other operation.
            _ = try requireRole([Role.admin], request)
            return nil
        } catch let refused as Refused {
            return refused.response
        } catch {
            parts.report(error, request.id)
            return Self.trouble(error)
        }
    }

    fileprivate func adoptionCommand(_ call: Call) throws -> CommandRequest {
        var filled = FilledIn(try call.document(), known: ["token", "all", "vault", "dry_run"])
        var request = call.command(["vault", "adopt"], options: [("yes", nil)])
        if let token = filled.text("token") { request.operands = [token] }
        if filled.truth("all") == true { request.options.append(("all", nil)) }
        if request.operands.isEmpty, request.options.count == 1 {
            filled.fault("say which token with 'token', or all of them with 'all': true")
        }
        if let vault = filled.text("vault") { request.options.append(("vault", vault)) }
        if filled.truth("dry_run") == true { request.options.append(("dry-run", nil)) }
        try filled.finish()
        return request
    }
}

extension FilledIn {
    fileprivate mutating func whole(_ key: String) -> Int? {
        guard let value = member(key), !value.isNull else { return nil }
        guard let number = value.integer.flatMap({ Int(exactly: $0) }) else {
            // A number such as 30.0 has the shape, as JSON Schema has it.
            if case .number = value {
                fault("\(key): write it as a whole number")
            } else {
                misshaped("\(key): it is no whole number")
            }
            return nil
        }
        return number
    }

    /// Policy files by name.
    fileprivate mutating func candidate(_ key: String) -> CommandRequest.Candidate? {
        guard let value = member(key), !value.isNull else { return nil }
        guard let files = value["files"]?.array,
            value.object?.allSatisfy({ ["files", "replaces_all"].contains($0.key) })
                ?? false, value["replaces_all"].map({ $0.bool != nil }) ?? true
        else {
            misshaped("\(key): it is no object with 'files' and 'replaces_all'")
            return nil
        }
        var named: [(name: String, bytes: [UInt8])] = []
        for file in files {
            guard let name = file["name"]?.string, let text = file["text"]?.string else {
                misshaped("\(key): a file is an object with 'name' and 'text'")
                return nil
            }
            guard Self.isFileName(name), !named.contains(where: { $0.name == name }) else {
                fault("\(key): a file has a name of its own that ends in .yaml or .yml, without a folder")
                return nil
            }
            named.append((name, Array(text.utf8)))
        }
        let replacesAll = value["replaces_all"]?.bool ?? false
        guard !named.isEmpty, replacesAll || named.count == 1 else {
            fault("\(key): one file, or several that replace all")
            return nil
        }
        return CommandRequest.Candidate(files: named, replacesAll: replacesAll)
    }

    private static func isFileName(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count) && (name.hasSuffix(".yaml") || name.hasSuffix(".yml"))
            && !name.unicodeScalars.contains { $0 == "/" || $0.value < 0x20 || $0.value == 0x7F }
    }
}
