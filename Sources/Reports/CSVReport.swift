package import Engine
package import RotaCore

/// One line for each verdict, as RFC 4180 has it, safe to open in a spreadsheet.
///
/// `value_issued_at` is of the oldest value that authenticates, which is the one that is judged; `last_used`
/// is a time, `never`, or empty for unknown, as in an import. `would_be` is the status of a waived one without its
/// waiver. `facts` tells whether all that a verdict goes by was seen here (`observed`) or some of it was told by an
/// import (`asserted`). Each line says when it was judged, and whether it is of a part (`extent`), since lines leave
/// the file that they came in.
package struct CSVReport: ReportFormat {
    package static let order = TokenOrder.byName

    private static let header =
        "token_id,name,owner,integration,issuer,policy,rule,status,reason,message,deadline,"
        + "value_issued_at,last_used,expires_at,would_be,waiver,waived_until,facts,judged_at,extent\r\n"

    private let sink: ByteSink
    private var bytes: [UInt8] = []
    /// The fields `policy,rule` of each rule of each policy, with the commas around them.
    private var names: [[[UInt8]]] = []
    /// What every line of a token begins and ends with.
    private var head: [UInt8] = []
    private var tail: [UInt8] = []
    private var waivers: [Waiver] = []
    private var extent: [UInt8] = []

    package init(to sink: @escaping ByteSink) {
        self.sink = sink
        bytes.reserveCapacity(bufferSize + 4096)
    }

    package mutating func begin(_ facts: ReportFacts) throws {
        bytes += Self.header.utf8
        waivers = facts.waivers.list
        extent = facts.extentFields
        names = facts.policies.policies.map { policy in
            policy.rules.map { rule in
                var fields: [UInt8] = []
                fields.append(field: policy.name)
                fields.append(field: rule.name)
                return fields
            }
        }
    }

    package mutating func add(_ token: Token, _ rulings: [Planner.Ruling], blocked: BlockedCall?) throws {
        guard !rulings.isEmpty else { return }
        head.removeAll(keepingCapacity: true)
        head.append(field: token.id.text)
        head.append(field: token.name)
        head.append(field: token.owner)
        head.append(field: token.integration)
        head.append(field: token.issuer.description)
        tail.removeAll(keepingCapacity: true)
        tail.append(time: token.values.oldestIssuedAt)
        tail.append(use: token.usage)
        tail.append(time: token.expiresAt)
        for ruling in rulings {
            bytes += head
            bytes += names[ruling.policy][ruling.rule]
            bytes.append(plain: ruling.verdict.status.rawValue)
            bytes.append(plain: ruling.verdict.reason.code)
            bytes.append(field: ruling.message(waivers))
            bytes.append(time: ruling.verdict.deadline)
            bytes += tail
            if let place = ruling.waiver {
                bytes.append(plain: ruling.verdict.wouldBe?.rawValue ?? "")
                bytes.append(plain: waivers[place].id)
                bytes.append(time: waivers[place].endsAt)
            } else {
                bytes += ",,,".utf8
            }
            bytes.append(plain: ruling.basis?.rawValue ?? "")
            bytes += extent
            bytes.endLine()
        }
        if bytes.count >= bufferSize { try flush() }
    }

    package mutating func end(_ report: Report) throws {
        try flush()
    }

    private mutating func flush() throws {
        try sink(bytes)
        bytes.removeAll(keepingCapacity: true)
    }
}

extension ReportFacts {
    /// When its rows are judged, and whether they are of all that there is.
    var extentFields: [UInt8] {
        var fields: [UInt8] = []
        fields.append(time: at)
        fields.append(field: extent.isEmpty ? "all" : extent.joined(separator: "; "))
        return fields
    }
}

/// Fields, each with the comma that follows it.
extension [UInt8] {
    /// A text that needs no care: one of our own words.
    mutating func append(plain text: String) {
        append(contentsOf: text.utf8)
        append(UInt8(ascii: ","))
    }

    /// Ends a line instead of the field that would follow.
    mutating func endLine() {
        removeLast()
        append(contentsOf: "\r\n".utf8)
    }

    mutating func append(time: Instant?) {
        if let time { append(contentsOf: time.utf8) }
        append(UInt8(ascii: ","))
    }

    mutating func append(use: Usage) {
        switch use {
        case .lastUsed(let time): append(time: time)
        case .neverUsed: append(plain: "never")
        case .unknown: append(plain: "")
        }
    }

    /// A text of anybody's making. What a spreadsheet would take for a formula gets a leading apostrophe, also behind
    /// what parts cells where the comma is the sign of decimals.
    mutating func append(field text: String) {
        guard text.utf8.contains(where: Self.needsCare) || text.utf8.first == 0x20 || text.utf8.last == 0x20 else {
            if text.unicodeScalars.first.map(Self.beginsFormula) ?? false { append(UInt8(ascii: "'")) }
            return append(plain: text)
        }
        let isQuoted =
            text.utf8.contains(where: Self.needsQuotes) || text.utf8.first == 0x20 || text.utf8.last == 0x20
        if isQuoted { append(UInt8(ascii: "\"")) }
        var isFirst = true
        for scalar in text.unicodeScalars {
            if isFirst, Self.beginsFormula(scalar) { append(UInt8(ascii: "'")) }
            isFirst = scalar == ";" || scalar == "\t"
            if scalar == "\"" { append(UInt8(ascii: "\"")) }
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { append(byte) }
        }
        if isQuoted { append(UInt8(ascii: "\"")) }
        append(UInt8(ascii: ","))
    }

    private static func beginsFormula(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        // Also as East Asian keyboards have them.
        case "=", "+", "-", "@", "\t", "\n", "\r", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}": true
        default: false
        }
    }

    private static func needsCare(_ byte: UInt8) -> Bool { needsQuotes(byte) || byte == UInt8(ascii: ";") }

    private static func needsQuotes(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte < 0x20
    }
}
