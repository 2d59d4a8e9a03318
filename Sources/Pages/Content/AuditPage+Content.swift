import Engine
package import HTML
import JSON
import RotaCore

extension AuditEntry {
    /// Why it was done, as it was written down; empty where it was not.
    var cause: String { (try? JSON.parse(body, maximumBytes: 1 << 20))?["cause"]?.string ?? "" }
}

extension AuditPage {
    package var title: String { "Audit" }
    package var section: Section? { .audit }

    package func content(in frame: Frame) -> Markup {
        let rows = entries.map { entry -> [Markup] in
            [
                "<code>\(at: Int(entry.number))</code>",
                "<time datetime=\"\(entry.at.description)\">\(entry.at.minute)</time>", "\(entry.actor)",
                "<strong>\(entry.action)</strong><span class=\"below\">\(entry.cause)</span>", about(entry.object),
            ]
        }
        let lede: Markup = "Every change, with who made it and why. Checkpoints sign all that came before them."
        let columns: [Column] = ["Number", "Time", "Who", "What and why", "To what"]
        return """
            \(heading(self, lede: lede, actions: button("/admin/audit/verification", "Verify")))
            \(filter)
            <div class="card flush">\(rows.isEmpty
                ? empty("No entry", object.isEmpty ? "Nothing has been done yet." : "Nothing was done to it.")
                : table("Audit entries, newest first", columns, rows))</div>
            \(paging("audit", [("object", object)], isContinued: isContinued, next: next))
            """
    }

    private var filter: Markup {
        let field = textField(
            "object", "object", "What it was done to", object, attributes: " placeholder=\"tok_… or plan_…\"")
        let clear = object.isEmpty ? "" : button("/admin/audit", "Clear")
        return """
            <form method="get" action="/admin/audit" class="filters" role="search">
            <div class="filter-line">\(field)\(submit("Show", ""))\(clear)</div></form>
            """
    }

    private func about(_ object: String) -> Markup {
        let code: Markup = "<code>\(object)</code>"
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
