import Engine
import RotaCore
import SQLite

extension SQLStore {
    func runs(before number: Int64?, limit: Int) throws -> [NumberedRun] {
        try driver.all(.runsBefore, [.integer(number ?? .max), .of(limit)]) { row in
            NumberedRun(number: row.integer(Self.runColumnCount), run: Decode.run(row))
        }
    }

    func run(_ id: String) throws -> RunRecord? { try driver.first(.runOfID, [.text(id)], Decode.run) }

    func actions(ofRun id: String, after number: Int64, limit: Int) throws -> [NumberedAction] {
        try driver.all(.actionsOfRun, [.text(id), .integer(number), .of(limit)]) { row in
            NumberedAction(number: row.integer(13), action: try Decode.action(row))
        }
    }

    private static let runColumnCount = 8
}
