import RotaCore

/// One import.
final class Importer {
    private static let progressStride = 1_000
    /// Of so many tokens or fewer all is known beforehand, which spares a look for each row.
    private static let smallStore = 1_000

    let request: ImportRequest
    let chunks: ChunkSource
    let store: any Store
    let change: Change
    private let progress: (ImportStep, Int) -> Void
    /// Which rows, from 0, are of tokens that the store does not know, and which are to change one that it does.
    private(set) var new = BitList()
    private(set) var changing = BitList()
    /// Known tokens that the file names, by the hashes of their ids.
    private var seen = FingerprintSet()
    /// Those that several rows seem to name.
    private var contested: Set<TokenID> = []
    /// Those that have vanished since the last time, and those that were missing and are there again.
    private var newlyVanished: [TokenID] = []
    private var returned: [TokenID] = []
    private var issuers: Set<Issuer>
    private var sections: Set<String>?
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

    /// Whether anything is to be done, beside telling of the import.
    var changesAnything: Bool {
        changing.countOfTrue > 0 || new.countOfTrue > 0 || !newlyVanished.isEmpty || !returned.isEmpty
    }

    /// The change, as a line of the file asserts it.
    func change(of line: Int) -> Change {
        var change = change
        change.source = FileLine(digest: summary.digest, line: line)
        return change
    }

    /// Checks and compares every row, and finds out what is to be done; does none of it.
    func check() throws {
        let matcher = InventoryMatcher(
            store: store, isReport: request.format.isReport, vaults: request.vaults)
        let stored = try FingerprintSet(of: store, in: request.vaults, most: Self.smallStore)
        let checked = try checkInventory(
            request, change, chunks, stored: stored, progress: { tell(.checking, $0) }
        ) { parsed, mayBeKnown, isSound in
            do {
                let match = mayBeKnown ? try matcher.match(parsed) : .new
                if isSound { take(match, of: parsed) }
                return []
            } catch let found as InventoryFaults {
                return found.faults
            }
        }
        try lookForRivals(matcher)
        guard checked.file.digest == summary.digest else { throw changedMeanwhile }
        summary.rows = checked.rows
        summary.leftOut = checked.file.leftOut
        sections = request.isComplete ? nil : checked.file.sections
    }

    /// While nothing is wrong, this is called for every row in order.
    private func take(_ match: InventoryMatch, of parsed: InventoryParser.Parsed) {
        if request.isComplete { issuers.insert(parsed.token.issuer) }
        new.append(match.isNew)
        switch match {
        case .new:
            changing.append(false)
            summary.note(.added, most: request.mostTold) {
                ImportChange(.added, parsed.token, line: parsed.line, fields: parsed.givenFields)
            }
        case .same(let known):
            // A report that says nothing new still says up to when.
            changing.append(request.format.isReport && known.end == nil)
            settle(known)
            summary.unchanged += 1
            if isStillActive(known, as: parsed) {
                summary.note(.stillActive, most: request.mostTold) {
                    ImportChange(.stillActive, known, line: parsed.line)
                }
            }
        case .changed(let update):
            changing.append(true)
            settle(update.before)
            summary.note(.changed, most: request.mostTold) {
                ImportChange(.changed, update.before, line: parsed.line, fields: update.fields)
            }
        }
    }

    /// Whether it ended here, and its issuer, who alone can end it, says that it lives.
    private func isStillActive(_ known: Token, as parsed: InventoryParser.Parsed) -> Bool {
        known.end != nil && known.issuer != .rota && parsed.token.state == .active
            && (request.format.isReport || parsed.row.gives(.state))
    }

    private func settle(_ known: Token) {
        if !seen.insert(Self.hash(of: known.id)) { contested.insert(known.id) }
    }

    /// Two rows may name one token, the one by its external id and the other by its name: then neither is right.
    private func lookForRivals(_ matcher: InventoryMatcher) throws {
        if contested.isEmpty { return }
        var parser = InventoryParser(request, change: change)
        var lines: [TokenID: Int] = [:]
        var faults = InventoryFaults()
        _ = try readRows(request, chunks) { row in
            var wrong: [InventoryFault] = []
            guard case .success(let row) = row, let parsed = parser.parse(row, id: TokenID(""), faults: &wrong),
                let known = try matcher.knownToken(parsed), contested.contains(known.id)
            else { return }
            if let other = lines[known.id] {
                faults.add([
                    InventoryFault(
                        line: row.line, "this is the token '\(known.name)', which line \(other) is of, too",
                        hint: "one row is for one token; check the names and external ids of both")
                ])
            }
            lines[known.id] = row.line
        }
        try faults.throwIfAny()
    }

    private static func hash(of id: TokenID) -> UInt64 { UInt64(bitPattern: Int64(id.hashValue)) }

    /// Finds the live tokens that the file should name and does not, and those that it names again. What was not
    /// imported is none of them.
    func lookForVanished() throws {
        var missing: Set<TokenID> = []
        try store.eachAbsent { token, _ in
            missing.insert(token.id)
            if seen.contains(Self.hash(of: token.id)) { returned.append(token.id) }
            return true
        }
        summary.returned = returned.count
        guard request.isComplete || request.format.isReport && !request.isPartial, sections != [] else { return }
        summary.vanished = 0
        try store.eachToken(states: [.active, .quarantined]) { token in
            if issuers.contains(token.issuer), token.provenance == .asserted, isOfSections(token),
                !seen.contains(Self.hash(of: token.id))
            {
                let isNew = !missing.contains(token.id)
                if isNew { newlyVanished.append(token.id) }
                summary.noteVanished(token, isNew: isNew, most: request.mostVanishedTold)
            }
            return true
        }
    }

    /// Notes who is missing, within a transaction.
    func recordAbsences() throws {
        for id in newlyVanished { _ = try store.noteAbsence(of: id, from: request.file, change: change) }
        for id in returned { _ = try store.endAbsence(of: id, change: change) }
    }

    private func isOfSections(_ token: Token) -> Bool {
        guard let sections else { return true }
        return request.format.section(of: token).map { sections.contains($0) } ?? false
    }

    func tell(_ step: ImportStep, _ rows: Int) {
        if rows.isMultiple(of: Self.progressStride) { progress(step, rows) }
    }

    var changedMeanwhile: StoreError {
        .failed("\(request.file) changed while it was being read; nothing was imported")
    }
}
