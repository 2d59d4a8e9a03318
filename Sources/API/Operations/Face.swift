import HTTPServer

/// Where somebody is told what to do. The engine words it for the command line; who asks elsewhere has no commands and
/// no options, and is told the request, or the page, that does the same.
enum Face: Sendable {
    case commandLine
    /// Named as the members of a body are, or as the fields of the query of an import.
    case api(isImport: Bool)
    case pages

    /// What each command is elsewhere: `{}` stands for its operand.
    private static let commands: [(words: String, request: String, page: String)] = [
        ("plan --save", "POST /v1/plans", "on the page Plans"),
        ("plan list", "GET /v1/plans", "the page Plans"),
        ("approve", "POST /v1/plans/{}/approve", "on its page"),
        ("run --plan", "POST /v1/plans/{}/apply", "on its page"),
        ("run", "POST /v1/runs", "the next run"),
        ("waiver show", "GET /v1/waivers/{}", "on the page Waivers"),
        ("waiver withdraw", "POST /v1/waivers/{}/withdraw", "on the page Waivers"),
        ("waiver request", "POST /v1/waivers", "on the page of the token"),
        ("waiver list", "GET /v1/waivers", "the page Waivers"),
        ("policy check", "GET /v1/policies", "the page Policies"),
        ("token show", "GET /v1/tokens/{}", "its page"),
        ("token edit", "PATCH /v1/tokens/{}", "Edit on its page"),
        ("token rotate", "POST /v1/tokens/{}/rotate", "Rotate on its page"),
        ("token revoke", "POST /v1/tokens/{}/revoke", "Revoke on its page"),
        ("vault adopt", "POST /v1/adoption", "an adoption by who runs the server"),
        ("unfreeze", "DELETE /v1/freeze", "on the page Freeze"),
        ("status", "GET /v1/status", "the page Runs"),
        ("audit tail", "GET /v1/audit", "the page Audit"),
    ]

    /// Options that are called otherwise elsewhere.
    private static let options: [String: (member: String, page: String)] = [
        "--expires": ("'expires_at'", "an end"), "--for": ("'ends_at' from now on plus", "from now on plus"),
        "--token-file": ("a token", "a token"),
    ]

    func worded(_ text: String) -> String {
        if case .commandLine = self { return text }
        var words = text.split(separator: " ", omittingEmptySubsequences: false)[...]
        var said: [String] = []
        while let word = words.popFirst() {
            let (opening, bare, closing) = Self.parts(of: word)
            if bare == "rota", let command = command(&words) {
                said.append((opening == "'" ? "" : opening) + command)
            } else if bare.hasPrefix("--") {
                said.append(opening + option(bare) + closing)
            } else {
                said.append(String(word))
            }
        }
        return said.joined(separator: " ")
    }

    /// The command that the words go on with, as it is here; nil where they are none.
    private func command(_ words: inout ArraySlice<Substring>) -> String? {
        var length = 0
        // Of a command only its words, its operand and its options are taken, up to where a quotation or a clause ends.
        var end = ""
        for word in words {
            length += 1
            end = Self.parts(of: word).closing
            if !end.isEmpty { break }
        }
        let taken = words.prefix(length).map { Self.parts(of: $0).bare }
        let line = taken.joined(separator: " ")
        words = words.dropFirst(length)
        let rest = end.drop { $0 == "'" }
        guard !taken.contains("--help") else { return "GET /openapi.json" + rest }
        guard let known = Self.commands.first(where: { line == $0.words || line.hasPrefix("\($0.words) ") }) else {
            // What is done where the store is, and nowhere else.
            return "'rota \(line)' on the server" + rest
        }
        let operand = line.dropFirst(known.words.count).split(separator: " ").first ?? ""
        let here: String
        if case .pages = self { here = known.page } else { here = known.request }
        return here.replacing("{}", with: operand) + rest
    }

    private func option(_ name: String) -> String {
        let plain = name.dropFirst(2)
        switch self {
        case .commandLine: return name
        case .api(isImport: true): return "'\(plain)'"
        case .api: return Self.options[name]?.member ?? "'\(plain.replacing("-", with: "_"))'"
        case .pages: return Self.options[name]?.page ?? "'\(plain.replacing("-", with: " "))'"
        }
    }

    /// A word between its quotes and other marks.
    private static func parts(of word: Substring) -> (opening: String, bare: String, closing: String) {
        let marks: Set<Character> = ["'", ",", ";", ":", ".", "(", ")"]
        let opening = word.prefix { marks.contains($0) }
        let inner = word.dropFirst(opening.count)
        let closing = String(inner.reversed().prefix { marks.contains($0) }.reversed())
        return (String(opening), String(inner.dropLast(closing.count)), closing)
    }
}

extension Call {
    /// The command line says who it is, since it words what it is told itself.
    var face: Face {
        if isOfPage { return .pages }
        if request.headers["user-agent"]?.hasPrefix("rota/") == true { return .commandLine }
        return .api(isImport: request.target.path == "/v1/import")
    }
}
