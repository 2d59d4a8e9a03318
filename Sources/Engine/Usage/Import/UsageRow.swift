import RotaCore

/// The columns of a log of uses.
package enum UsageColumn: String, Sendable, CaseIterable {
    case token, digest, time, source, agent, count, scopes
}

/// Like uses that one row of a log tells of.
struct UsageRow: Sendable {
    var line: Int
    /// A name or an id; nil where only a digest is given.
    var token: String?
    var digest: Digest?
    var time: Instant
    var source: String?
    var agent: String?
    var count: Int
    var scopes: [String]

    /// The most uses that one row may stand for.
    private static let mostUses = 1_000_000_000

    /// Nil, with what is wrong, where a row is no use.
    init?(line: Int, values: [UsageColumn: String], now: Instant, faults: inout [InventoryFault]) {
        var found: [InventoryFault] = []
        func fault(_ message: String, _ hint: String) {
            found.append(InventoryFault(line: line, message, hint: hint))
        }
        func text(_ column: UsageColumn) -> String? {
            values[column].map { $0.trimmingBlanks() }.flatMap { $0.isEmpty ? nil : $0 }
        }
        self.line = line
        token = text(.token)
        // A column that was taken for another must not bring a value into the store.
        source = text(.source).map(SecretShape.redacted)
        agent = text(.agent).map(SecretShape.redacted)
        scopes = (text(.scopes) ?? "").split { $0 == " " || $0 == ";" || $0 == "\t" }
            .map { SecretShape.redacted(String($0)) }
        digest = text(.digest).flatMap { Digest($0) }
        if text(.digest) != nil, digest == nil {
            fault("digest is not sha256:<64 hexadecimal digits>", "leave it empty, and name the token")
        } else if token == nil, digest == nil {
            fault("it names neither a token nor a digest", "fill 'token' (a name or an id) or 'digest'")
        }
        time = text(.time).flatMap { Instant($0) } ?? now
        if let written = text(.time) {
            if Instant(written) == nil {
                fault("'\(SecretShape.shown(written, to: 40))' is not a time", "write 2026-11-24T03:00:00Z")
            } else if time > now {
                fault("the time \(time) is in the future", "check the clock of whoever wrote the log")
            }
        } else {
            fault("it has no time", "write 2026-11-24T03:00:00Z")
        }
        count = 1
        if let written = text(.count) {
            count = Int(written) ?? 0
            if !(1...Self.mostUses).contains(count) {
                fault(
                    "'\(SecretShape.shown(written, to: 40))' is not a number of uses", "write a whole number from 1 on")
            }
        }
        guard found.isEmpty else {
            faults += found
            return nil
        }
    }
}
