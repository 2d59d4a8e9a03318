import Crypto
import Documents
import Engine
import HTTPClient
import HTTPServer
import JSON
import RotaCore

extension RemoteCommand {
    /// Asks, and shows what is answered as the command does at home.
    func run(_ invocation: Invocation) async throws -> ExitCode {
        let question = try ask(invocation.arguments, invocation.clock.now())
        let server = try RemoteServer(invocation.arguments)
        try confirm(invocation)
        // Of one that is sent twice by the network, one counts.
        let key = takesKey ? Hex.encode(invocation.random.bytes(16)) : nil
        if case .file = view { return try await save(server, question, invocation) }
        if isMirrored, !invocation.wantsJSON || question.isDocument {
            return try await mirror(server, question, key, invocation)
        }
        if isPaged { return try await list(server, question, invocation) }
        var answer = try await answer(server, question, key)
        if let longList { answer = try await whole(answer, longList, server, question) }
        if case .made = view { return show(made: answer, invocation) }
        if invocation.wantsJSON {
            invocation.output.document(document(answer))
        } else {
            show(answer, on: invocation.output)
        }
        return exit(answer)
    }

    private func answer(_ server: RemoteServer, _ question: Question, _ key: String?) async throws -> JSON {
        let bytes = try await server.ask(question, key: key)
        return try JSON.parse(bytes, maximumBytes: bytes.count)
    }

    /// A document with all of a list of which it has the first page.
    private func whole(
        _ document: JSON, _ list: String, _ server: RemoteServer, _ question: Question
    ) async throws -> JSON {
        var rows = document[list]?.array ?? []
        var next = document["next"]?.string
        while let cursor = next {
            var question = question
            question.query += [("limit", "500"), ("cursor", cursor)]
            let page = try await answer(server, question, nil)
            rows += page[list]?.array ?? []
            next = page["next"]?.string
        }
        var document = document.object ?? [:]
        document[list] = .array(rows)
        document["next"] = nil
        return .object(document)
    }

    private func confirm(_ invocation: Invocation) throws {
        guard let question, !invocation.arguments.has("yes") else { return }
        let name = printable(invocation.arguments.operands.first ?? "")
        guard invocation.mayAsk else {
            throw Failure.usage("nobody is there to be asked", hint: "give --yes, once you are sure of '\(name)'")
        }
        guard Terminal.confirm("'\(name)': \(question)") else { throw Failure("nothing was done") }
    }

    private func show(_ answer: JSON, on output: Output) {
        switch view {
        case .table(let name, let columns):
            var table = Table(columns.map(\.heading), on: output)
            for row in answer[name]?.array ?? [] { table.add(columns.map { Self.cell(row, $0.path) }) }
            table.finish()
            if table.rowCount == 0 { output.note("there are none") }
        case .fields(let path):
            var fields = Fields()
            for member in Self.member(answer, path)?.object ?? [:] {
                fields.add(member.key.replacing("_", with: " "), Self.text(member.value))
            }
            fields.print(on: output)
        case .sentence(let sentence): output.line(printable(sentence(answer)))
        case .made, .file, .screen: break
        }
    }

    /// Prints what the server has printed, and ends as the command ended there.
    private func mirror(
        _ server: RemoteServer, _ question: Question, _ key: String?, _ invocation: Invocation
    ) async throws -> ExitCode {
        let output = invocation.output
        let width = output.width.map { "; width=\($0)" } ?? ""
        let response = try await server.send(
            question, key: invocation.wantsJSON ? key : nil,
            accept: invocation.wantsJSON ? nil : "application/vnd.rota.lines\(width)")
        if invocation.wantsJSON {
            output.bytes(response.body)
        } else {
            for line in response.body.split(separator: UInt8(ascii: "\n")) {
                let line = try JSON.parse(Array(line), maximumBytes: line.count)
                if let text = line["output"]?.string { output.text(Self.printableLines(text)) }
                if let text = line["note"]?.string { output.relay(Self.printableLines(text)) }
            }
        }
        guard let code = response.header("Rota-Exit-Code").flatMap({ Int32($0) }).flatMap({ ExitCode(rawValue: $0) })
        else { throw Failure("the answer does not say how it ended", hint: "is the server as new as this command?") }
        return code == .violationsRemain && !invocation.arguments.has("exit-code") ? .done : code
    }

