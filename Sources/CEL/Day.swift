/// A day of the Gregorian calendar, also before there was one.
struct Day {
    var year: Int64
    /// 1 to 12.
    var month: Int64
    /// 1 to 31.
    var day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        (self.year, self.month, self.day) = (year, month, day)
    }

    /// - Parameter number: days since 1970-01-01.
    init(number: Int64) {
        let days = number + Self.daysBefore1970
        // By the average length of a year; it may be off by one.
        var year = (days * 400).dividedDown(by: Self.daysIn400Years) + 1
        while Self.daysBefore(year: year) > days { year -= 1 }
        while Self.daysBefore(year: year + 1) <= days { year += 1 }
        var rest = days - Self.daysBefore(year: year)
        var month: Int64 = 1
        while rest >= Self.count(inMonth: month, of: year) {
            rest -= Self.count(inMonth: month, of: year)
            month += 1
        }
        self.init(year: year, month: month, day: rest + 1)
    }

    /// Days since 1970-01-01.
    var number: Int64 {
        let ofMonths = (1..<month).reduce(Int64(0)) { $0 + Self.count(inMonth: $1, of: year) }
        return Self.daysBefore(year: year) - Self.daysBefore1970 + ofMonths + day - 1
    }

    private static let daysIn400Years: Int64 = 146_097
    private static let daysBefore1970: Int64 = 719_162

    /// From the first of January of the year 1.
    private static func daysBefore(year: Int64) -> Int64 {
        let years = year - 1
        return years * 365 + years.dividedDown(by: 4) - years.dividedDown(by: 100) + years.dividedDown(by: 400)
    }

    static func count(inMonth month: Int64, of year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }
}

extension Int64 {
    /// The quotient, rounded towards the past.
    func dividedDown(by divisor: Int64) -> Int64 {
        self / divisor - (self % divisor < 0 ? 1 : 0)
    }
}
