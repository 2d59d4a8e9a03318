/// From how many places a token was used, and when: for each different address and agent the day on which it was last
/// seen.
///
/// Plain text, so that a report of a million tokens makes nothing of it where no rule asks.
package struct SeenFrom: Hashable, Sendable {
    /// What is told apart of uses.
    package enum Kind: String, Sendable, CaseIterable {
        /// Where a use came from.
        case address
        /// What presented the token.
        case agent
    }

    /// Of each kind so many are told apart, those that were seen last. More than any rule may allow.
    package static let most = 64
    /// How far back from the last one they are kept.
    package static let longest = TimeSpan.days(366)

    /// Days since 1970, newest first; addresses before the semicolon, agents behind it. Empty: nobody told of any.
    package let text: String

    /// As it was made before.
    package init(text: String = "") { self.text = text }

    /// - parameters: the midnight of the day on which each was last seen, newest first.
    package init(addresses: [Instant], agents: [Instant]) {
        func list(_ days: [Instant]) -> String {
            days.prefix(Self.most).map { "\($0.seconds / 86_400)" }.joined(separator: " ")
        }
        text = addresses.isEmpty && agents.isEmpty ? "" : "\(list(addresses));\(list(agents))"
    }

    /// How many of a kind were seen on a day that began later than an instant.
    package func count(_ kind: Kind, after start: Instant) -> Int {
        var (count, day) = (0, Int64(0))
        var isOfKind = kind == .address
        for byte in text.utf8 {
            switch byte {
            case 48...57: day = day * 10 + Int64(byte - 48)
            default:
                if isOfKind, day * 86_400 > start.seconds { count += 1 }
                day = 0
                if byte == UInt8(ascii: ";") { isOfKind = kind == .agent }
            }
        }
        return isOfKind && day * 86_400 > start.seconds ? count + 1 : count
    }
}

/// How many different places a token was used from within a time, and how many there may be.
package struct SourceCount: Hashable, Sendable {
    package var kind: SeenFrom.Kind
    package var count: Int
    package var limit: Int
    package var within: TimeSpan

    package init(_ kind: SeenFrom.Kind, count: Int, limit: Int, within: TimeSpan) {
        self.kind = kind
        self.count = count
        self.limit = limit
        self.within = within
    }

    /// `4 different addresses`.
    var spoken: String {
        let one = kind == .address ? "address" : "agent"
        return switch count {
        case 0: "no \(one)"
        case 1: "one \(one)"
        default: "\(count) different \(kind == .address ? "addresses" : "agents")"
        }
    }
}
