import Engine
package import HTML
import JSON
import RotaCore

extension AuditEntry {
    /// Why it was done, as it was written down; empty where it was not.
    var cause: String { document?["cause"]?.string ?? "" }

    private var document: JSON? { try? JSON.parse(body, maximumBytes: 1 << 20) }

    /// What had been otherwise before: `owner: was a, is b`.
    fileprivate var changes: [Markup] {
        guard let document, let before = document["before"]?.object else { return [] }
        return before.map { member in
            let now = document["after"]?[member.key] ?? .null
            return """
                <span class="below change">\(member.key.replacing("_", with: " ")): was \(shown(member.value)), \
                is \(shown(now))</span>
                """
        }
    }

    private func shown(_ value: JSON) -> Markup {
        let words = value.words
        return words.isEmpty ? "nothing" : "<b>\(words)</b>"
    }
}

extension JSON {
    /// For people; empty where it is null, or an empty text, list or object.
    fileprivate var words: String {
        if isNull { return "" }
        if let text = string { return text }
        if let list = array { return list.map(\.wordsInList).joined(separator: ", ") }
        guard let object else { return serialized() }
        return object.map { "\($0.key)=\($0.value.string ?? $0.value.serialized())" }.joined(separator: ", ")
    }

    /// A file, or what else has a name, by it; and by so much of its digest as tells it from another.
    private var wordsInList: String {
        guard let name = self["name"]?.string, !name.isEmpty else { return words }
        guard let digest = self["digest"]?.string else { return name }
        return "\(name) (\(digest.prefix(Self.digestLength))…)"
    }

    /// `sha256:` and twelve digits.
    private static let digestLength = 19
}

extension AuditPage {
    package var title: String { "Audit" }
    package var section: Section? { .audit }

    package func content(in frame: Frame) -> Markup {
        let rows = entries.map { entry -> [Markup] in
            [
                "<code>\(at: Int(entry.number))</code>",
                "<time datetime=\"\(entry.at.description)\">\(entry.at.minute)</time>", breakable(entry.actor),
                "<strong>\(entry.action)</strong><span class=\"below\">\(entry.cause)</span>\(entry.changes)",
                about(entry.object),
            ]
        }
        let lede: Markup = "Every change, with who made it and why. Checkpoints sign all that came before them."
        let columns: [Column] = ["Number", "Time", "Who", "What and why", "To what"]
        return """
            \(heading(self, lede: lede, actions: button("/admin/audit/verification", "Verify")))
            \(filter)
            <div class="card flush">\(rows.isEmpty
                ? empty("No entry", object.isEmpty ? "Nothing has been done yet." : "Nothing was done to it.")
                : table("Audit entries, newest first", columns, rows, look: "log"))</div>
            \(paging("audit", [("object", object)], isContinued: isContinued, next: next))
            """
    }

    private var filter: Markup {
        let field = textField(
            "object", "object", "What it was done to", object, attributes: " placeholder=\"A name, tok_… or plan_…\"")
        let clear = object.isEmpty ? "" : button("/admin/audit", "Clear")
        return """
            <form method="get" action="/admin/audit" class="filters" role="search">
            <div class="filter-line">\(field)\(submit("Show", ""))\(clear)</div></form>
            """
    }

    private func about(_ object: String) -> Markup {
        if object == instance { return "the store" }
        let code: Markup = "<code class=\"id\">\(object)</code>"
        if object.hasPrefix("tok_") {
            let id = TokenID(object)
            return names[object].map { "\(tokenLink(id, $0))<span class=\"below\">\(code)</span>" }
                ?? link(address(of: id), code)
        }
        if object.hasPrefix("plan_") { return link("/admin/plans/\(encoded(object))", code) }
        if object.hasPrefix("run_") { return link("/admin/runs/\(encoded(object))", code) }
        return code
    }
}
