import RotaCore

/// Reads the fields of one row and gathers what is wrong with them.
struct RowReader {
    let row: InventoryRow
    private(set) var faults: [InventoryFault] = []

    init(row: InventoryRow) {
        self.row = row
    }

    mutating func fault(_ message: String, _ hint: String) {
        faults.append(InventoryFault(line: row.line, message, hint: hint))
    }

    /// The text of a field without blanks around it; control characters and overlong texts are faults.
    ///
    /// - parameter longest: in characters, as people count them.
    mutating func text(_ column: InventoryColumn, longest: Int) -> String {
        let text = row[column].trimmingBlanks()
        if text.utf8.count > longest, text.count > longest {
            fault("\(column.title) is longer than \(longest) characters", "shorten it")
        } else if text.hasControlCharacters {
            fault("\(column.title) holds a control character", "remove it")
        } else if SecretShape.isCertain(in: text) {
            fault("\(column.title) holds a value, and is not shown", "was a column taken for another? rotate the token")
        }
        return text
    }

    mutating func instant(_ column: InventoryColumn, orWord word: String? = nil) -> Instant? {
        let text = row[column].trimmingBlanks()
        if text.isEmpty { return nil }
        if let instant = Instant(text) { return instant }
        let also = word.map { ", or \($0)" } ?? ""
        fault(
            "'\(SecretShape.shown(text, to: 40))' in \(column.title) is not a time",
            "write 2026-11-24 or 2026-11-24T03:00:00Z\(also)")
        return nil
    }
}

extension String {
    /// Without blanks and tabs at both ends.
    func trimmingBlanks() -> String {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        // Nearly every text has none: it is given back as it is.
        guard let first = utf8.first, let last = utf8.last, isBlank(first) || isBlank(last) else { return self }
        guard let start = utf8.firstIndex(where: { !isBlank($0) }),
            let end = utf8.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(self[start...end])
    }

    /// Those of ASCII, and the C1 ones, which are C2 80 to C2 9F in UTF-8.
    var hasControlCharacters: Bool {
        let bytes = utf8.span
        for index in bytes.indices {
            let byte = bytes[index]
            if byte < 0x20 || byte == 0x7F { return true }
            if byte == 0xC2, index + 1 < bytes.count, bytes[index + 1] < 0xA0 { return true }
        }
        return false
    }
}
