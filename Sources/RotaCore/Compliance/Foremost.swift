/// The few elements with the greatest keys, out of any number: a heap whose root is the least of those kept.
package struct Foremost<Element: Sendable>: Sendable {
    private struct Entry: Sendable {
        var key: Int64
        var arrival: Int
        var element: Element

        /// Of equal keys, the earlier arrival stands before the later, so that the outcome is stable.
        func isBehind(_ other: Entry) -> Bool {
            key != other.key ? key < other.key : arrival > other.arrival
        }
    }

    private let capacity: Int
    private var entries: [Entry] = []
    /// How many were offered.
    package private(set) var offered = 0

    package init(_ capacity: Int) {
        self.capacity = capacity
    }

    /// Takes the element if it is among the foremost so far; `make` is called only then.
    package mutating func offer(_ key: Int64, _ make: () -> Element) {
        guard accepts(key) else { return }
        let entry = Entry(key: key, arrival: offered, element: make())
        if entries.count < capacity {
            entries.append(entry)
            rise(from: entries.count - 1)
        } else {
            entries[0] = entry
            sink(from: 0)
        }
    }

    /// Counts an offer, and whether it is among the foremost so far: nearly all are not, once there were many.
    private mutating func accepts(_ key: Int64) -> Bool {
        offered += 1
        // No element is taken out for this: they are large.
        return entries.count < capacity || capacity > 0 && entries[0].key < key
    }

    /// Greatest key first.
    package func sorted() -> [Element] {
        entries.sorted { $1.isBehind($0) }.map(\.element)
    }

    private mutating func rise(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].isBehind(entries[parent]) else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func sink(from start: Int) {
        var parent = start
        while true {
            let children = (2 * parent + 1)..<min(2 * parent + 3, max(entries.count, 2 * parent + 1))
            guard let least = children.min(by: { entries[$0].isBehind(entries[$1]) }),
                entries[least].isBehind(entries[parent])
            else { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
