extension JSON {
    /// The members of an object, in order, each key once.
    package struct Object: Sendable {
        /// A key and its value, in the order of the document.
        package struct Member: Sendable, Hashable {
            package let key: String
            package fileprivate(set) var value: JSON

            package static func == (left: Member, right: Member) -> Bool {
                left.key.hasSameBytes(as: right.key) && left.value == right.value
            }
        }

        /// A key that is told from others by its bytes.
        private struct ExactKey: Hashable, Sendable {
            let text: String

            static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }
        }

        /// Up to here, looking through the members is quicker than hashing.
        private static let searchedInOrder = 12

        package private(set) var members: [Member] = []
        /// Where each key is, kept once there are more members than are searched in order.
        private var positions: [ExactKey: Int] = [:]

        package init() {}

        /// Of two members with one key, the later counts, in the place of the first.
        package init(_ members: some Sequence<(String, JSON)>) {
            for (key, value) in members { self[key] = value }
        }

        package var count: Int { members.count }
        package var isEmpty: Bool { members.isEmpty }
        /// The keys in order.
        package var keys: [String] { members.map(\.key) }

        /// The value of a key.
        ///
        /// Setting a new key adds it at the end; setting nil removes it.
        package subscript(key: String) -> JSON? {
            get { position(of: key).map { members[$0].value } }
            set {
                switch (position(of: key), newValue) {
                case (let position?, let value?): members[position].value = value
                case (let position?, nil): remove(at: position)
                case (nil, let value?): add(key, value)
                case (nil, nil): break
                }
            }
        }

        /// Adds a member whose key is new, and says no when it is not.
        mutating func insert(_ key: String, _ value: JSON) -> Bool {
            guard position(of: key) == nil else { return false }
            add(key, value)
            return true
        }

        private func position(of key: String) -> Int? {
            guard positions.isEmpty else { return positions[ExactKey(text: key)] }
            return members.firstIndex { $0.key.hasSameBytes(as: key) }
        }

        private mutating func add(_ key: String, _ value: JSON) {
            members.append(Member(key: key, value: value))
            if !positions.isEmpty {
                positions[ExactKey(text: key)] = members.count - 1
            } else if members.count > Self.searchedInOrder {
                indexMembers()
            }
        }

        private mutating func remove(at position: Int) {
            members.remove(at: position)
            positions = [:]
            if members.count > Self.searchedInOrder { indexMembers() }
        }

        private mutating func indexMembers() {
            for (position, member) in members.enumerated() {
                positions[ExactKey(text: member.key)] = position
            }
        }
    }
}

/// Equal when the same members come in the same order.
extension JSON.Object: Hashable {
    package static func == (left: Self, right: Self) -> Bool { left.members == right.members }

    package func hash(into hasher: inout Hasher) { hasher.combine(members) }
}

extension JSON.Object: Sequence {
    package func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }
}

extension JSON.Object: ExpressibleByDictionaryLiteral {
    package typealias Key = String
    package typealias Value = JSON

    package init(dictionaryLiteral members: (String, JSON)...) { self.init(members) }
}
