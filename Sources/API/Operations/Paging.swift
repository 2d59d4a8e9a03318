import Engine
import RotaCore

extension Array {
    /// A page of a list of which one more than is wanted was asked for, and after which number the next one begins; nil
    /// where there is none.
    func page<Record>(of limit: Int) -> (records: [Record], next: Int64?) where Element == Numbered<Record> {
        (prefix(limit).map(\.record), count > limit ? self[limit - 1].number : nil)
    }
}

extension Call {
    /// After which number of a list it goes on; nil: from its beginning.
    func start(of kind: String) throws -> Int64? {
        guard let text = text("cursor"), !text.isEmpty else { return nil }
        return try Cursor.read(text, of: kind).number
    }
}

extension Cursor {
    /// The same of one number, for a link; nil where there is no more.
    static func text(_ number: Int64?, of kind: String) -> String? {
        number.map { Cursor(texts: [], number: $0).text(of: kind) }
    }
}

extension StoreReads {
    /// Waivers of some kind, latest first.
    func waivers(
        before number: Int64?, limit: Int, where isWanted: (Waiver) -> Bool
    ) throws -> [Numbered<Waiver>] {
        var found: [Numbered<Waiver>] = []
        try eachWaiver(before: number) { waiver in
            if isWanted(waiver.record) { found.append(waiver) }
            return found.count < limit
        }
        return found
    }
}
