import Crypto
import Engine
import JSON
import RotaCore

/// An audit entry as a replay reads it.
struct ReplayedEntry {
    let number: Int64
    let at: Instant
    let actor: String
    let action: String
    let object: String
    let cause: String
    let run: String?
    /// What changed, as it is since.
    let after: JSON

    init(_ entry: AuditEntry) throws {
        let body = try JSON.parse(entry.body, maximumBytes: entry.body.utf8.count)
        (number, at, actor, action) = (entry.number, entry.at, entry.actor, entry.action)
        object = entry.object
        cause = body["cause"]?.string ?? ""
        run = body["run"]?.string
        after = body["after"] ?? .null
    }

    var token: TokenID { TokenID(object) }
    var change: Change { Change(actor: AuditActor(actor), at: at, cause: cause, run: run) }

    func text(_ key: String) -> String? { after[key]?.string }
    func integer(_ key: String) -> Int64? { after[key]?.integer }
    func instant(_ key: String) -> Instant? { after.instant(key) }
    func span(_ key: String) -> TimeSpan? { integer(key).map(TimeSpan.init(seconds:)) }
    func flag(_ key: String) -> Bool { after[key]?.bool ?? false }
    func numbers(_ key: String) -> [Int] { after[key]?.array?.compactMap { $0.integer.map { Int($0) } } ?? [] }
    func has(_ key: String) -> Bool { after[key] != nil }

    /// What the entry has to say for a replay; without it, nothing of the entry is done again.
    func needed<R>(_ value: R?, _ key: String) throws -> R {
        guard let value else { throw StoreError.failed("entry \(number) (\(action)) does not say its '\(key)'") }
        return value
    }
}

extension JSON {
    func instant(_ key: String) -> Instant? { self[key]?.string.flatMap { Instant($0) } }
    func digest(_ key: String) -> Digest? { self[key]?.string.flatMap { Digest($0) } }
}
