import Engine
import RotaCore
import SQLite

extension SQLStore {
    func runs(before number: Int64?, limit: Int) throws -> [Numbered<RunRecord>] {
        try driver.all(.runsBefore, [.integer(number ?? .max), .of(limit)]) { row in
            Numbered(row.integer(Self.runColumnCount), Decode.run(row))
        }
    }

    func run(_ id: String) throws -> RunRecord? { try driver.first(.runOfID, [.text(id)], Decode.run) }

    func actions(ofRun id: String, after number: Int64, limit: Int) throws -> [Numbered<RecordedAction>] {
        try driver.all(.actionsOfRun, [.text(id), .integer(number), .of(limit)]) { row in
            Numbered(row.integer(13), try Decode.action(row))
        }
    }

    func deliveryCountsByEndpoint() throws -> [String: DeliveryCounts] {
        var counts: [String: DeliveryCounts] = [:]
        try driver.query(.deliveriesOfEndpoints, []) { row in
            var known = counts[row.text(0)] ?? DeliveryCounts(waiting: 0, delivered: 0, dead: 0)
            switch row.text(1) {
            case "waiting": known.waiting = row.count(2)
            case "delivered": known.delivered = row.count(2)
            default: known.dead = row.count(2)
            }
            counts[row.text(0)] = known
            return true
        }
        return counts
    }

    private static let runColumnCount = 8
}
