/// When the tokens that authenticate end, by days of UTC.
package struct ExpiryOutlook: Hashable, Sendable {
    /// A day on which tokens end.
    package struct Day: Hashable, Sendable {
        /// Its midnight.
        package var date: Instant
        package var count: Int
    }

    /// How many days ahead are looked at one by one.
    package static let horizon = 90
    /// How many days ahead are searched for dates on which many tokens end.
    private static let farHorizon = 731
    private static let mostCrowded = 10
    private static let fewestInCrowd = 5

    /// Midnight of the day it is judged at.
    package let today: Instant
    /// They have no end.
    package private(set) var never = 0
    /// Listed as active, but past their end: they do not authenticate any more.
    package private(set) var past = 0
    /// Their end is further off than the horizon.
    package private(set) var later = 0
    private var counts = [Int](repeating: 0, count: farHorizon)

    package init(at now: Instant) {
        today = now.midnight
    }

    /// Today and the 90 days that follow.
    package var coming: [Day] { days(0...Self.horizon) }

    package var comingTotal: Int { counts[...Self.horizon].reduce(0, +) }

    /// Dates of the next two years on which at least five tokens end: most tokens first, at most ten.
    package var crowded: [Day] {
        let crowds = days(0...(Self.farHorizon - 1)).filter { $0.count >= Self.fewestInCrowd }
        return Array(crowds.sorted { ($1.count, $0.date) < ($0.count, $1.date) }.prefix(Self.mostCrowded))
    }

    private func days(_ range: ClosedRange<Int>) -> [Day] {
        range.map { Day(date: today + .days(Int64($0)), count: counts[$0]) }
    }

    /// - parameter authenticates: whether the token does at the instant of the report.
    package mutating func add(_ expiresAt: Instant?, authenticates: Bool) {
        guard authenticates else {
            past += 1
            return
        }
        guard let expiresAt else {
            never += 1
            return
        }
        let day = (expiresAt - today).seconds / 86_400
        if day < Int64(Self.farHorizon) { counts[Int(day)] += 1 }
        if day > Int64(Self.horizon) { later += 1 }
    }
}

extension Instant {
    /// The beginning of its day of UTC.
    package var midnight: Instant {
        let secondsOfDay = seconds % 86_400
        return Instant(seconds: seconds - (secondsOfDay < 0 ? secondsOfDay + 86_400 : secondsOfDay))
    }
}
