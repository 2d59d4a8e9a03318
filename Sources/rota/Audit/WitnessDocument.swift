import Documents
import Engine
import JSON
import RotaCore

/// What is known of witnesses, as commands show it.
struct WitnessDocument {
    private let settings: [WitnessSettings]
    private let records: [WitnessRecord]

    init(_ settings: [WitnessSettings], _ records: [WitnessRecord]) {
        self.settings = settings
        self.records = records
    }

    /// The configured ones, and whoever else has a checkpoint.
    private var rows:
        [(
            name: String, kind: String, settings: WitnessSettings?, taken: WitnessRecord.Taken?,
            failure: WitnessRecord.Failure?
        )]
    {
        let others = records.filter { record in !settings.contains { $0.name == record.name } && record.taken != nil }
        return settings.map { settings in
            let known = records.filter { $0.name == settings.name }
            return (
                settings.name, settings.kindName, settings, known.compactMap(\.taken).first,
                known.compactMap(\.failure).first
            )
        } + others.map { ($0.name, $0.kind, nil, $0.taken, $0.failure) }
    }

    var json: JSON {
        .array(
            rows.map { row in
                [
                    "name": .string(row.name), "kind": .string(row.kind), "configured": .bool(row.settings != nil),
                    "place": TokenDocument.text(row.settings?.shownPlace),
                    "every_seconds": row.settings.map { .integer($0.interval.seconds) } ?? .null,
                    "size": row.taken.map { .integer($0.size) } ?? .null,
                    "taken_at": TokenDocument.time(row.taken?.at),
                    "failure": row.failure.map(Self.json) ?? .null,
                ]
            })
    }

    private static func json(_ failure: WitnessRecord.Failure) -> JSON {
        [
            "since": TokenDocument.time(failure.since), "count": .integer(failure.count),
            "next_attempt_at": TokenDocument.time(failure.nextAttemptAt), "cause": .string(failure.cause),
        ]
    }

    /// A line for each: `share: 26 entries, 2 h ago`.
    func lines(at now: Instant) -> [String] {
        rows.map { row in
            let taken =
                row.taken.map { "\(counted($0.size, "entry", "entries")), \(spoken($0.at, from: now))" }
                ?? "nothing yet"
            let gone = row.settings == nil ? "; not configured any more" : ""
            let failing = row.failure.map {
                "; takes nothing since \(spoken($0.since, from: now)): \($0.cause)"
            }
            return printable("\(row.name): \(taken)\(gone)\(failing ?? "")")
        }
    }
}
