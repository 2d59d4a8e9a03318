/// Splits CSV (RFC 4180) into records as bytes come in: quoted fields, doubled quotes, line ends within
/// quotes, CRLF or LF, a byte order mark. Holds one record at a time.
///
/// A line that is no CSV is told as a fault and passed over, so that those after it are read too. A quote that is
/// left open takes the rest of the file with it, as does a header separated by semicolons, and is thrown.
struct CSVReader {
    /// One record, with the line that it begins on (from 1).
    struct Record: Sendable {
        var line: Int
        var fields: [String]
    }

    /// Called with each record, or with what is wrong with it.
    typealias Each = (Result<Record, InventoryFault>) throws -> Void

    private enum State {
        case fieldStart, plain, quoted, quoteInQuoted, afterCarriageReturn
        /// Until the end of the line.
        case passing
    }

    /// The longest field, in bytes: beyond it a quote has been left open.
    static let longestField = 1 << 16
    static let mostFields = 256
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private var state = State.fieldStart
    private var field: [UInt8] = []
    /// All bytes of the field so far, joined bit by bit: below 0x80 it is ASCII, which needs no validation.
    private var joined: UInt8 = 0
    private var fields: [String] = []
    private var line = 1
    private var recordLine = 1
    private var markSeen = 0
    private var headerSeen = false

    init() {}

    /// Takes a chunk and hands on each record that it completes.
    mutating func take(_ chunk: [UInt8], _ each: Each) throws {
        var position = passMark(chunk)
        while position < chunk.count {
            let end = endOfRun(chunk, from: position)
            if end > position {
                try append(chunk[position..<end], each)
                position = end
            } else {
                try take(chunk[position], each)
                position += 1
            }
        }
    }

    /// The end of the file ends the last record.
    mutating func finish(_ each: Each) throws {
        if state == .quoted {
            throw InventoryFault(line: recordLine, "a quote is opened and never closed", hint: "close it with \"")
        }
        if state != .passing, !field.isEmpty || !fields.isEmpty || state == .quoteInQuoted { try endRecord(each) }
    }

    /// How many bytes of the chunk are a byte order mark: three that no header begins with.
    private mutating func passMark(_ chunk: [UInt8]) -> Int {
        var position = 0
        while markSeen < 3, position < chunk.count {
            guard chunk[position] == Self.byteOrderMark[markSeen] else {
                markSeen = 3
                break
            }
            markSeen += 1
            position += 1
        }
        return position
    }

    /// Where the bytes end that are nothing but content in the present state.
    private func endOfRun(_ chunk: [UInt8], from start: Int) -> Int {
        let bytes = chunk.span
        var position = start
        switch state {
        case .fieldStart, .plain:
            while position < bytes.count {
                let byte = bytes[position]
                if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\"")
                    || byte == UInt8(ascii: "\r")
                {
                    break
                }
                position += 1
            }
        case .quoted:
            while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\n") {
                position += 1
            }
        case .passing:
            while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
        case .quoteInQuoted, .afterCarriageReturn: break
        }
        return position
    }

    private mutating func append(_ run: ArraySlice<UInt8>, _ each: Each) throws {
        if state == .passing { return }
        guard field.count + run.count <= Self.longestField else {
            let fault = InventoryFault(
                line: recordLine, "a field is longer than \(Self.longestField) bytes", hint: "is a quote left open?")
            if state == .quoted { throw fault }
            return try refuse(fault, each)
        }
        for byte in run { joined |= byte }
        field.append(contentsOf: run)
        if state == .fieldStart { state = .plain }
    }

    private mutating func take(_ byte: UInt8, _ each: Each) throws {
        let newline = byte == UInt8(ascii: "\n")
        if newline { line += 1 }
        switch state {
        case .quoted where newline: try append([byte], each)
        case .quoted: state = .quoteInQuoted
        case .quoteInQuoted where byte == UInt8(ascii: "\""):
            try append([byte], each)
            state = .quoted
        case .fieldStart where byte == UInt8(ascii: "\""): state = .quoted
        case .passing: beginRecord()
        case .afterCarriageReturn where newline: try endRecord(each)
        case .afterCarriageReturn:
            try refuse(
                InventoryFault(line: recordLine, "a carriage return stands alone", hint: "end lines with CRLF or LF"),
                each)
        case .fieldStart, .plain, .quoteInQuoted:
            switch byte {
            case UInt8(ascii: ","): try endField(each)
            case UInt8(ascii: "\n"): try endRecord(each)
            case UInt8(ascii: "\r"): state = .afterCarriageReturn
            default:
                try requireNoSemicolon(beside: byte)
                try refuse(
                    InventoryFault(
                        line: recordLine, "a quote stands within a field",
                        hint: "put the whole field in quotes, and double those within"), each)
            }
        }
    }

    private mutating func endField(_ each: Each) throws {
        let isASCII = joined < 0x80
        guard fields.count < Self.mostFields,
            let text = isASCII ? String(decoding: field, as: UTF8.self) : String(validating: field, as: UTF8.self)
        else {
            return try refuse(
                InventoryFault(
                    line: recordLine, "the line is not UTF-8, or has more than \(Self.mostFields) fields",
                    hint: "save the file as UTF-8"), each)
        }
        fields.append(text)
        field.removeAll(keepingCapacity: true)
        joined = 0
        state = .fieldStart
    }

    private mutating func endRecord(_ each: Each) throws {
        try endField(each)
        let record = Record(line: recordLine, fields: fields)
        let isRefused = state == .passing
        beginRecord()
        // An empty line is nothing.
        if !isRefused, record.fields != [""] {
            if !headerSeen, record.fields.count == 1, record.fields[0].contains(";") {
                throw Self.semicolons(line: record.line)
            }
            headerSeen = true
            try each(.success(record))
        }
    }

    /// A quoted field of the header that a semicolon stands before or after.
    private func requireNoSemicolon(beside byte: UInt8) throws {
        let semicolon = UInt8(ascii: ";")
        guard !headerSeen, fields.isEmpty, byte == semicolon || field.last == semicolon else { return }
        throw Self.semicolons(line: recordLine)
    }

    /// Every line would be one field: that is told once, in place of a fault for each.
    private static func semicolons(line: Int) -> InventoryFault {
        InventoryFault(
            line: line, "the file seems to be separated by semicolons",
            hint: "save it as CSV with commas between the fields; a field that holds a comma goes in quotes")
    }

    /// Tells the fault, and passes over the rest of the line.
    private mutating func refuse(_ fault: InventoryFault, _ each: Each) throws {
        state = .passing
        try each(.failure(fault))
    }

    private mutating func beginRecord() {
        fields.removeAll(keepingCapacity: true)
        field.removeAll(keepingCapacity: true)
        joined = 0
        recordLine = line
        state = .fieldStart
    }
}
