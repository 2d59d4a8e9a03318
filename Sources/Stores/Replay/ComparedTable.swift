import Crypto
import RotaCore
import SQLite

/// A table of which the audit log says what it has to hold: by which columns a row is known, and which are compared.
struct ComparedTable: Sendable {
    enum Kind: Sendable { case text, number, time, digest }

    struct Column: Sendable {
        var name: String
        var kind: Kind
        /// Entries of earlier releases do not tell it.
        var isLate = false
    }

    /// What one of its rows is, for people.
    let word: String
    let table: String
    let keys: [Column]
    let columns: [Column]
    /// Where among the columns and keys the token, or what else the entries are about, is.
    let object: Int
    /// Rows of which earlier releases told nothing.
    var isLate = false
    /// What removes rows of it, and by which column they are too old.
    var pruned: (kind: RecordKind, column: String)?

    static let pageSize = 500

    /// A page of rows from the least key on, or behind a key, in the order of keys.
    var firstStatement: Statement { statement(from: ">=") }
    var nextStatement: Statement { statement(from: ">") }

    private func statement(from: String) -> Statement {
        let names = keys.map(\.name)
        let after = names.count == 1 ? names[0] : "(\(names.joined(separator: ", ")))"
        let bound = (1...names.count).map { "$\($0)" }.joined(separator: ", ")
        return Statement(
            """
            SELECT \((keys + columns).map(\.name).joined(separator: ", ")) FROM \(table)
            WHERE \(after) \(from) \(names.count == 1 ? bound : "(\(bound))")
            ORDER BY \(names.joined(separator: ", ")) LIMIT \(Self.pageSize)
            """)
    }

    static let all: [ComparedTable] = [
        tokens, versions, destinations, rotations, quarantines, absences, blocks, failedAttempts, notices, findings,
        waivers, freezes, runs,
    ]

    private static func text(_ names: String...) -> [Column] { names.map { Column(name: $0, kind: .text) } }
    private static func number(_ names: String...) -> [Column] { names.map { Column(name: $0, kind: .number) } }
    private static func time(_ names: String...) -> [Column] { names.map { Column(name: $0, kind: .time) } }
    private static func digest(_ name: String) -> [Column] { [Column(name: name, kind: .digest)] }
    private static func late(_ columns: [Column]) -> [Column] {
        columns.map { Column(name: $0.name, kind: $0.kind, isLate: true) }
    }

