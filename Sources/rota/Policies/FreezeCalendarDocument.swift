import Documents
import JSON
import RotaCore

/// The freezes that the configuration names beforehand, as they are shown.
enum FreezeCalendarDocument {
    /// What is on, and what comes next; null without a calendar.
    static func json(_ calendar: FreezeCalendar?, at now: Instant) -> JSON {
        guard let calendar else { return .null }
        return [
            "zone": .string(calendar.zone.name), "present": calendar.freeze(at: now).map(json) ?? .null,
            "next": calendar.next(after: now).map(json) ?? .null,
        ]
    }

    static func json(_ span: FreezeCalendar.Span) -> JSON {
        [
            "reason": .string(span.reason), "begins_at": TokenDocument.time(span.begin),
            "ends_at": TokenDocument.time(span.end),
        ]
    }

    /// Nil without a calendar, and where nothing of it is to come.
    static func sentence(_ calendar: FreezeCalendar?, at now: Instant) -> String? {
        guard let calendar else { return nil }
        if let present = calendar.freeze(at: now) {
            return "frozen until \(spoken(present.end, from: now)): \(present.reason)"
        }
        return calendar.next(after: now).map { next in
            "next from \(spoken(next.begin, from: now)) until \(calendar.zone.localTime(of: next.end)): \(next.reason)"
        }
    }
}