    private static func printableLines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0)) }
            .joined(separator: "\n")
    }

    private func show(made answer: JSON, _ invocation: Invocation) -> ExitCode {
        let output = invocation.output
        if invocation.wantsJSON {
            output.document(answer)
        } else if let value = answer["value"]?.string {
            output.note(
                "token '\(printable(answer["token"]?["name"]?.string ?? ""))' is made; this is its value, shown once:")
            output.reveal(Secret(utf8: value))
        } else {
            output.line("token '\(printable(answer["token"]?["name"]?.string ?? ""))' is made")
        }
        guard answer["value"]?.string == nil, answer["pushed"]?.bool == false else { return .done }
        output.failure(
            Failure(
                "its value is not in its destinations yet: \(answer["cause"]?.string ?? "it did not get through")",
                hint: answer["hint"]?.string))
        return .partlyFailed
    }

    private func list(_ server: RemoteServer, _ question: Question, _ invocation: Invocation) async throws -> ExitCode {
        guard case .table(let name, let columns) = view else { return .done }
        let most = try invocation.arguments.integer("limit", in: 1...Int.max) ?? usualLimit ?? .max
        let output = invocation.output
        var document = invocation.wantsJSON ? DocumentWriter(on: output) : nil
        var table = Table(columns.map(\.heading), on: output)
        var rows: [JSON] = []
        var count = 0
        var next: String?
        repeat {
            var question = question
            question.query.append(("limit", String(min(500, most - count))))
            if let next { question.query.append(("cursor", next)) }
            let answer = try await answer(server, question, nil)
            for row in answer[name]?.array ?? [] {
                count += 1
                // What is told as it comes takes no memory.
                if document != nil || isReversed {
                    rows.append(row)
                } else {
                    table.add(columns.map { Self.cell(row, $0.path) })
                }
            }
            next = answer["next"]?.string
        } while next != nil && count < most && output.isRead
        if isReversed { rows.reverse() }
        if document != nil {
            document?.add(name, .array(rows))
            if !isReversed { document?.add("more", .bool(next != nil)) }
            document?.finish()
        } else {
            for row in rows { table.add(columns.map { Self.cell(row, $0.path) }) }
            table.finish()
            if count == 0 { output.note("there are none") }
        }
        return .done
    }

    private func save(_ server: RemoteServer, _ question: Question, _ invocation: Invocation) async throws -> ExitCode {
        let arguments = invocation.arguments
        let output = invocation.output
        let chosen = try usualFile?(arguments, invocation.clock.now()) ?? arguments.value("output")
        let suffix = Hex.encode(invocation.random.bytes(4))
        let file = try chosen.flatMap { $0 == "-" ? nil : $0 }.map { path throws(Failure) in
            try NewFile(at: path, suffix: suffix)
        }
        // What goes to standard output is taken in first: a slow reader would keep the server waiting, which is not
        // patient.
        let gathered = try file == nil ? gatheringFile() : nil
        let response = try await server.send(question, into: file?.descriptor ?? gathered?.descriptor)
        for header in response.headers where header.name.lowercased() == "rota-warning" {
            output.warning(printable(header.value))
        }
        let code: ExitCode =
            arguments.has("exit-code") && response.header("Rota-Exit-Code") == "3" ? .violationsRemain : .done
        guard let path = chosen, let file else {
            try gathered?.eachPiece { output.bytes($0) }
            return code
        }
        let note = response.header("Rota-Signature").flatMap { Base64.standard.decode($0) }
        // That of an earlier report goes with it; what else is saved has none.
        if words.first == "report" { try SignatureFile(of: path, suffix: suffix).replace(by: note) }
        try file.place()
        let signature = note.map { _ in path + ReportSeal.ending }
        if usualFile != nil, invocation.wantsJSON {
            output.document(["file": .string(path), "signature": signature.map { .string($0) } ?? .null])
        } else {
            output.note("\(printable(path)) is written" + (signature.map { ", and signed by \(printable($0))" } ?? ""))
        }
        return code
    }

    private func gatheringFile() throws -> SpooledBody {
        let folder = Process.temporaryFolder
        do {
            return try SpooledBody(in: SpoolFolder(folder, most: .max))
        } catch let failure as SpooledBody.Failure {
            throw Failure(
                "what the server sends cannot be gathered in \(folder): \(systemMessage(failure.number))",
                hint: "TMPDIR names another directory; or save it: --output FILE")
        }
    }

    private static func member(_ value: JSON, _ path: [String]) -> JSON? {
        path.reduce(value) { $0?[$1] }
    }

    private static func cell(_ row: JSON, _ path: [String]) -> String { member(row, path).map(text) ?? "-" }

    private static func text(_ value: JSON) -> String {
        switch value {
        case .null: "-"
        case .bool(let truth): truth ? "yes" : "no"
        case .number(let number): number
        case .string(let text): text
        case .array(let list): list.map(text).joined(separator: " ")
        case .object(let object): object.map { "\($0.key)=\(text($0.value))" }.joined(separator: " ")
        }
    }
}
