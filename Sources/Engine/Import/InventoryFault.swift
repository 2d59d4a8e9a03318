/// What is wrong with one row of an inventory, where, and what to do.
package struct InventoryFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    package var line: Int
    package var message: String
    package var hint: String

    package init(line: Int, _ message: String, hint: String) {
        self.line = line
        self.message = message
        self.hint = hint
    }

    /// The same, said of a row of JSON, where a line may hold all of them.
    ///
    /// - parameters:
    ///   - number: from 1; nil: lines tell.
    ///   - name: of its token; empty when it has none.
    func of(row number: Int?, named name: String) -> InventoryFault {
        guard let number else { return self }
        let whose = name.isEmpty ? "" : " ('\(name.prefix(80))')"
        return InventoryFault(line: line, "row \(number)\(whose): \(message)", hint: hint)
    }

    package var description: String { "line \(line): \(message)" }
}

/// All that is wrong with an inventory: nothing of it was imported.
package struct InventoryFaults: Error, Sendable {
    /// How many are told one by one.
    static let mostTold = 50

    /// The first ones in the order of their lines; more are counted only.
    package private(set) var faults: [InventoryFault] = []
    package private(set) var count = 0

    init(_ faults: [InventoryFault] = []) {
        add(faults)
    }

    var isEmpty: Bool { count == 0 }

    mutating func add(_ found: [InventoryFault]) {
        if found.isEmpty { return }
        count += found.count
        faults.append(contentsOf: found)
        if faults.count > 2 * Self.mostTold { keepFirst() }
    }

    /// Counts faults that are not told one by one.
    mutating func addUntold(_ more: Int) { count += more }

    /// Throws what was gathered, if anything was.
    func throwIfAny() throws {
        if isEmpty { return }
        var told = self
        told.keepFirst()
        throw told
    }

    private mutating func keepFirst() {
        // Of one line, in the order in which they were found.
        let sorted = faults.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
        faults = sorted.prefix(Self.mostTold).map(\.element)
    }
}
