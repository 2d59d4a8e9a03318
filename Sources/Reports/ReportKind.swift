package import Engine
import RotaCore

/// In which format a report is made, wherever somebody asks for it.
package enum ReportKind: String, CaseIterable, Sendable {
    case html, json, csv, markdown, junit, oscal, inventory

    /// How files of it end.
    package var ending: String {
        switch self {
        case .html, .json, .csv: rawValue
        case .markdown: "md"
        case .junit: "junit.xml"
        case .oscal: "oscal.json"
        case .inventory: "inventory.csv"
        }
    }

    package var contentType: String {
        switch self {
        case .html: "text/html; charset=utf-8"
        case .json: "application/json"
        case .csv, .inventory: "text/csv; charset=utf-8"
        case .markdown: "text/markdown; charset=utf-8"
        case .junit: "application/xml"
        case .oscal: "application/oscal+json"
        }
    }

    /// Each once.
    package static var contentTypes: [String] {
        allCases.map(\.contentType).enumerated().filter { place, type in
            allCases.firstIndex { $0.contentType == type } == place
        }.map(\.element)
    }

    /// Writes the report, and tells what came of it.
    ///
    /// - parameters:
    ///   - earlier: the report that it is held against.
    ///   - progress: told now and then how many tokens have been judged.
    package func compose(
        _ request: ReportRequest, against earlier: EarlierReport? = nil, from store: any StoreReads,
        to sink: @escaping ByteSink,
        progress: @escaping (Int) throws -> Void = { _ in }
    ) throws -> ComposedReport {
        func count(_ format: some ReportFormat) throws -> ComposedReport {
            var counting = CountingFormat(format: format, progress: progress)
            try composeReport(request, against: earlier, from: store, as: &counting)
            return ComposedReport(violations: counting.violations, tokens: counting.tokens)
        }
        switch self {
        case .html: return try count(HTMLReport(to: sink))
        case .json: return try count(JSONReport(to: sink))
        case .csv: return try count(CSVReport(to: sink))
        case .markdown: return try count(MarkdownReport(to: sink))
        case .junit: return try count(JUnitReport(to: sink))
        case .oscal: return try count(OSCALReport(to: sink))
        case .inventory: return try count(InventoryData(to: sink))
        }
    }
}

/// What came of a report that was written.
package struct ComposedReport: Sendable {
    package var violations: Int
    /// How many live tokens it is of.
    package var tokens: Int

    /// What whoever asked for an owner's report has to know: nothing is violated where nothing was looked at.
    package func remark(isSlice: Bool) -> String? {
        isSlice && tokens == 0 ? "no live token has an owner that was asked for: the report is of none" : nil
    }
}

/// A format that keeps how many violations there are, and tells how far it has come.
private struct CountingFormat<Format: ReportFormat>: ReportFormat {
    static var order: TokenOrder { Format.order }
    var format: Format
    private(set) var violations = 0
    private(set) var tokens = 0
    private let progress: (Int) throws -> Void

    init(format: Format, progress: @escaping (Int) throws -> Void) {
        self.format = format
        self.progress = progress
    }

    mutating func begin(_ facts: ReportFacts) throws { try format.begin(facts) }

    mutating func add(_ token: Token, _ rulings: [Planner.Ruling], blocked: BlockedCall?) throws {
        tokens += 1
        if tokens.isMultiple(of: 1_000) { try progress(tokens) }
        try format.add(token, rulings, blocked: blocked)
    }

    mutating func end(_ report: Report) throws {
        violations = report.summary.verdicts.violating
        try format.end(report)
    }
}
