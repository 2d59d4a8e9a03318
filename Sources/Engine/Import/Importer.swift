import RotaCore

/// One import.
final class Importer {
    private static let progressStride = 1_000

    private let request: ImportRequest
    private let chunks: ChunkSource
    private let store: any Store
    private let change: Change
    private let progress: (ImportStep, Int) -> Void
    /// Which rows, from 0, are of tokens that the store does not know.
    private var new = BitList()
    /// Known tokens that the file names, by the hashes of their ids.
    private var seen = FingerprintSet()
    private var issuers: Set<Issuer>
    private var accounts: Set<String> = []
    private(set) var summary: ImportSummary

    init(
        _ request: ImportRequest, _ digest: String, _ chunks: @escaping ChunkSource, _ store: any Store,
        _ change: Change, _ progress: @escaping (ImportStep, Int) -> Void
    ) {
        self.request = request
        self.chunks = chunks
        self.store = store
        self.change = change
        self.progress = progress
        issuers = request.format.isReport ? Set([request.issuer ?? request.format.issuer].compactMap(\.self)) : []
        summary = ImportSummary(file: request.file, digest: digest, format: request.format, rows: 0)
    }

    /// The change, as a line of the file asserts it.
    private func change(of line: Int) -> Change {
        var change = change
        change.source = FileLine(digest: summary.digest, line: line)
        return change
    }

    /// Checks and compares every row, and changes the tokens that are known unless this is a dry run.
    func check() throws {
        let matcher = InventoryMatcher(store: store, isReport: request.format.isReport)
        let checked = try checkInventory(request, change, chunks, progress: { tell(.checking, $0) }) {
            parsed, isSound in
            do {
                let match = try matcher.match(parsed)
                if isSound { try take(match, of: parsed) }
                return []
            } catch let found as InventoryFaults {
                return found.faults
            }
        }
        guard checked.file.digest == summary.digest else { throw changedMeanwhile }
        summary.rows = checked.rows
        summary.leftOut = checked.file.leftOut
        accounts = checked.file.accounts
    }

    /// While nothing is wrong, this is called for every row in order.
    private func take(_ match: InventoryMatch, of parsed: InventoryParser.Parsed) throws {
        if request.isComplete { issuers.insert(parsed.token.issuer) }
        new.append(match.isNew)
        switch match {
        case .new: if request.dryRun { noteAdded(parsed) }
        case .same(let known): try settle(known, parsed, fields: [])
        case .changed(let update):
            if !request.dryRun { try apply(update, line: parsed.line) }
            try settle(update.before, parsed, fields: update.fields)
        }
    }

    private func settle(_ known: Token, _ parsed: InventoryParser.Parsed, fields: [FieldChange]) throws {
        _ = seen.insert(Self.hash(of: known.id))
        if !request.dryRun, request.format.isReport, known.end == nil {
            try store.recordReport(
                ReportedFacts(parsed, until: request.writtenAt), of: known.id, change: change(of: parsed.line))
        }
        if fields.isEmpty {
            summary.unchanged += 1
        } else {
            summary.note(.changed) { ImportChange(.changed, known, line: parsed.line, fields: fields) }
        }
    }

    private static func hash(of id: TokenID) -> UInt64 { UInt64(bitPattern: Int64(id.hashValue)) }

    /// Counts the live tokens that the file should name and does not. What was not imported is none of them.
    func lookForVanished() throws {
        guard request.format.isReport || request.isComplete else { return }
        summary.vanished = 0
        try store.eachToken(states: [.active, .quarantined]) { token in
            if issuers.contains(token.issuer), token.provenance == .asserted, isOfAccounts(token),
                !seen.contains(Self.hash(of: token.id))
            {
                summary.note(.vanished) { ImportChange(.vanished, token) }
            }
            return true
        }
    }

    private func isOfAccounts(_ token: Token) -> Bool {
        accounts.isEmpty || token.labels["account"].map { accounts.contains($0) } ?? false
    }

    private func noteAdded(_ parsed: InventoryParser.Parsed) {
        summary.note(.added) { ImportChange(.added, parsed.token, line: parsed.line) }
    }

    private func tell(_ step: ImportStep, _ rows: Int) {
        if rows.isMultiple(of: Self.progressStride) { progress(step, rows) }
    }

    private func apply(_ update: TokenUpdate, line: Int) throws {
        let change = change(of: line)
        try refusing(line) {
            if update.after != update.before { _ = try store.editToken(update.after, change: change) }
            for destination in update.destinations {
                try addDestination(destination, to: update.before.id, in: store, change: change)
            }
        }
    }

    /// Adds the tokens of the rows that are new.
    func add(ids: TokenIDSeries) throws {
        let count = new.countOfTrue
        if count == 0 { return }
        // Indexes that grow in their midst cost more than all the rest: for many tokens they are made anew.
        let isMany = try count >= 20_000 && count * 8 >= store.countActive()
        if isMany { try store.load { try addRows(ids) } } else { try addRows(ids) }
    }

    /// Reads the file again, which must be what was checked.
    private func addRows(_ ids: TokenIDSeries) throws {
        var parser = InventoryParser(request, change: change)
        var ids = ids
        var index = 0
        let read = try readRows(request, chunks) { row in
            var faults: [InventoryFault] = []
            guard case .success(let row) = row, index < new.count else { throw changedMeanwhile }
            if new[index] {
                guard let parsed = parser.parse(row, id: ids.next(), faults: &faults) else { throw changedMeanwhile }
                try refusing(row.line) {
                    try store.addToken(
                        parsed.token, version: parsed.version, destinations: parsed.destinations,
                        change: change(of: row.line))
                }
                noteAdded(parsed)
            }
            index += 1
            tell(.adding, index)
        }
        guard read.digest == summary.digest else { throw changedMeanwhile }
    }

    private var changedMeanwhile: StoreError {
        .failed("\(request.file) changed while it was being read; nothing was imported")
    }

    /// What the store will not take is a fault of that row, with its line.
    private func refusing(_ line: Int, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as StoreError {
            switch error {
            case .nameTaken, .placeTaken, .refused, .failed:
                throw InventoryFaults([InventoryFault(line: line, error.description, hint: "mend or remove the row")])
            case .outcomeUnknown, .busy, .unusable: throw error
            }
        }
    }
}
