package import Engine
package import RotaCore

/// One test case for each verdict, as build servers read them: of a rule, on a token. What violates fails; what is
/// waived, or cannot be judged, is skipped, and says why.
package struct JUnitReport: ReportFormat {
    package static let order = TokenOrder.byName

    private let sink: ByteSink
    private var bytes: [UInt8] = []
    private var policies: [Policy] = []
    private var waivers: [Waiver] = []

    package init(to sink: @escaping ByteSink) { self.sink = sink }

    package mutating func begin(_ facts: ReportFacts) throws {
        policies = facts.policies.policies
        waivers = facts.waivers.list
        bytes += #"<?xml version="1.0" encoding="UTF-8"?>"#.utf8
        // How many failed is known last, so that it stands in no attribute: readers count the cases.
        bytes += "\n<testsuites name=\"rota\">\n<testsuite name=\"compliance".utf8
        if let owner = facts.owner { bytes.append(xml: " of \(owner)") }
        if facts.isRedacted { bytes += ", redacted".utf8 }
        if facts.hypothetical { bytes += ", hypothetical".utf8 }
        bytes += "\" timestamp=\"".utf8
        bytes += "\(facts.at.description.dropLast())\" hostname=\"\(facts.store.instance)\">\n".utf8
        bytes += "<properties>\n".utf8
        if let checkpoint = facts.checkpoint { property("checkpoint", checkpoint) }
        for list in facts.origins.imports { property("import", list.words) }
        for log in facts.origins.usageImports { property("usage-import", log.words) }
        for load in facts.origins.loads { property("policies", load.words) }
        for (name, count) in facts.originCounts { property(name, "\(count)") }
        for entry in facts.missing.listed { property("missing-token", entry.words) }
        for records in facts.missingRecords { property("missing-records", records) }
        bytes += "</properties>\n".utf8
    }

    private mutating func property(_ name: String, _ value: String) {
        bytes += "<property name=\"\(name)\" value=\"".utf8
        bytes.append(xml: value)
        bytes += "\"/>\n".utf8
    }

    package mutating func add(_ token: Token, _ rulings: [Planner.Ruling], blocked: BlockedCall?) throws {
        for ruling in rulings {
            let policy = policies[ruling.policy]
            bytes += "<testcase classname=\"".utf8
            bytes.append(xml: "\(policy.name).\(policy.rules[ruling.rule].name)")
            bytes += "\" name=\"".utf8
            bytes.append(xml: "\(token.name) (\(token.id))")
            bytes += "\"".utf8
            append(ruling)
        }
        if bytes.count >= bufferSize { try flush() }
    }

    private mutating func append(_ ruling: Planner.Ruling) {
        switch ruling.verdict.status {
        case .compliant, .due: bytes += "/>\n".utf8
        case .violating:
            bytes += "><failure type=\"\(ruling.verdict.reason.code)\" message=\"".utf8
            bytes.append(xml: ruling.message(waivers))
            bytes += "\"/></testcase>\n".utf8
        case .waived, .unknown:
            bytes += "><skipped message=\"".utf8
            bytes.append(xml: "\(ruling.verdict.status.rawValue): \(ruling.message(waivers))")
            bytes += "\"/></testcase>\n".utf8
        }
    }

    package mutating func end(_ report: Report) throws {
        let inventory = report.summary.inventory
        bytes += "<system-out>\(inventory.observed) live tokens were issued here, so that their dates were seen; ".utf8
        bytes += "of \(inventory.asserted) they were told by lists.</system-out>\n".utf8
        bytes += "</testsuite>\n</testsuites>\n".utf8
        try flush()
    }

    private mutating func flush() throws {
        try sink(bytes)
        bytes.removeAll(keepingCapacity: true)
    }
}

extension [UInt8] {
    /// Text within an attribute (XML 1.0 sections 2.2 and 2.4); what no document may hold becomes U+FFFD.
    fileprivate mutating func append(xml text: String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": self += "&amp;".utf8
            case "<": self += "&lt;".utf8
            case ">": self += "&gt;".utf8
            case "\"": self += "&quot;".utf8
            case "\t", "\n", "\r": self += "&#\(scalar.value);".utf8
            default:
                let isAllowed = scalar.value >= 0x20 && scalar.value & 0xFFFE != 0xFFFE
                self += String(isAllowed ? scalar : "\u{FFFD}").utf8
            }
        }
    }
}
