package import Engine
import JSON
package import RotaCore

/// One document: `report`, `verdicts`, and then, since they are known last, `totals` and `summary`.
package struct JSONReport: ReportFormat {
    package static let order = TokenOrder.byName

    private let sink: ByteSink
    private var writer = JSONWriter(reservingCapacity: bufferSize + 4096)
    private var policies: [Policy] = []
    private var waivers: [Waiver] = []

    package init(to sink: @escaping ByteSink) {
        self.sink = sink
    }

    package mutating func begin(_ facts: ReportFacts) throws {
        policies = facts.policies.policies
        waivers = facts.waivers.list
        writer.beginObject()
        writer.key("report")
        writer.value(facts.json)
        writer.key("verdicts")
        writer.beginArray()
    }

    package mutating func add(_ token: Token, _ rulings: [Planner.Ruling], blocked: BlockedCall?) throws {
        for ruling in rulings { writeRow(of: token, ruling) }
        if writer.bytes.count >= bufferSize { try flush() }
    }

    package mutating func end(_ report: Report) throws {
        writer.endArray()
        writer.key("totals")
        writer.value(report.summary.totals)
        writer.key("summary")
        writer.value(report.json)
        writer.endObject()
        writer.newline()
        try flush()
    }

    private mutating func writeRow(of token: Token, _ ruling: Planner.Ruling) {
        writer.beginObject()
        writer.key("token_id")
        writer.string(token.id.text)
        writer.key("name")
        writer.string(token.name)
        writer.key("policy")
        writer.string(policies[ruling.policy].name)
        writer.key("rule")
        writer.string(policies[ruling.policy].rules[ruling.rule].name)
        writer.key("status")
        writer.string(ruling.verdict.status.rawValue)
        writer.key("reason")
        writer.string(ruling.verdict.reason.code)
        writer.key("message")
        writer.string(ruling.message(waivers))
        writer.key("deadline")
        writer.string(ruling.verdict.deadline?.description)
        writer.key("facts")
        writer.string(ruling.basis?.rawValue)
        if let place = ruling.waiver {
            writer.key("would_be")
            writer.string(ruling.verdict.wouldBe?.rawValue)
            writer.key("waiver")
            writer.string(waivers[place].id)
            writer.key("waived_until")
            writer.string(waivers[place].endsAt.description)
        }
        writer.endObject()
    }

    private mutating func flush() throws {
        try sink(writer.bytes)
        writer.removeAll()
    }
}
