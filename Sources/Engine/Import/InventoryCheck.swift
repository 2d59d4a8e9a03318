import RotaCore

/// What the first reading of an inventory found: every row is in order, and none is there twice.
struct CheckedInventory {
    var rows: Int
    /// Later readings must find the same digest.
    var file: ReadInventory
}

/// The hashes that came up twice; of a file that is wrong as a whole, only the first are looked at again.
private struct Suspects {
    private static let most = 10_000
    private(set) var hashes: Set<UInt64> = []
    private(set) var untold = 0

    mutating func add(_ hash: UInt64) {
        if hashes.count < Self.most { hashes.insert(hash) } else { untold += 1 }
    }
}

/// Reads the whole file and checks every row, by itself, against the others, and by what `compare` says of it.
///
/// Memory is some six bytes for each name, external id, digest and destination; only where one seems to be there
/// twice is the file read again to see which lines these are.
///
/// - parameters:
///   - stored: the keys of all that the store holds; nil: not known.
///   - compare: called with each row that is in order by itself, with whether the store may know anything of it, and
///     whether nothing was wrong so far; gives what is wrong with it beside the store.
/// - throws: `InventoryFaults` with all that is wrong.
func checkInventory(
    _ request: ImportRequest, _ change: Change, _ chunks: ChunkSource, stored: FingerprintSet?,
    progress: (Int) -> Void,
    compare: (_ parsed: InventoryParser.Parsed, _ mayBeKnown: Bool, _ isSound: Bool) throws -> [InventoryFault]
) throws -> CheckedInventory {
    var parser = InventoryParser(request, change: change)
    var rows = 0
    var file: ReadInventory?
    var faults = InventoryFaults()
    var known = FingerprintSet()
    var suspects = Suspects()
    do {
        file = try readRows(request, chunks) { row in
            var found: [InventoryFault] = []
            switch row {
            case .failure(let fault): found = [fault]
            case .success(let row):
                if let parsed = parser.parse(row, id: TokenID(""), faults: &found) {
                    // An ended one is known by its name, which is no key of it.
                    var mayBeKnown = parsed.token.end != nil || stored == nil
                    RowKey.each(of: parsed) { _, hash in
                        if !known.insert(hash) { suspects.add(hash) }
                        if !mayBeKnown, let stored { mayBeKnown = stored.contains(hash) }
                    }
                    found = try compare(parsed, mayBeKnown, faults.isEmpty && suspects.hashes.isEmpty)
                }
                if row.number != nil { found = found.map { $0.of(row: row.number, named: row[.name]) } }
                rows += 1
                progress(rows)
            }
            faults.add(found)
        }
    } catch let fault as InventoryFault {
        faults.add([fault])
    }
    if !suspects.hashes.isEmpty {
        faults.add(try findTwins(request, change, chunks, suspects.hashes))
        faults.addUntold(suspects.untold)
    }
    // A report of nothing says that all is gone; an inventory of nothing is a mistake.
    if rows == 0, faults.isEmpty, !request.format.isReport {
        faults.add([InventoryFault(line: 1, "the inventory has no rows", hint: "is it the right file?")])
    }
    try faults.throwIfAny()
    guard let file else { throw faults }
    return CheckedInventory(rows: rows, file: file)
}

/// Reads the file again, and tells which of the suspected keys really are there twice, and where.
private func findTwins(
    _ request: ImportRequest, _ change: Change, _ chunks: ChunkSource, _ suspects: Set<UInt64>
) throws -> [InventoryFault] {
    var parser = InventoryParser(request, change: change)
    var lines: [RowKey: Int] = [:]
    var twins: [InventoryFault] = []
    do {
        _ = try readRows(request, chunks) { row in
            var faults: [InventoryFault] = []
            guard case .success(let row) = row, let parsed = parser.parse(row, id: TokenID(""), faults: &faults)
            else { return }
            RowKey.each(of: parsed) { key, hash in
                guard suspects.contains(hash) else { return }
                if let other = lines[key] {
                    twins.append(key.fault(line: row.line, other: other).of(row: row.number, named: row[.name]))
                } else {
                    lines[key] = row.line
                }
            }
        }
    } catch is InventoryFault {
        // It was told when the file was read first.
    }
    return twins
}
