import HTML
import RotaCore

/// `in 12 days`, `3 hours ago`.
func relative(_ instant: Instant, to now: Instant) -> String {
    let span = instant - now
    let seconds = span.seconds.magnitude
    guard seconds >= 60 else { return span.seconds > 0 ? "in a moment" : "just now" }
    let words = rough(TimeSpan(seconds: Int64(seconds)))
    return span.seconds > 0 ? "in \(words)" : "\(words) ago"
}

/// The one unit that says most, rounded: a day less a second is a day.
func rough(_ span: TimeSpan) -> String {
    let units = [
        (1, "second"), (60, "minute"), (3600, "hour"), (86_400, "day"), (2_629_800, "month"), (31_557_600, "year"),
    ]
    // Up to so many of each; from there on the next one.
    let most = [60, 60, 48, 100, 24, Int.max]
    for ((size, unit), most) in zip(units, most) {
        let count = (Int(span.seconds) + size / 2) / size
        if count < most { return count.of(unit) }
    }
    return ""
}

/// A time in UTC, with how far off it is.
func time(_ instant: Instant, _ now: Instant) -> Markup {
    """
    <time datetime="\(instant.description)">\(instant.minute)</time> \
    <span class="quiet relative">(\(relative(instant, to: now)))</span>
    """
}

func time(_ instant: Instant?, _ now: Instant, none: String) -> Markup {
    instant.map { time($0, now) } ?? "<span class=\"quiet\">\(none)</span>"
}

/// For a cell: how far off it is, and below it the time.
func twoLines(_ instant: Instant, _ now: Instant) -> Markup {
    """
    <time datetime="\(instant.description)">\(relative(instant, to: now))\
    <span class="below">\(instant.minute)</span></time>
    """
}

/// For a cell: how far off it is; the time itself is told by the pointer.
func shortTime(_ instant: Instant, _ now: Instant) -> Markup {
    "<time datetime=\"\(instant.description)\" title=\"\(instant.minute)\">\(relative(instant, to: now))</time>"
}

extension Token {
    /// When it was used last, for a cell.
    func lastUse(_ now: Instant) -> Markup {
        switch usage {
        case .lastUsed(let instant): shortTime(instant, now)
        case .neverUsed(let since):
            """
            never<span class="below">watched since <time datetime="\(since.description)">\(since.day)</time></span>
            """
        case .unknown: "<span class=\"quiet\">not known</span>"
        }
    }

    /// When it ends, for a cell.
    func end(_ now: Instant) -> Markup {
        guard let expiresAt else { return "<span class=\"never\">never</span>" }
        let isNear = state == .active && expiresAt > now && expiresAt - now < .days(14)
        return isNear ? "<span class=\"near\">\(twoLines(expiresAt, now))</span>" : twoLines(expiresAt, now)
    }
}
