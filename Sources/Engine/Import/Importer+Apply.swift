import RotaCore

/// Does what the check has found, within a transaction.
extension Importer {
    /// Changes the tokens that are known.
    func changeKnown() throws {
        if changing.countOfTrue == 0 { return }
        let matcher = InventoryMatcher(
            store: store, isReport: request.format.isReport, vaults: request.vaults)
        try eachRow(of: changing, .changing) { row, parsed in
            guard case .changed(let update) = try matcher.match(parsed) else {
                if let known = try matcher.knownToken(parsed) { try takeReport(parsed, of: known) }
                return
            }
            let change = self.change(of: row.line)
            try refusing(row.line) {
                if update.after != update.before { _ = try store.editToken(update.after, change: change) }
                for destination in update.destinations {
                    try store.addDestination(destination, to: update.before.id, change: change)
                }
            }
            try takeReport(parsed, of: update.before)
        }
    }

    private func takeReport(_ parsed: InventoryParser.Parsed, of known: Token) throws {
        guard request.format.isReport else { return }
        let facts = ReportedFacts(parsed, until: request.writtenAt)
        try store.recordReport(facts, of: known.id, change: change(of: parsed.line))
    }

    /// Adds the tokens of the rows that are new.
    func addNew(ids: TokenIDSeries) throws {
        let count = new.countOfTrue
        if count == 0 { return }
        // Indexes that grow in their midst cost more than all the rest: for many tokens they are made anew.
        let isMany = try count >= 20_000 && count * 8 >= store.countActive()
        if isMany { try store.load { try addRows(ids) } } else { try addRows(ids) }
    }

    private func addRows(_ ids: TokenIDSeries) throws {
        var ids = ids
        try eachRow(of: new, .adding) { row, parsed in
            var token = parsed.token
            token.id = ids.next()
            if request.format.isReport { token.usageAssertedUntil = request.writtenAt ?? token.usage.lastTold }
            try refusing(row.line) {
                try store.addToken(
                    token, version: parsed.version, destinations: parsed.destinations, change: change(of: row.line))
            }
        }
    }

    /// Reads the file again, which must be what was checked, and hands on the rows that are listed.
    private func eachRow(
        of list: BitList, _ step: ImportStep, _ each: (InventoryRow, InventoryParser.Parsed) throws -> Void
    ) throws {
        var parser = InventoryParser(request, change: change)
        var index = 0
        let read = try readRows(request, chunks) { row in
            var faults: [InventoryFault] = []
            guard case .success(let row) = row, index < list.count else { throw changedMeanwhile }
            if list[index] {
                guard let parsed = parser.parse(row, id: TokenID(""), faults: &faults) else { throw changedMeanwhile }
                try each(row, parsed)
            }
            index += 1
            tell(step, index)
        }
        guard read.digest == summary.digest else { throw changedMeanwhile }
    }

    /// What the store will not take is a fault of that row, with its line.
    private func refusing(_ line: Int, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as StoreError {
            switch error {
            case .nameTaken, .placeTaken, .refused, .failed:
                throw InventoryFaults([InventoryFault(line: line, error.description, hint: "mend or remove the row")])
            case .outcomeUnknown, .busy, .full, .unusable, .held: throw error
            }
        }
    }
}

extension Usage {
    /// The last moment that it says anything of.
    fileprivate var lastTold: Instant? {
        switch self {
        case .lastUsed(let instant), .neverUsed(let instant): instant
        case .unknown: nil
        }
    }
}
