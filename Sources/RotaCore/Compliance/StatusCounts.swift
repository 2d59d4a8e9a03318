/// How many verdicts, or tokens, have each status.
package struct StatusCounts: Hashable, Sendable {
    package private(set) var compliant = 0
    package private(set) var due = 0
    package private(set) var violating = 0
    package private(set) var waived = 0
    package private(set) var unknown = 0

    package init() {}

    package var total: Int { compliant + due + violating + waived + unknown }

    package subscript(status: Verdict.Status) -> Int {
        switch status {
        case .compliant: compliant
        case .due: due
        case .violating: violating
        case .waived: waived
        case .unknown: unknown
        }
    }

    package mutating func add(_ status: Verdict.Status) {
        switch status {
        case .compliant: compliant += 1
        case .due: due += 1
        case .violating: violating += 1
        case .waived: waived += 1
        case .unknown: unknown += 1
        }
    }

    package static func += (sum: inout StatusCounts, more: StatusCounts) {
        sum.compliant += more.compliant
        sum.due += more.due
        sum.violating += more.violating
        sum.waived += more.waived
        sum.unknown += more.unknown
    }
}

extension Verdict.Status {
    /// How much it asks of the reader: a token of several verdicts is counted under the gravest of them.
    package var gravity: Int {
        switch self {
        case .violating: 4
        case .due: 3
        case .unknown: 2
        case .waived: 1
        case .compliant: 0
        }
    }
}
