import Crypto
package import Engine
import JSON
import RotaCore
import SQLite

/// What a comparison of the tables with the audit log found.
package struct StateVerdict: Sendable {
    /// A row that is not as the log says.
    package struct Fault: Hashable, Sendable {
        /// Such as `token`.
        package var kind: String
        /// What it is about: an id, and what tells it from others of the same token.
        package var object: String
        /// Nil where the row as a whole is missing, or too many.
        package var field: String?
        package var message: String
    }

    /// How many faults are told one by one.
    package static let mostTold = 100
    /// What the log does not hold.
    package static let unchecked = [
        "uses of tokens and how far they were watched", "hints of values", "schedules", "saved plans",
        "what was sent to webhooks and witnesses, and pushes to vaults",
        "when rotations are tried again, and whether their overlaps end at a cap or when idle",
        "requests that were answered before, and which webhooks are disabled",
    ]

    package fileprivate(set) var entries = 0
    package fileprivate(set) var rows = 0
    package fileprivate(set) var faults: [Fault] = []
    package fileprivate(set) var faultCount = 0
    /// Fields and rows that are older than what the log tells.
    package fileprivate(set) var untold = 0
    /// What could not be done again, for people.
    package fileprivate(set) var remarks: [String] = []

    fileprivate mutating func fault(_ table: ComparedTable, _ row: ComparedRow, _ field: String?, _ message: String) {
        let object = row.key.enumerated().map { table.keys[$0.offset].shown($0.element) }.joined(separator: " ")
        fault(table.word, object, field, message)
    }

    fileprivate mutating func fault(_ kind: String, _ object: String, _ field: String?, _ message: String) {
        faultCount += 1
        guard faults.count < Self.mostTold else { return }
        faults.append(Fault(kind: kind, object: object, field: field, message: "\(kind) \(object): \(message)"))
    }
}

/// Does the audit log again from its first entry, and compares what comes of it with what the tables hold.
///
/// - parameters:
///   - folder: one that does not exist yet; it is gone afterwards.
///   - progress: called now and then with how many entries were read.
package func verifyState(
    of source: any StoreReads, in folder: String, progress: (Int) throws -> Void = { _ in }
) throws -> StateVerdict {
    let source = try SQLStore.behind(source)
    let rebuilt = try RebuiltStore(like: source, in: folder)
    defer { rebuilt.remove() }
    return try source.snapshot {
        let replay = try rebuilt.replay(source, through: nil, progress: progress)
        var comparison = try StateComparison(source: source, replayed: rebuilt.store)
        comparison.verdict.entries = Int(try source.newestEntry())
        comparison.verdict.remarks = replay.remarks.all
        try comparison.checkHorizons(replay.horizons)
        try comparison.checkIdentity()
        for table in ComparedTable.all { try comparison.compare(table) }
        try comparison.checkTexts()
        try comparison.checkActions()
        return comparison.verdict
    }
}

private struct StateComparison {
    let source: SQLStore
    let replayed: SQLStore
    let lastUntold: Int64
    /// Before when records were removed, or are about to be: by the log.
    var horizons: [RecordKind: Instant] = [:]
    var verdict = StateVerdict()

    init(source: SQLStore, replayed: SQLStore) throws {
        (self.source, self.replayed) = (source, replayed)
        lastUntold = try source.lastUntoldEntry()
    }

    mutating func compare(_ table: ComparedTable) throws {
        var there = ComparedRows(of: table, in: source)
        var told = ComparedRows(of: table, in: replayed)
        while true {
            let (row, wanted) = (try there.next(), try told.next())
            switch (row, wanted) {
            case (nil, nil): return
            case (let row?, let wanted?) where !row.comes(before: wanted) && !wanted.comes(before: row):
                try compare(row, with: wanted, of: table)
                verdict.rows += 1
                there.drop()
                told.drop()
            case (let row?, let wanted) where wanted.map({ row.comes(before: $0) }) ?? true:
                try added(row, to: table)
                there.drop()
            case (_, let wanted?):
                if !isPruned(wanted, of: table) {
                    verdict.fault(table, wanted, nil, "the log says that it is there, and the table has none")
                }
                told.drop()
            default: return
            }
        }
    }

    private mutating func added(_ row: ComparedRow, to table: ComparedTable) throws {
        if table.isLate, try isUntold(row, table) {
            verdict.untold += 1
        } else {
            verdict.fault(table, row, nil, "the table has it, and the log knows nothing of it")
        }
    }

    private mutating func compare(_ row: ComparedRow, with wanted: ComparedRow, of table: ComparedTable) throws {
        for (column, (has, says)) in zip(table.columns, zip(row.fields, wanted.fields)) where !has.isSame(as: says) {
            if column.isLate || table.isLate, try isUntold(row, table) {
                verdict.untold += 1
                continue
            }
            verdict.fault(
                table, row, column.name,
                "\(column.name) is \(column.shown(has)) in the table, and \(column.shown(says)) by the log")
        }
    }

    /// Whether the log says that it is older than such rows are kept.
    private func isPruned(_ row: ComparedRow, of table: ComparedTable) -> Bool {
        guard let (kind, column) = table.pruned, let horizon = horizons[kind],
            let place = table.columns.firstIndex(where: { $0.name == column }),
            case .integer(let end) = row.fields[place]
        else { return false }
        return end < horizon.seconds
    }

