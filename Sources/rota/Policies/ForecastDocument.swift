import Documents
import JSON
import RotaCore

/// The actions of the coming days, as they are shown.
struct ForecastDocument {
    /// How many plans over a limit are shown.
    private static let mostRefusals = 5
    /// The length of the longest bar.
    private static let longestBar = 20

    private let forecast: ActionForecast
    private let days: [ActionForecast.Day]
    private let total: ActionForecast.Day
    /// What has to be known to read it, in sentences.
    let remarks: [String]
    /// Those that do not act, with their mode.
    private let idle: [Policy]
    private let isWatched: Bool

    init(_ simulation: PolicySimulation, _ policies: [Policy]) {
        forecast = simulation.forecast
        days = forecast.days
        total = forecast.total
        idle = policies.filter { $0.mode != .enforce }
        isWatched = simulation.isWatched
        var remarks: [String] = []
        if simulation.lacksWatch {
            remarks.append(WatchRemark.now)
        }
        let blocked = BlockedReason.allCases.compactMap { reason in
            simulation.forecast.blocked[reason].map { "\($0) \(reason.rawValue)" }
        }
        if !blocked.isEmpty {
            let count = simulation.forecast.blocked.values.reduce(0, +)
            remarks.append(
                "\(counted(count, "token has", "tokens have")) an action that cannot be taken: "
                    + blocked.joined(separator: ", "))
        }
        if simulation.policies.contains(where: { !$0.limits.perOwner.isOpen || !$0.limits.perVault.isOpen }) {
            remarks.append("limits by owner and by vault are not looked at")
        }
        self.remarks = remarks
    }

    // MARK: - JSON

    var json: JSON {
        let worst = forecast.worst
        return [
            "from": TokenDocument.time(forecast.from), "until": TokenDocument.time(forecast.until),
            "tokens": .integer(forecast.tokens),
            "days": .array(days.map(json)),
            "totals": [
                "total": .integer(total.total), "actions": json(total.actions), "policies": policies(of: total),
            ],
            "worst": worst.map { ["day": .string($0.date.date), "total": .integer($0.total)] } ?? .null,
            "refusals": .array(
                forecast.refusals.map { ["at": TokenDocument.time($0.at), "message": .string($0.sentence)] }),
            "blocked": .object(
                BlockedReason.allCases.reduce(into: [:]) { object, reason in
                    if let count = forecast.blocked[reason] { object[reason.rawValue] = .integer(count) }
                }),
            "not_acting": .array(
                idle.map { ["policy": .string($0.name), "mode": .string($0.mode.rawValue)] }),
            "uses_watched": .bool(isWatched),
        ]
    }

    private func json(_ day: ActionForecast.Day) -> JSON {
        [
            "day": .string(day.date.date), "total": .integer(day.total), "actions": json(day.actions),
            "policies": policies(of: day),
        ]
    }

    private func policies(of day: ActionForecast.Day) -> JSON {
        .array(
            day.policies.map {
                ["policy": .string($0.policy), "total": .integer($0.total), "actions": json($0.actions)]
            })
    }

    private func json(_ actions: [Action: Int]) -> JSON {
        .object(
            Action.allCases.reduce(into: [:]) { object, action in
                if let count = actions[action] { object[action.rawValue] = .integer(count) }
            })
    }

    // MARK: - Tables

    func print(on output: Output) {
        let span = "from \(forecast.from) until \(forecast.until)"
        guard !total.actions.isEmpty else {
            output.line("no policy acts on any of \(counted(forecast.tokens, "active token")) \(span)")
            printRemarks(on: output)
            return
        }
        printWorst(on: output)
        printDays(on: output)
        printPolicies(on: output)
        printRefusals(on: output)
        output.line()
        let count = forecast.tokens
        output.line("\(counted(total.total, "action")) on \(counted(count, "active token")) \(span), as things are now")
        printRemarks(on: output)
    }

