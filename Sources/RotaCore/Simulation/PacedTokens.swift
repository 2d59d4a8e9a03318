/// Tokens that policies with a pace act on, which have to be followed together: the oldest deadline goes first.
struct PacedTokens: Sendable {
    /// What a token wants of a policy that has a pace.
    struct Wish: Sendable {
        var policy: Int
        var deadline: Instant?
        var at: Instant
        /// When it is to be looked at for something else.
        var next: Instant
    }

    /// A token that is to be looked at.
    private struct Look: Comparable, Sendable {
        var at: Instant
        var place: Int
        var edition: Int

        static func < (left: Look, right: Look) -> Bool { (left.at, left.place) < (right.at, right.place) }
    }

    /// A token that waits, in the order of a plan: oldest deadline first, none last; then by token.
    private struct Waiting: Comparable, Sendable {
        var deadline: Instant?
        var id: TokenID
        var place: Int
        var edition: Int

        static func < (left: Waiting, right: Waiting) -> Bool {
            left.deadline == right.deadline ? left.id < right.id : left.deadline.precedes(right.deadline)
        }
    }

    /// What is kept of an earlier edition of a token counts for nothing. Nil: nothing more comes of it.
    private var tokens: [(token: SimulatedToken?, edition: Int)] = []
    private var looks = Heap<Look>()
    private var waiting: [Int: Heap<Waiting>] = [:]
    /// Up to where all is done.
    private var passed = Instant.beginning

    mutating func add(_ token: SimulatedToken, at instant: Instant) {
        tokens.append((token, 0))
        looks.insert(Look(at: instant, place: tokens.count - 1, edition: 0))
    }

    /// When there is something to do; nil: never.
    func next(by times: [RunTimes]) -> Instant? {
        let runs = waiting.compactMap { policy, tokens in
            tokens.first == nil ? nil : times[policy].next(atOrAfter: passed + TimeSpan(seconds: 1))
        }
        return (runs + [looks.first?.at].compactMap(\.self)).min()
    }

    mutating func pass(_ now: Instant) { passed = now }

    /// Whether the runs of an instant have not been gone through.
    func isAhead(_ now: Instant) -> Bool { now > passed }

    /// A token that is to be looked at now; nil when none is left.
    mutating func takeDue(at now: Instant) -> (Int, SimulatedToken)? {
        while let look = looks.first, look.at <= now {
            _ = looks.removeFirst()
            if tokens[look.place].edition == look.edition, let token = tokens[look.place].token {
                return (look.place, token)
            }
        }
        return nil
    }

    /// The token that goes first; nil when none waits.
    mutating func takeFirst(waitingFor policy: Int) -> (Int, SimulatedToken)? {
        while let first = waiting[policy]?.removeFirst() {
            if tokens[first.place].edition == first.edition, let token = tokens[first.place].token {
                return (first.place, token)
            }
        }
        return nil
    }

    /// Puts a token back that was followed.
    ///
    /// - parameters:
    ///   - wish: where it stands; nil: nothing more comes of it.
    ///   - now: what it wants now it waits for; nil: it waits for nothing yet.
    mutating func put(_ token: SimulatedToken, at place: Int, _ wish: Wish?, now: Instant?) {
        tokens[place].edition += 1
        let edition = tokens[place].edition
        guard let wish else {
            tokens[place].token = nil
            return
        }
        tokens[place].token = token
        guard wish.at == now else {
            looks.insert(Look(at: wish.at, place: place, edition: edition))
            return
        }
        waiting[wish.policy, default: Heap()].insert(
            Waiting(deadline: wish.deadline, id: token.token.id, place: place, edition: edition))
        tokens[place].token?.at = wish.next
        looks.insert(Look(at: wish.next, place: place, edition: edition))
    }
}

/// The least first.
struct Heap<Element: Comparable & Sendable>: Sendable {
    private var elements: [Element] = []

    var first: Element? { elements.first }

    mutating func insert(_ element: Element) {
        var place = elements.count
        elements.append(element)
        while place > 0, elements[place] < elements[(place - 1) / 2] {
            elements.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func removeFirst() -> Element? {
        guard let last = elements.popLast() else { return nil }
        guard let first = elements.first else { return last }
        elements[0] = last
        var place = 0
        while let least = (2 * place + 1...2 * place + 2).filter({ $0 < elements.count }).min(by: {
            elements[$0] < elements[$1]
        }), elements[least] < elements[place] {
            elements.swapAt(place, least)
            place = least
        }
        return first
    }
}
