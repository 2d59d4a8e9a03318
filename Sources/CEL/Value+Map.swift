extension Value {
    /// A map. One of texts is taken as it is, so that a host need not wrap each of them.
    package struct Map: Sendable {
        private enum Storage: Sendable {
            case entries(Entries)
            case strings([String: String])
        }

        private let storage: Storage

        package init(_ texts: [String: String]) { storage = .strings(texts) }

        /// In the order of the entries; nil when two keys are equal, or one is nothing to be a key.
        package init?(_ entries: [(key: Value, value: Value)]) {
            guard let entries = Entries(entries) else { return nil }
            storage = .entries(entries)
        }

        package var count: Int {
            switch storage {
            case .entries(let entries): entries.keys.count
            case .strings(let texts): texts.count
            }
        }

        /// In the order in which they were given; those of a dictionary in the order of their bytes, so that the same
        /// map is gone through in the same way each time.
        package var keys: [Value] {
            switch storage {
            case .entries(let entries): entries.keys
            case .strings(let texts): texts.keys.sorted { $0.precedes($1) }.map(Value.string)
            }
        }

        /// Nil when there is no such key.
        package func value(of key: Value) -> Value? {
            if case .string(let name) = key { return value(named: name) }
            guard case .entries(let entries) = storage, let key = Key(key) else { return nil }
            return entries.value(of: key)
        }

        func value(named name: String) -> Value? {
            switch storage {
            case .entries(let entries): return entries.value(of: .string(name))
            case .strings(let texts):
                guard let place = texts.index(forKey: name), texts.keys[place].hasSameBytes(as: name) else {
                    return nil
                }
                return .string(texts.values[place])
            }
        }
    }

    /// What finds an entry: whole numbers of all types are one kind of key.
    enum Key: Hashable, Sendable {
        case bool(Bool)
        case int(Int64)
        /// Beyond what an int can hold.
        case uint(UInt64)
        case string(String)

        /// Nil for a value that no map has as its key.
        init?(_ value: Value) {
            switch value {
            case .bool(let value): self = .bool(value)
            case .int(let value): self = .int(value)
            case .uint(let value): self = Int64(exactly: value).map(Key.int) ?? .uint(value)
            case .double(let value):
                if let whole = value.wholeInt {
                    self = .int(whole)
                } else if let whole = value.wholeUInt {
                    self = .uint(whole)
                } else {
                    return nil
                }
            case .string(let value): self = .string(value)
            default: return nil
            }
        }

        static func == (left: Key, right: Key) -> Bool {
            switch (left, right) {
            case (.bool(let left), .bool(let right)): left == right
            case (.int(let left), .int(let right)): left == right
            case (.uint(let left), .uint(let right)): left == right
            case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
            default: false
            }
        }

        func hash(into hasher: inout Hasher) {
            switch self {
            case .bool(let value): hasher.combine(value)
            case .int(let value): hasher.combine(value)
            case .uint(let value): hasher.combine(value)
            case .string(let value): for byte in value.utf8 { hasher.combine(byte) }
            }
        }
    }

    private final class Entries: Sendable {
        let keys: [Value]
        private let values: [Value]
        private let places: [Key: Int]

        init?(_ entries: [(key: Value, value: Value)]) {
            var places: [Key: Int] = [:]
            for (place, entry) in entries.enumerated() {
                if case .double = entry.key { return nil }
                guard let key = Key(entry.key), places.updateValue(place, forKey: key) == nil else { return nil }
            }
            (keys, values) = (entries.map(\.key), entries.map(\.value))
            self.places = places
        }

        func value(of key: Key) -> Value? { places[key].map { values[$0] } }
    }
}
