package import Engine
import JSON
import RotaCore

extension EarlierReport {
    /// Reads a report in JSON as its bytes come in, so that it is never held as a whole.
    ///
    /// - parameter open: begins anew, and answers what gives the next bytes: none at the end.
    package init(json open: @escaping () throws -> () throws -> [UInt8]) {
        self.init { each in
            let next = try open()
            var reader = EarlierReportReader()
            while true {
                let chunk = try next()
                guard !chunk.isEmpty else { break }
                try reader.take(chunk, each)
            }
            return try reader.facts()
        }
    }
}

/// What is wrong with a file that is to be an earlier report.
package struct UnreadableReport: Error, Hashable, CustomStringConvertible {
    package let description: String
}

/// Finds `report` and the elements of `verdicts` in the one object of a report; passes over the rest.
private struct EarlierReportReader {
    private static let longestElement = 1 << 20

    private var depth = 0
    private var inString = false
    private var escaped = false
    /// The last string of the outermost object: the name of the member that follows.
    private var member: [UInt8] = []
    private var element: [UInt8] = []
    private var isKept = false
    private var found: JSON?
    private var seesVerdicts = false
    private var isWhole = false

    mutating func take(_ chunk: [UInt8], _ each: (EarlierReport.Row) throws -> Void) throws {
        for byte in chunk {
            if inString { takeInString(byte) } else { try takeOutside(byte, each) }
        }
    }

    private mutating func takeInString(_ byte: UInt8) {
        if escaped {
            escaped = false
        } else if byte == UInt8(ascii: "\\") {
            escaped = true
        } else if byte == UInt8(ascii: "\"") {
            inString = false
        }
        if isKept {
            element.append(byte)
        } else if depth == 1, inString, member.count < 64 {
            member.append(byte)
        }
    }

    private mutating func takeOutside(_ byte: UInt8, _ each: (EarlierReport.Row) throws -> Void) throws {
        switch byte {
        case UInt8(ascii: "\""):
            inString = true
            if depth == 1 { member.removeAll(keepingCapacity: true) }
        case UInt8(ascii: "{"), UInt8(ascii: "["): try open(byte)
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if isKept { element.append(byte) }
            try close(each)
            return
        case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): break
        default:
            guard depth > 0 else { throw UnreadableReport(description: "this is no report in JSON") }
        }
        if isKept { element.append(byte) }
        guard element.count <= Self.longestElement else {
            throw UnreadableReport(description: "one of its verdicts is longer than 1 MiB")
        }
    }

    private mutating func open(_ byte: UInt8) throws {
        guard depth > 0 || byte == UInt8(ascii: "{") && !isWhole else {
            throw UnreadableReport(description: "this is no report in JSON")
        }
        let isFacts = depth == 1 && isMember("report") && byte == UInt8(ascii: "{")
        let isRow = depth == 2 && isMember("verdicts") && byte == UInt8(ascii: "{")
        if depth == 1, isMember("verdicts") { seesVerdicts = true }
        depth += 1
        if isFacts || isRow {
            isKept = true
            element.removeAll(keepingCapacity: true)
        }
    }

    private mutating func close(_ each: (EarlierReport.Row) throws -> Void) throws {
        depth -= 1
        if depth == 0 { isWhole = true }
        guard isKept, depth == (isMember("report") ? 1 : 2) else { return }
        isKept = false
        let value = try JSON.parse(element, maximumBytes: Self.longestElement)
        if depth == 1 { found = value } else { try each(Self.row(value)) }
    }

    private func isMember(_ name: StaticString) -> Bool {
        member.elementsEqual(name.description.utf8)
    }

    private static func row(_ value: JSON) throws -> EarlierReport.Row {
        guard let id = value["token_id"]?.string, let policy = value["policy"]?.string,
            let rule = value["rule"]?.string,
            let status = value["status"]?.string.flatMap(Verdict.Status.init(rawValue:))
        else { throw UnreadableReport(description: "one of its verdicts is not one of Rota's") }
        return EarlierReport.Row(
            tokenID: TokenID(id), name: value["name"]?.string ?? id,
            rule: RuleReference(policy: policy, rule: rule), status: status,
            message: value["message"]?.string ?? "")
    }

    func facts() throws -> EarlierReport.Facts {
        guard isWhole, depth == 0, seesVerdicts, let found, let instance = found["instance"]?.string,
            let at = found["at"]?.string.flatMap({ Instant($0) }), let digest = found["policies_digest"]?.string
        else { throw UnreadableReport(description: "this is no whole report in JSON, as rota report --json makes it") }
        return EarlierReport.Facts(
            instance: instance, at: at, policiesDigest: digest, owner: found["owner"]?.string,
            isRedacted: found["redacted"]?.bool ?? false, isRebuilt: found["as_of"]?.string != nil)
    }
}
