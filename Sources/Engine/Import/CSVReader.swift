/// Splits CSV (RFC 4180) into records as bytes come in: quoted fields, doubled quotes, line ends within
/// quotes, CRLF or LF, a byte order mark. Holds one record at a time.
struct CSVReader {
    /// One record, with the line that it begins on (from 1).
    struct Record: Sendable {
        var line: Int
        var fields: [String]
    }

    private enum State {
        case fieldStart, plain, quoted, quoteInQuoted, afterCarriageReturn
    }

    /// The longest field, in bytes: beyond it a quote has been left open.
    static let longestField = 1 << 16
    static let mostFields = 256

    private var state = State.fieldStart
    private var field: [UInt8] = []
    private var fields: [String] = []
    private var line = 1
    private var recordLine = 1
    private var seen = 0

    init() {}

    /// Takes a chunk and hands on each record that it completes.
    mutating func take(_ chunk: [UInt8], _ each: (Record) throws -> Void) throws {
        for byte in chunk {
            seen += 1
            // A byte order mark is three bytes that no header begins with.
            if seen <= 3, [0xEF, 0xBB, 0xBF][seen - 1] == byte { continue }
            try take(byte, each)
        }
    }

    /// The end of the file ends the last record.
    mutating func finish(_ each: (Record) throws -> Void) throws {
        if case .quoted = state {
            throw InventoryFault(line: recordLine, "a quote is opened and never closed", hint: "close it with \"")
        }
        if !field.isEmpty || !fields.isEmpty || state == .quoteInQuoted { try endRecord(each) }
    }

    private mutating func take(_ byte: UInt8, _ each: (Record) throws -> Void) throws {
        let newline = byte == UInt8(ascii: "\n")
        if newline { line += 1 }
        switch state {
        case .quoted:
            if byte == UInt8(ascii: "\"") { state = .quoteInQuoted } else { try append(byte) }
        case .quoteInQuoted where byte == UInt8(ascii: "\""):
            try append(byte)
            state = .quoted
        case .fieldStart where byte == UInt8(ascii: "\""):
            state = .quoted
        case .afterCarriageReturn where newline:
            try endRecord(each)
        case .afterCarriageReturn:
            throw InventoryFault(line: recordLine, "a carriage return stands alone", hint: "end lines with CRLF or LF")
        case .fieldStart, .plain, .quoteInQuoted:
            if byte == UInt8(ascii: ",") {
                try endField()
            } else if newline {
                try endRecord(each)
            } else if byte == UInt8(ascii: "\r") {
                state = .afterCarriageReturn
            } else if state == .quoteInQuoted || byte == UInt8(ascii: "\"") {
                throw InventoryFault(
                    line: recordLine, "a quote stands within a field",
                    hint: "put the whole field in quotes, and double those within")
            } else {
                try append(byte)
                state = .plain
            }
        }
    }

    private mutating func append(_ byte: UInt8) throws {
        guard field.count < Self.longestField else {
            throw InventoryFault(
                line: recordLine, "a field is longer than \(Self.longestField) bytes", hint: "is a quote left open?")
        }
        field.append(byte)
    }

    private mutating func endField() throws {
        guard fields.count < Self.mostFields, let text = String(validating: field, as: UTF8.self) else {
            throw InventoryFault(
                line: recordLine, "the line is not UTF-8, or has more than \(Self.mostFields) fields",
                hint: "save the file as UTF-8")
        }
        fields.append(text)
        field.removeAll(keepingCapacity: true)
        state = .fieldStart
    }

    private mutating func endRecord(_ each: (Record) throws -> Void) throws {
        try endField()
        let record = Record(line: recordLine, fields: fields)
        fields.removeAll(keepingCapacity: true)
        recordLine = line
        // An empty line is nothing.
        if record.fields != [""] { try each(record) }
    }
}
