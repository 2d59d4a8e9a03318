import Crypto
import RotaCore

/// The first reading of a log of uses: what is wrong with it, what it is, and which time it is about.
struct UsageCheck {
    private let request: UsageImportRequest
    private let now: Instant
    private let store: any StoreReads

    init(_ request: UsageImportRequest, now: Instant, _ store: any StoreReads) {
        self.request = request
        self.now = now
        self.store = store
    }

    func run(_ file: UsageFile, _ chunks: ChunkSource, _ progress: (Int) -> Void) throws -> UsageImportSummary {
        let hasher = SHA256.Hasher()
        var faults = InventoryFaults()
        var rows = 0
        var times: ClosedRange<Instant>?
        var tokens = UsedTokens(store)
        do {
            try file.eachRow(chunks, digesting: { hasher.update($0) }) { line, fields in
                rows += 1
                if rows.isMultiple(of: 1_000) { progress(rows) }
                var found: [InventoryFault] = []
                switch fields {
                case .failure(let fault): found = [fault]
                case .success(let values):
                    if let row = UsageRow(line: line, values: values, now: now, faults: &found) {
                        times =
                            times.map { min($0.lowerBound, row.time)...max($0.upperBound, row.time) }
                            ?? row.time...row.time
                        if let fault = try fault(of: row, &tokens) { found.append(fault) }
                    }
                }
                faults.add(found)
            }
        } catch let fault as InventoryFault {
            faults.add([fault])
        }
        if rows == 0, faults.isEmpty {
            faults.add([InventoryFault(line: 1, "the log has no rows", hint: "is it the right file?")])
        }
        try faults.throwIfAny()
        guard let times else { throw faults }
        return UsageImportSummary(
            file: request.file, digest: "sha256:" + Hex.encode(hasher.finish()), rows: rows,
            first: times.lowerBound, last: times.upperBound, complete: request.complete)
    }

    /// What only the store knows to be wrong.
    private func fault(of row: UsageRow, _ tokens: inout UsedTokens) throws -> InventoryFault? {
        if let name = row.token, try tokens.isValue(name) {
            return InventoryFault(
                line: row.line, "what stands under token is no name but looks like a value, and is not shown",
                hint: "use digest: the log should hold the SHA-256 of a value; rotate the token if others can read it")
        }
        guard request.strict || (row.token != nil && row.digest != nil) else { return nil }
        return switch try tokens.find(row) {
        case .unknown(let name) where request.strict:
            InventoryFault(
                line: row.line, "there is no token '\(name)'",
                hint: "import the inventory first, or leave --strict out")
        case .mismatch(let name):
            InventoryFault(
                line: row.line, "the digest is not of a value of '\(name)'", hint: "check both columns")
        case .unknown, .known: nil
        }
    }
}
