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

    package var description: String { "line \(line): \(message)" }
}

/// All that is wrong with an inventory: nothing of it was imported.
package struct InventoryFaults: Error, Sendable {
    /// The first ones; more are counted only.
    package var faults: [InventoryFault]
    package var count: Int
}
