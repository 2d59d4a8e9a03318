import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let storePrune = Command(
        words: ["store", "prune"],
        summary: "remove records that are older than they are kept",
        discussion: """
            'retention' in the configuration says how long records are kept: \
            \(RecordKind.allCases.map(\.rawValue).joined(separator: ", ")).
            What it does not name is kept for ever, and nothing is removed that is younger than thirteen months. 'rota
            serve' and 'rota run' do it by themselves, some thousand rows at a time; the audit log has one entry for
            each time, with the counts. Tokens, their values' digests and places, rotations, runs, waivers, freezes,
            policies and the audit log itself are never removed.
            Under a brake it does nothing (exit code 4).
            """,
        options: [Option("dry-run", help: "show what would be removed, and remove nothing")],
        examples: ["rota store prune --dry-run", "rota store prune --json"],
        exitCodes: [.done, .failed, .usage, .refused, .outcomeUnknown],
        run: pruneStore)
}

private func pruneStore(_ invocation: Invocation) async throws -> ExitCode {
    let composition = try Composition(invocation)
    let retention = composition.configuration.retention
    let now = invocation.clock.now()
    let isDry = invocation.arguments.has("dry-run")
    let store = try composition.openQueue()
    var removed: [PrunedRecords] = []
    if isDry {
        removed = try await store.read { try $0.prunable(by: retention, at: now) }
    } else {
        if let brake = try await store.brake(at: now) {
            throw Failure("nothing was removed: \(brake.message)", hint: brake.hint, code: .refused)
        }
        let pruner = Pruner(store: store, retention: retention, clock: invocation.clock)
        var found: [PrunedRecords]
        repeat {
            found = try await pruner.prune(actor: invocation.actor)
            removed.add(found)
        } while found.contains(where: \.isCut)
    }
    PruningDocument(retention: retention, removed: removed, before: try await store.read { try $0.pruned() }, at: now)
        .show(isDry: isDry, invocation)
    return .done
}

extension [PrunedRecords] {
    /// Sums of what went with several entries.
    fileprivate mutating func add(_ more: [PrunedRecords]) {
        for records in more {
            guard let place = firstIndex(where: { $0.kind == records.kind }) else {
                append(records)
                continue
            }
            self[place].rows += records.rows
            self[place].isCut = records.isCut
        }
    }
}

private struct PruningDocument {
    var retention: Retention
    var removed: [PrunedRecords]
    var before: [RecordKind: Instant]
    var at: Instant

    private func rows(_ kind: RecordKind) -> (count: Int, isCut: Bool) {
        removed.first { $0.kind == kind }.map { ($0.rows, $0.isCut) } ?? (0, false)
    }

    func show(isDry: Bool, _ invocation: Invocation) {
        let output = invocation.output
        guard !invocation.wantsJSON else {
            return output.document([
                "dry_run": .bool(isDry),
                "records": .array(
                    RecordKind.allCases.map { kind in
                        [
                            "kind": .string(kind.rawValue),
                            "kept_seconds": retention.span(of: kind).map { .integer($0.seconds) } ?? .null,
                            "older_than": TokenDocument.time(retention.horizon(of: kind, at: at)),
                            "rows": .integer(rows(kind).count), "more": .bool(rows(kind).isCut),
                            "removed_before": TokenDocument.time(before[kind]),
                        ]
                    }),
            ])
        }
        var table = Table(["records", "kept", "older than", isDry ? "would go" : "removed", "gone before"], on: output)
        for kind in RecordKind.allCases {
            let (count, isCut) = rows(kind)
            table.add([
                kind.rawValue, retention.span(of: kind)?.description ?? "for ever",
                retention.horizon(of: kind, at: at)?.description ?? "-", "\(count)\(isCut ? " or more" : "")",
                before[kind]?.description ?? "-",
            ])
        }
        table.finish()
        if retention.kinds.isEmpty {
            output.remark("\nAll records are kept for ever: 'retention' in the configuration says otherwise.")
        }
    }
}
