extension Value {
    /// A list. One of texts is taken as it is, so that a host need not wrap each of them.
    package struct List: Sendable {
        private enum Storage: Sendable {
            case values([Value])
            case strings([String])
        }

        private let storage: Storage

        package init(_ values: [Value]) { storage = .values(values) }
        package init(_ texts: [String]) { storage = .strings(texts) }

        package var count: Int {
            switch storage {
            case .values(let values): values.count
            case .strings(let texts): texts.count
            }
        }

        /// - Parameter index: one that the list has.
        package subscript(index: Int) -> Value {
            switch storage {
            case .values(let values): values[index]
            case .strings(let texts): .string(texts[index])
            }
        }

        package var values: [Value] {
            switch storage {
            case .values(let values): values
            case .strings(let texts): texts.map(Value.string)
            }
        }

        /// The texts, when it was made of texts.
        var strings: [String]? {
            if case .strings(let texts) = storage { texts } else { nil }
        }
    }
}
