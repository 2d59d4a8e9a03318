import Engine
import JSON
import RotaCore
import SQLite

/// What says whether a report is complete.
extension SQLStore {
    func eachOrigin(to end: Instant, _ each: (AuditEntry) throws -> Bool) throws {
        try driver.query(.origins, [.of(end)]) { try each(Decode.auditEntry($0)) }
    }

    func eachSentNotice(from start: Instant, to end: Instant, _ each: (SentNotice) throws -> Bool) throws {
        try driver.query(.sentNotices, [.of(start), .of(end)]) { row in
            let deliveries = try driver.all(.deliveriesOfEvent, [.text(row.text(0))]) { row in
                let state: SentNotice.Delivery.State = try row.word(1)
                return SentNotice.Delivery(
                    endpoint: row.text(0), state: state, at: state == .waiting ? nil : row.instant(2))
            }
            return try each(
                SentNotice(
                    id: row.text(0), at: row.instant(1), tokenID: TokenID(row.optionalText(2) ?? ""),
                    told: try JSON.parse(row.text(3), maximumBytes: 1 << 20), deliveries: deliveries))
        }
    }
}