    private func printWorst(on output: Output) {
        guard let worst = forecast.worst else { return }
        let share = "\(max(1, worst.total * 100 / max(1, total.total))) percent of all"
        output.line("most on \(day(worst.date)): \(counted(worst.total, "action")), \(share)")
        guard let crowd = forecast.crowd else { return }
        output.line(
            printable("hint: 'pace: { actions: N }' in policy '\(crowd.policy)' spreads them over several runs; ")
                + "\(crowd.average) a day is its average here")
    }

    private func printDays(on output: Output) {
        let columns = columns
        let greatest = max(1, days.map(\.total).max() ?? 1)
        let rows = rows(of: columns)
        let widths = widths(columns, rows.map(\.cells))
        var table = Table(["day"] + padded(columns.map(\.rawValue), widths) + [""], on: output, title: "Day by day")
        for row in rows {
            // Part of a mark is a mark: what is not nothing is seen.
            let length = (row.total * Self.longestBar + greatest - 1) / greatest
            table.add([row.head] + padded(row.cells, widths) + [String(repeating: "#", count: length)])
        }
        table.finish()
    }

    private struct Row {
        var head: String
        var cells: [String]
        var total = 0
    }

    /// Days in a row without an action are one row.
    private func rows(of columns: [Action]) -> [Row] {
        var rows: [Row] = []
        var empty = 0
        func fold() {
            if empty > 0 { rows.append(Row(head: counted(empty, "empty day"), cells: columns.map { _ in "-" })) }
            empty = 0
        }
        for each in days {
            guard !each.actions.isEmpty else {
                empty += 1
                continue
            }
            fold()
            rows.append(Row(head: day(each.date), cells: cells(each.actions, columns), total: each.total))
        }
        fold()
        return rows
    }

    private func printPolicies(on output: Output) {
        let columns = columns
        let rows =
            total.policies.map { Row(head: $0.policy, cells: cells($0.actions, columns), total: $0.total) }
            + [Row(head: "all", cells: cells(total.actions, columns))]
        let widths = widths(columns, rows.map(\.cells))
        var table = Table(["policy"] + padded(columns.map(\.rawValue), widths), on: output, title: "In all")
        for row in rows { table.add([row.head] + padded(row.cells, widths)) }
        table.finish()
    }

    private func printRefusals(on output: Output) {
        var table = Table(["run", "why"], on: output, title: "Plans over a limit: they would be refused as a whole")
        for refusal in forecast.refusals.prefix(Self.mostRefusals) {
            table.add([refusal.at.description, refusal.sentence])
        }
        table.finish()
        let more = forecast.refusals.count - Self.mostRefusals
        if more > 0 { output.line("and \(counted(more, "other"))") }
    }

    private func printRemarks(on output: Output) {
        for remark in remarks { output.line(remark) }
        guard !idle.isEmpty else { return }
        let names = idle.prefix(3).map { "\($0.name) (\($0.mode.rawValue))" }.joined(separator: ", ")
        let more = idle.count > 3 ? " and \(idle.count - 3) more" : ""
        output.line(
            printable(
                "\(counted(idle.count, "policy does", "policies do")) not act: \(names)\(more); "
                    + "--enforced shows what they would do"))
    }

    // MARK: - Cells

    /// The actions that there are.
    private var columns: [Action] { Action.allCases.reversed().filter { total.actions[$0] != nil } }

    private func cells(_ actions: [Action: Int], _ columns: [Action]) -> [String] {
        columns.map { actions[$0].map { String($0) } ?? "-" }
    }

    private func widths(_ columns: [Action], _ rows: [[String]]) -> [Int] {
        columns.indices.map { column in
            rows.reduce(columns[column].rawValue.count) { max($0, $1[column].count) }
        }
    }

    /// To the right, as numbers stand.
    private func padded(_ cells: [String], _ widths: [Int]) -> [String] {
        zip(cells, widths).map { String(repeating: " ", count: max(0, $1 - $0.count)) + $0 }
    }

    /// As in `Tue 2026-11-24`.
    private func day(_ date: Instant) -> String {
        String(Zone.utc.localTime(of: date).prefix("Tue 2026-11-24".count))
    }
}
