/// What a waiver comes to.
package struct WaiverUse: Hashable, Sendable {
    /// How many tokens have a verdict that it waives.
    package var tokens = 0
    /// How many of them are due or violating without it.
    package var held = 0
    /// How many verdicts it waives, and how many of these would be violating.
    package var verdicts = 0
    package var violating = 0

    package init() {}
}

/// Counts what waivers come to, token by token.
package struct WaivedTally: Sendable {
    /// By the places of the waivers.
    package private(set) var uses: [WaiverUse]
    /// Which of them were counted for the token at hand.
    private var counted: [Int] = []
    private var held: [Int] = []

    package init(_ waivers: ActiveWaivers) {
        uses = waivers.list.map { _ in WaiverUse() }
    }

    /// Takes in all that is said of one token.
    package mutating func add(_ rulings: [Planner.Ruling]) {
        guard !uses.isEmpty else { return }
        counted.removeAll(keepingCapacity: true)
        held.removeAll(keepingCapacity: true)
        for ruling in rulings {
            guard let waiver = ruling.waiver else { continue }
            if !counted.contains(waiver) {
                counted.append(waiver)
                uses[waiver].tokens += 1
            }
            let wouldBe = ruling.verdict.wouldBe
            uses[waiver].verdicts += 1
            if wouldBe == .violating { uses[waiver].violating += 1 }
            if wouldBe == .due || wouldBe == .violating, !held.contains(waiver) {
                held.append(waiver)
                uses[waiver].held += 1
            }
        }
    }
}
