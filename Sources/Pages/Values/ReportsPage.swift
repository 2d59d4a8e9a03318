package import RotaCore

/// What all tokens add up to, and where the whole report is.
package struct ReportsPage: Page {
    package var states: [TokenState: Int]
    /// Selected tokens, each under the gravest of its verdicts.
    package var tokens: StatusCounts
    /// Live tokens that no policy selects.
    package var uncovered: Int
    package var withoutOwner: Int
    package var neverExpiring: Int
    package var endingSoon: Int
    package var neverUsed: Int
    /// A new value is on its way.
    package var rotating: Int
    /// Old and new value are valid side by side.
    package var inOverlap: Int
    /// Whether reports are signed.
    package var isSigned: Bool

    package init(
        states: [TokenState: Int], tokens: StatusCounts, uncovered: Int = 0, withoutOwner: Int = 0,
        neverExpiring: Int = 0, endingSoon: Int = 0, neverUsed: Int = 0, rotating: Int = 0,
        inOverlap: Int = 0, isSigned: Bool = false
    ) {
        self.states = states
        self.tokens = tokens
        self.uncovered = uncovered
        self.withoutOwner = withoutOwner
        self.neverExpiring = neverExpiring
        self.endingSoon = endingSoon
        self.neverUsed = neverUsed
        self.rotating = rotating
        self.inOverlap = inOverlap
        self.isSigned = isSigned
    }
}
