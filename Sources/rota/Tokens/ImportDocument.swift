import Documents
import Engine
import JSON
import RotaCore

/// What an import did, for people and for scripts.
struct ImportDocument {
    /// Of so many new tokens the table shows the fields; of the others, the names.
    private static let mostShown = 20

    let summary: ImportSummary
    let isDryRun: Bool
    let isPartial: Bool

    func show(_ invocation: Invocation) {
        let output = invocation.output
        guard !invocation.wantsJSON else { return output.document(json) }
        showChanges(on: output)
        if summary.leftOut.total > 0 {
            let parts = summary.leftOut.counts.map { counted($0.count, $0.what) }
            output.note("left out, since they are no tokens: \(parts.joined(separator: ", "))")
        }
        if let vanished = summary.vanished, vanished > 0 {
            output.note(
                "not in \(printable(summary.file)) any more, and left as before: \(counted(vanished, "token"))"
                    + "; end what is gone by 'rota token revoke NAME'"
                    + (isDryRun ? "" : "; 'rota token list --missing' has them all"))
        }
        if summary.format.isReport, !isPartial, summary.vanished == nil {
            output.note(
                "it is not told which tokens have vanished, since \(printable(summary.file)) does not say what it is a "
                    + "list of; with --complete it is taken for all tokens of its issuer")
        }
        if summary.stillActive > 0 {
            let isOne = summary.stillActive == 1
            output.warning(
                "\(printable(summary.file)) calls \(counted(summary.stillActive, "token")) active that ended here: "
                    + "still accepted there; end \(isOne ? "it" : "them") at the issuer")
        }
        output.line(totals)
    }

    private var totals: String {
        var parts = [
            "\(summary.added) added", "\(summary.updated) updated", "\(summary.unchanged) unchanged",
        ]
        if let vanished = summary.vanished {
            let isAllNew = summary.newlyVanished == vanished
            parts.append("\(vanished) vanished" + (isAllNew ? "" : " (\(summary.newlyVanished) of them new)"))
        }
        if summary.returned > 0 { parts.append("\(summary.returned) back again") }
        if summary.stillActive > 0 { parts.append("\(summary.stillActive) ended here and still active") }
        return "\(isDryRun ? "would take in " : "")\(counted(summary.rows, "row")): \(parts.joined(separator: ", "))"
    }

    /// All changes of a dry run; of an import only what was not done.
    private func showChanges(on output: Output) {
        let changes =
            isDryRun ? summary.changes : summary.changes.filter { $0.kind == .vanished || $0.kind == .stillActive }
        var table = Table(["change", "line", "token", "field", "before", "after"], on: output)
        var added = 0
        for change in changes {
            if change.kind == .added { added += 1 }
            let fields = change.kind == .added && added > Self.mostShown ? [] : change.fields
            var cells = [change.kind.rawValue, change.line.map { "\($0)" } ?? "-", change.name]
            if fields.isEmpty { table.add(cells + ["", "", ""]) }
            for field in fields {
                table.add(cells + [field.field, shown(field.before), shown(field.after)])
                cells = ["", "", ""]
            }
        }
        table.finish()
        if added > Self.mostShown {
            output.line("of new tokens the fields of the first \(Self.mostShown) are shown; --json has all of them")
        }
        if isDryRun, summary.untold > 0 { output.line("… and \(summary.untold) more") }
    }

    private func shown(_ text: String) -> String { text.isEmpty ? "-" : text }

    private var json: JSON {
        [
            "import": [
                "file": .string(summary.file), "digest": .string(summary.digest),
                "format": .string(summary.format.rawValue), "dry_run": .bool(isDryRun),
                "rows": .integer(summary.rows), "added": .integer(summary.added),
                "updated": .integer(summary.updated), "unchanged": .integer(summary.unchanged),
                "vanished": summary.vanished.map { .integer($0) } ?? .null,
                "newly_vanished": .integer(summary.newlyVanished), "returned": .integer(summary.returned),
                "still_active": .integer(summary.stillActive),
                "left_out": .object(
                    JSON.Object(summary.leftOut.counts.map { ($0.what, .integer($0.count)) })),
                "changes": .array(summary.changes.map(Self.json(of:))),
                "changes_untold": .integer(summary.untold),
            ]
        ]
    }

    private static func json(of change: ImportChange) -> JSON {
        [
            "change": .string(change.kind.rawValue), "line": change.line.map { .integer($0) } ?? .null,
            "name": .string(change.name), "issuer": .string(change.issuer.description),
            "fields": .array(
                change.fields.map {
                    ["field": .string($0.field), "before": .string($0.before), "after": .string($0.after)]
                }),
        ]
    }
}