    private static let tokens = ComparedTable(
        word: "token", table: "tokens", keys: text("id"),
        columns: text("name", "description", "owner", "integration", "scopes", "labels", "prefix", "issuer")
            + text("external_id", "state", "created_by", "provenance") + time("created_at", "expires_at")
            + late(time("ended_at", "watched_since") + text("ended_by", "ended_cause"))
            + number("revision", "lifetime", "current_version", "rotation_open", "awaiting_retirement")
            + number("destination_count")
            + time("value_issued_at", "oldest_issued_at", "overlap_ends_at", "restored_at"),
        object: 0)
    private static let versions = ComparedTable(
        word: "version", table: "versions", keys: text("token_id") + number("number"),
        columns: text("state") + digest("digest") + late(time("issued_at", "ends_at", "ended_at")), object: 0)
    private static let destinations = ComparedTable(
        word: "destination", table: "destinations", keys: text("token_id", "vault", "path", "field"),
        columns: time("removed_at") + late(digest("baseline")), object: 0)
    private static let rotations = ComparedTable(
        word: "rotation", table: "rotations", keys: number("id"),
        columns: text("token_id", "phase", "claim_actor", "claim_cause", "claim_run", "policy", "rule")
            + number("from_version", "to_version", "overlap", "overlap_cap", "renewal")
            + time("claimed_at", "promoted_at", "deadline", "end_at_claim") + late(text("reason", "message", "cause")),
        object: 1)
    private static let quarantines = ComparedTable(
        word: "quarantine", table: "quarantines", keys: text("token_id"),
        columns: text("actor", "cause", "policy", "rule") + time("since"), object: 0)
    private static let absences = ComparedTable(
        word: "missing token", table: "absences", keys: text("token_id"), columns: text("file") + time("since"),
        object: 0, isLate: true)
    private static let blocks = ComparedTable(
        word: "blocked action", table: "blocks", keys: text("token_id"),
        columns: text("action", "policy", "rule", "reason") + late(text("cause") + time("since")), object: 0)
    private static let failedAttempts = ComparedTable(
        word: "failed rotation", table: "failed_attempts", keys: text("token_id"), columns: [], object: 0, isLate: true)
    private static let notices = ComparedTable(
        word: "notice", table: "notices", keys: text("token_id", "policy", "rule", "action"),
        columns: number("lead") + time("first_sent_at") + late(time("origin", "start", "sent_at")), object: 0)
    private static let findings = ComparedTable(
        word: "finding", table: "findings", keys: number("id"),
        columns: text("token_id", "policy", "rule", "reason", "message", "closed_how")
            + time("opened_at", "closed_at"), object: 1, pruned: (.findings, "closed_at"))
    private static let waivers = ComparedTable(
        word: "waiver", table: "waivers", keys: number("number"),
        columns: text("id", "state", "token_id", "selector", "policy", "rule", "reason", "requester")
            + text("requester_account", "approver", "ended_by", "cause")
            + late(text("requester_token", "approver_account", "approver_token"))
            + text("comment") + number("told_lead") + time("requested_at", "ends_at", "approved_at", "ended_at"),
        object: 1)
    private static let freezes = ComparedTable(
        word: "freeze", table: "freezes", keys: number("id"),
        columns: text("reason", "actor") + time("begun_at", "ends_at", "ended_at"), object: 1)
    private static let runs = ComparedTable(
        word: "run", table: "runs", keys: number("number"),
        columns: text("id", "plan", "acting", "actor", "aborted") + number("planned")
            + time("started_at", "finished_at"), object: 1)
}

/// One row of a compared table.
struct ComparedRow {
    let key: [Value]
    let fields: [Value]

    init(_ row: borrowing Row, _ table: ComparedTable) {
        var values: [Value] = []
        for (index, column) in (table.keys + table.columns).enumerated() {
            values.append(row.value(index, column.kind))
        }
        key = Array(values.prefix(table.keys.count))
        fields = Array(values.dropFirst(table.keys.count))
    }

    /// By the bytes of texts, as the store orders them.
    func comes(before other: ComparedRow) -> Bool {
        for (one, another) in zip(key, other.key) where !one.isSame(as: another) {
            switch (one, another) {
            case (.integer(let one), .integer(let another)): return one < another
            case (.text(let one), .text(let another)): return one.utf8.lexicographicallyPrecedes(another.utf8)
            default: return false
            }
        }
        return false
    }
}

extension Row {
    fileprivate borrowing func value(_ column: Int, _ kind: ComparedTable.Kind) -> Value {
        switch kind {
        case .text: .of(optionalText(column))
        case .number, .time: optionalInteger(column).map { .integer($0) } ?? .null
        case .digest: optionalBlob(column).map { .blob($0) } ?? .null
        }
    }
}

/// The rows of a table in the order of their keys, a page at a time.
struct ComparedRows {
    private let store: SQLStore
    private let table: ComparedTable
    private var isFirst = true
    private var page: [ComparedRow] = []
    private var last: [Value]
    private var isDone = false

    init(of table: ComparedTable, in store: SQLStore) {
        (self.store, self.table) = (store, table)
        last = table.keys.map { $0.kind == .text ? .text("") : .integer(.min) }
    }

    /// The first one that was not taken; nil at the end.
    mutating func next() throws -> ComparedRow? {
        if page.isEmpty, !isDone {
            // Backwards, so that the next one is the last.
            let statement = isFirst ? table.firstStatement : table.nextStatement
            isFirst = false
            page = try store.driver.all(statement, last) { ComparedRow($0, table) }.reversed()
            isDone = page.count < ComparedTable.pageSize
            if let end = page.first { last = end.key }
        }
        return page.last
    }

    mutating func drop() { page.removeLast() }
}

extension Statement {
    static let comparing = ComparedTable.all.flatMap { [$0.firstStatement, $0.nextStatement] }
}
