/// How many tokens lie in each range of a length of time, with edges at the limits of the policies.
package struct Histogram: Hashable, Sendable {
    /// One range and how many lie in it.
    package struct Bucket: Hashable, Sendable {
        /// Where it begins.
        package var from: TimeSpan
        /// Where it ends; nil for the last, which has no end.
        package var to: TimeSpan?
        package var count = 0
        /// How many of them break a rule about this length of time.
        package var violating = 0
    }

    /// Which bucket a value belongs to that lies exactly on an edge.
    package enum Edge: Sendable {
        /// The one below: the rule allows the limit itself (`max-age`).
        case allowed
        /// The one above: the rule is broken at the limit (`unused-for`).
        case broken
    }

    package private(set) var buckets: [Bucket]
    /// The limits that policies set, ascending, each an edge of a bucket.
    package let limits: [TimeSpan]
    /// Tokens of which the length is not known.
    package private(set) var unknown = 0
    private let edge: Edge

    /// How many limits become edges, the shortest ones first.
    private static let mostLimits = 8
    private static let usualEdges: [TimeSpan] = [7, 30, 60, 90, 180, 365, 730].map(TimeSpan.days)

    package init(limits: some Sequence<TimeSpan>, edge: Edge) {
        let limits = Array(Set(limits).sorted().prefix(Self.mostLimits))
        // A usual edge close to a limit would only make a sliver of a bucket.
        let usual = Self.usualEdges.filter { usual in
            !limits.contains { abs($0.seconds - usual.seconds) * 4 < usual.seconds }
        }
        let edges = (limits + usual).sorted()
        self.limits = limits
        self.edge = edge
        buckets = zip([.zero] + edges, edges.map(Optional.some) + [nil]).map { Bucket(from: $0, to: $1) }
    }

    package var total: Int { buckets.reduce(unknown) { $0 + $1.count } }

    /// - parameter length: nil when it is not known. A negative one counts as none at all.
    package mutating func add(_ length: TimeSpan?, violating: Bool) {
        guard let length else {
            unknown += 1
            return
        }
        let index = buckets.firstIndex { bucket in
            guard let end = bucket.to else { return true }
            return edge == .allowed ? length <= end : length < end
        }
        guard let index else { return }
        buckets[index].count += 1
        if violating { buckets[index].violating += 1 }
    }
}