    /// What the store says of what was removed is what the log says: else more could be taken away than it tells.
    mutating func checkHorizons(_ horizons: [RecordKind: Instant]) throws {
        self.horizons = horizons
        let noted = try source.pruned()
        for kind in RecordKind.allCases where noted[kind] != horizons[kind] {
            let (has, says) = (noted[kind], horizons[kind])
            verdict.fault(
                "store", "retention", kind.rawValue,
                "\(kind.rawValue) were removed of before \(has.map { "\($0)" } ?? "never"), and of before "
                    + "\(says.map { "\($0)" } ?? "never") by the log")
        }
    }

    /// Which store it is, and how much of it an earlier release wrote.
    mutating func checkIdentity() throws {
        let (has, says) = (try source.identity(), try replayed.identity())
        let facts: [(name: String, has: String, says: String)] = [
            ("instance", has.instance, says.instance), ("generation", "\(has.generation)", "\(says.generation)"),
            ("generation_id", has.generationID, says.generationID),
            ("created_at", "\(has.createdAt)", "\(says.createdAt)"),
        ]
        for fact in facts where fact.has != fact.says {
            verdict.fault("store", "identity", fact.name, "\(fact.name) is \(fact.has), and \(fact.says) by the log")
        }
        guard try source.isToldInFull() else { return }
        let fact = try source.driver.first(.fact, [.text(SQLStore.untoldFact)]) { $0.text(0) } ?? "0"
        if fact != "0" {
            verdict.fault(
                "store", "identity", SQLStore.untoldFact,
                "\(SQLStore.untoldFact) is '\(fact)', and the log says that all of its entries are told in full")
        }
    }

    /// Whether an earlier release wrote the first entry that is about it.
    private func isUntold(_ row: ComparedRow, _ table: ComparedTable) throws -> Bool {
        guard lastUntold > 0, case .text(let object) = (row.key + row.fields)[table.object] else { return false }
        var first = Int64.max
        try source.eachAuditEntry(from: 1, object: object) { entry in
            first = entry.number
            return false
        }
        return first <= lastUntold
    }

    /// A text is what its digest says, which the log holds.
    mutating func checkTexts() throws {
        var last = ""
        while true {
            var count = 0
            try source.driver.query(.policyTextsAfter, [.text(last)]) { row in
                last = row.text(0)
                let found = "sha256:" + Hex.encode(SHA256.digest(of: row.blob(1)))
                verdict.rows += 1
                count += 1
                if found != last { verdict.fault("policy text", last, "text", "its digest is \(found)") }
                return count < 100
            }
            if count < 100 { break }
        }
        var missing: Set<String> = []
        try source.eachAuditEntry(from: 1, object: SQLStore.policiesObject) { entry in
            let after = try JSON.parse(entry.body, maximumBytes: entry.body.utf8.count)["after"] ?? .null
            for digest in (after["files"]?.array ?? []).compactMap({ $0["digest"]?.string })
            where try source.policyText(digest) == nil && missing.insert(digest).inserted {
                verdict.fault("policy text", digest, nil, "entry \(entry.number) loaded it, and the table has none")
            }
            return true
        }
    }

    /// What a run did is not in the log one by one, but their digest is.
    mutating func checkActions() throws {
        try source.eachAuditEntry(from: 1, object: nil) { entry in
            guard entry.action == "run.completed" || entry.action == "run.aborted" else { return true }
            let body = try JSON.parse(entry.body, maximumBytes: entry.body.utf8.count)
            guard let digest = body["after"]?["actions_digest"]?.string else {
                verdict.untold += 1
                return true
            }
            // What is older than it is kept may be there, in part, or no more.
            if let horizon = horizons[.actions], entry.at < horizon { return true }
            let found = try source.digestOfActions(of: entry.object)
            if found != digest {
                verdict.fault(
                    "run", entry.object, "actions", "the digest of its actions is \(found), and \(digest) by the log")
            }
            return true
        }
    }
}

extension SQLStore {
    /// Of all that a run recorded, in order: of each action its columns, as netstrings. As they are, so that a word
    /// that is none has a digest, too; and quick, since a run may have very many.
    func digestOfActions(of run: String) throws -> String {
        let hash = SHA256.Hasher()
        try driver.query(.runActionsFinished, [.text(run)]) { row in
            var line = ""
            for column in 0..<13 {
                let text = row.optionalText(column)
                line += text.map { "\($0.utf8.count):\($0)," } ?? "-,"
            }
            hash.update(line)
            return true
        }
        return "sha256:" + Hex.encode(hash.finish())
    }
}

extension ComparedTable.Column {
    /// For people.
    fileprivate func shown(_ value: Value) -> String {
        switch value {
        case .null: "nothing"
        case .integer(let number): kind == .time ? Instant(seconds: number).description : String(number)
        case .text(let text): "'\(text)'"
        case .blob(let bytes): "sha256:" + Hex.encode(bytes)
        }
    }
}

extension Value {
    /// Texts by their bytes: Swift calls those equal that Unicode does.
    func isSame(as other: Value) -> Bool {
        if case .text(let one) = self, case .text(let another) = other { return one.utf8.elementsEqual(another.utf8) }
        return self == other
    }
}
