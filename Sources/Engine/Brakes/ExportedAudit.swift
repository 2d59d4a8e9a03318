package import JSON
package import RotaCore

/// The entries of audit logs that were kept elsewhere, as far as they say what a restored store may have forgotten.
package struct ExportedAudit: Hashable, Sendable {
    /// A version of a token. Numbers are given again after a restore: it is a value only within one life of the store.
    package struct Value: Hashable, Sendable {
        package var token: TokenID
        package var version: Int
    }

    fileprivate struct Entry: Hashable {
        enum Event: Hashable {
            case revoked(cause: String)
            case minted(Int, Digest)
            case ended(Int)
            case switched(isOff: Bool, cause: String, RuleReference?)
        }

        var number: Int64?
        var at: Instant?
        var token: TokenID
        var event: Event
    }

    private struct File: Hashable {
        var entries: [Entry] = []
        var newest: Instant?
    }

    private var files: [File] = []
    /// What tokens were called when they were made.
    private var made: [TokenID: String] = [:]
    package private(set) var count = 0
    private var numbers: [Int64] = []

    package init() {}

    /// What is added from now on is of another file, with an order of its own.
    package mutating func beginFile() { files.append(File()) }

    /// Takes one entry's body. Those of one file come oldest first.
    ///
    /// - parameter number: its number in the log, where that is known.
    package mutating func add(_ entry: JSON, number: Int64? = nil) {
        count += 1
        if let number { numbers.append(number) }
        if files.isEmpty { beginFile() }
        let at = entry["at"]?.string.flatMap { Instant($0) }
        let last = files.count - 1
        files[last].newest = [files[last].newest, at].compactMap(\.self).max()
        guard let object = entry["object"]?.string else { return }
        if ["token.issue", "token.import"].contains(entry["action"]?.string) {
            made[TokenID(object)] = entry["after"]?["name"]?.string ?? object
        }
        guard let event = Entry.Event(entry) else { return }
        files[last].entries.append(Entry(number: number, at: at, token: TokenID(object), event: event))
    }

    /// Held against the log of a store.
    ///
    /// - parameter size: how many entries that one has.
    package func extent(besides size: Int64) -> AuditExtent {
        var extent = AuditExtent(count: count, size: size, isNumbered: numbers.count == count)
        var next = size + 1
        for number in numbers.sorted() {
            // What is not in the file, and is in the store, is not missing.
            if number > next { extent.gaps.append(next...number - 1) }
            next = max(next, number < .max ? number + 1 : number)
            extent.newest = number
        }
        return extent
    }

    /// What they come to: files in the order of their newest entries, and what is in several of them once.
    package func read() -> FormerLife {
        var life = FormerLife()
        life.made = made
        var known: Set<Entry> = []
        let ordered = files.enumerated().sorted { left, right in
            let (former, latter) = (left.element.newest ?? .beginning, right.element.newest ?? .beginning)
            return former == latter ? left.offset < right.offset : former < latter
        }
        for (_, file) in ordered {
            for entry in file.entries {
                guard entry.number == nil || known.insert(entry).inserted else { continue }
                life.add(entry)
            }
        }
        return life
    }
}

extension ExportedAudit.Entry.Event {
    fileprivate init?(_ entry: JSON) {
        let (after, cause) = (entry["after"], entry["cause"]?.string ?? "")
        let number = after?["version"]?.integer.map { Int($0) }
        func minted(_ number: Int64?, _ digest: JSON?) -> Self? {
            guard let number, let digest = digest?.string.flatMap({ Digest($0) }) else { return nil }
            return .minted(Int(number), digest)
        }
        switch entry["action"]?.string {
        case "token.revoke": self = .revoked(cause: cause)
        case "version.retire", "version.discard":
            guard let number else { return nil }
            self = .ended(number)
        case "version.arm", "version.adopt":
            guard let event = minted(after?["version"]?.integer, after?["digest"]) else { return nil }
            self = event
        case "token.issue", "token.import":
            let version = after?["version"]
            guard let event = minted(version?["number"]?.integer, version?["digest"]) else { return nil }
            self = event
        case "token.quarantine":
            let rule = after?["policy"]?.string.map {
                RuleReference(policy: $0, rule: after?["rule"]?.string ?? "")
            }
            self = .switched(isOff: true, cause: cause, rule)
        case "token.restore": self = .switched(isOff: false, cause: cause, nil)
        default: return nil
        }
    }
}

/// What exported audit logs say of lives of the store that it does not remember.
package struct FormerLife: Hashable, Sendable {
    /// Whether a token was taken out of use or put back into it, the last time that this was done.
    package struct Switch: Hashable, Sendable {
        package var isOff: Bool
        package var cause: String
        /// What called for it; nil for a person.
        package var rule: RuleReference?
        package var at: Instant?
        package var number: Int64?
    }

    /// What tokens were called when they were made.
    package fileprivate(set) var made: [TokenID: String] = [:]
    /// Tokens that were revoked, with why.
    package private(set) var revoked: [TokenID: String] = [:]
    /// The last of each token's quarantines and restorations.
    package private(set) var switches: [TokenID: Switch] = [:]
    /// Tokens with a version that was ended.
    package private(set) var tokensWithEnds: Set<TokenID> = []
    /// Values that were ended, and not taken back since.
    private var ended: Set<Digest> = []
    /// Versions that were ended and whose value no entry tells.
    private var endedUntold: Set<ExportedAudit.Value> = []
    /// Which version every value was.
    private var versions: [Digest: ExportedAudit.Value] = [:]
    /// Which value has each number now.
    private var values: [ExportedAudit.Value: Digest] = [:]

    fileprivate mutating func add(_ entry: ExportedAudit.Entry) {
        switch entry.event {
        case .revoked(let cause): revoked[entry.token] = cause
        case .minted(let number, let digest):
            let version = ExportedAudit.Value(token: entry.token, version: number)
            values[version] = digest
            versions[digest] = version
            // A later life has taken it back.
            ended.remove(digest)
        case .ended(let number):
            let version = ExportedAudit.Value(token: entry.token, version: number)
            tokensWithEnds.insert(entry.token)
            if let digest = values[version] { ended.insert(digest) } else { endedUntold.insert(version) }
        case .switched(let isOff, let cause, let rule):
            switches[entry.token] = Switch(isOff: isOff, cause: cause, rule: rule, at: entry.at, number: entry.number)
        }
    }

    /// Which version a value was; nil where the logs do not say.
    package func version(of digest: Digest) -> ExportedAudit.Value? { versions[digest] }

    package func hasEnded(_ digest: Digest) -> Bool { ended.contains(digest) }

    /// Whether a version in the store was ended: by its value where the logs know that, else by its number.
    package func hasEnded(_ version: Version, of token: TokenID) -> Bool {
        if let digest = version.digest {
            if ended.contains(digest) { return true }
            if versions[digest] != nil { return false }
        }
        return endedUntold.contains(ExportedAudit.Value(token: token, version: version.number))
    }
}

extension FormerLife.Switch {
    /// Whether it was done after what the store itself has recorded last; where the time is not known, whatever the
    /// store has recorded counts.
    func isNewer(than recorded: AuditEntry?) -> Bool {
        guard let recorded else { return true }
        guard let at else { return false }
        return (at, number ?? .max) > (recorded.at, recorded.number)
    }
}
