package import Engine
package import JSON
import RotaCore

// What a report rests on.

private func time(_ instant: Instant?) -> JSON { instant.map { .string($0.description) } ?? .null }

extension Origins {
    var json: JSON {
        [
            "imports": total(\.imports), "rows_imported": total(\.rowsImported),
            "imports_listed": .array(imports.map(\.json)),
            "usage_imports": total(\.usageImports), "usage_rows_imported": total(\.usageRowsImported),
            "usage_imports_listed": .array(usageImports.map(\.json)),
            "policy_loads": .integer(loadCount), "policy_loads_listed": .array(loads.map(\.json)),
            "approvals": total(\.approvals), "approvals_listed": .array(approvals.map(\.json)),
        ]
    }

    /// Null in a slice.
    private func total(_ path: KeyPath<Totals, Int>) -> JSON { totals.map { .integer($0[keyPath: path]) } ?? .null }
}

extension Origins.Import {
    fileprivate var json: JSON {
        [
            "at": time(at), "actor": .string(actor), "file": .string(file), "digest": .string(digest),
            "format": .string(format), "rows": .integer(rows), "added": .integer(added), "updated": .integer(updated),
            "unchanged": .integer(unchanged), "vanished": vanished.map { .integer($0) } ?? .null,
            "left_out": .integer(leftOut),
        ]
    }
}

extension Origins.UsageImport {
    fileprivate var json: JSON {
        [
            "at": time(at), "actor": .string(actor), "file": .string(file), "digest": .string(digest),
            "rows": .integer(rows), "uses": .integer(uses), "unknown_rows": .integer(unknownRows),
            "first": time(first), "last": time(last), "complete": .bool(isComplete),
        ]
    }
}

extension Origins.Load {
    fileprivate var json: JSON {
        [
            "at": time(at), "actor": .string(actor), "cause": .string(cause), "digest": .string(digest),
            "files": .array(files.map { ["name": .string($0.name), "digest": .string($0.digest)] }),
        ]
    }
}

extension Origins.Approval {
    fileprivate var json: JSON {
        [
            "plan": .string(plan), "policy": .string(policy), "actions": .integer(actions),
            "requested_by": .string(requester), "requested_at": time(requestedAt), "approved_by": .string(approver),
            "approved_at": time(approvedAt), "comment": .string(comment),
        ]
    }
}

extension NoticeDeliveries {
    var json: JSON {
        [
            "count": .integer(count), "outcomes": counts(Outcome.allCases) { outcomes[$0] },
            "listed": .array(listed.map(\.json)),
        ]
    }
}

extension NoticeDeliveries.Entry {
    fileprivate var json: JSON {
        var json: JSON.Object = [
            "event": .string(notice.id), "at": time(notice.at), "token_id": .string(notice.tokenID.text),
            "name": .string(name), "owner": .string(owner),
        ]
        for key in ["policy", "rule", "action", "reason", "deadline"] { json[key] = notice.told[key] ?? .null }
        json["before_seconds"] = notice.told["stage"]?["before_seconds"] ?? .null
        json["outcome"] = .string(notice.outcome.rawValue)
        json["deliveries"] = notice.deliveriesJSON
        return .object(json)
    }
}

extension SentNotice {
    package var deliveriesJSON: JSON {
        .array(
            deliveries.map {
                ["webhook": .string($0.endpoint), "state": .string($0.state.rawValue), "at": time($0.at)]
            })
    }
}

// In one line, for formats that have no place for more.

extension ReportFacts {
    /// What it was built from, in numbers; of the store as a whole none where it is a slice.
    var originCounts: [(name: String, count: Int)] {
        let whole = origins.totals.map {
            [
                ("imports", $0.imports), ("rows-imported", $0.rowsImported), ("usage-imports", $0.usageImports),
                ("usage-rows-imported", $0.usageRowsImported),
            ]
        }
        return (whole ?? []) + [("policy-loads", origins.loadCount), ("missing-tokens", missing.count)]
    }
}

extension Origins.Import {
    var words: String {
        let gone = vanished.map { "\($0) vanished" } ?? "not said to be complete"
        return "\(at) by \(actor): \(file), \(digest), \(rows) rows, \(added) added, \(updated) updated, "
            + "\(unchanged) unchanged, \(leftOut) left out, \(gone)"
    }
}

extension Origins.UsageImport {
    /// From when to when its rows are.
    var span: String { [first, last].compactMap { $0.map { "\($0)" } }.joined(separator: " to ") }

    var words: String {
        "\(at) by \(actor): \(file), \(digest), \(rows) rows, \(uses) uses, \(unknownRows) rows of unknown tokens, "
            + "\(span), \(isComplete ? "said to be complete" : "not said to be complete")"
    }
}

extension Origins.Load {
    var words: String {
        let texts = files.map { "\($0.name) \($0.digest)" }.joined(separator: ", ")
        return "\(at) by \(actor): \(digest) (\(texts))"
    }
}

extension MissingTokens.Entry {
    var words: String { "\(token.name) (\(token.id)), missing since \(absence.since)" }
}
