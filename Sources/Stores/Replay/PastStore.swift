import Crypto
package import Engine
import JSON
package import RotaCore
import SQLite

/// A store as it was at an instant, rebuilt from its audit log in files without a name.
///
/// Reports are made of it as of any other store. Beside the log, it has what is kept by times: uses to the day, how far
/// they were watched, what runs did, and what was sent.
package final class PastStore {
    package let store: any StoreReads
    package let at: Instant
    /// The policies that were loaded last by then; nil where none were noted.
    package let policies: PolicyTexts?
    /// What of it is not known for certain, for people.
    package let remarks: [String]
    private let rebuilt: RebuiltStore

    /// Rebuilds it.
    ///
    /// - parameters:
    ///   - period: how far back what runs did is looked at.
    ///   - folder: one that does not exist yet; it is made for its owner alone, and is gone when this has begun.
    ///   - progress: called now and then with how many entries were read.
    /// - throws: `StoreError.refused` for an instant before the store began.
    package init(
        of source: any StoreReads, at instant: Instant, period: TimeSpan, in folder: String,
        progress: (Int) throws -> Void = { _ in }
    ) throws {
        let source = try SQLStore.behind(source)
        source.driver.keepLittle()
        let began = try source.identity().createdAt
        guard instant >= began else {
            throw StoreError.refused(
                "the store began at \(began), and knows nothing of \(instant)", hint: "give an instant since then")
        }
        let rebuilt = try RebuiltStore(like: source, in: folder)
        self.rebuilt = rebuilt
        var (found, remarks): (PolicyTexts?, [String])
        do {
            (found, remarks) = try source.snapshot {
                let replay = try rebuilt.replay(source, through: instant, progress: progress)
                let beside = try rebuilt.takeOver(from: source, at: instant, since: instant - period, replay)
                return (try source.texts(replay.policies), replay.remarks.all + beside)
            }
        } catch {
            rebuilt.remove()
            throw error
        }
        (store, at, policies, self.remarks) = (rebuilt.store, instant, found, remarks)
    }

    /// Closes it, with which its files are gone.
    package func remove() { rebuilt.remove() }
}

extension SQLStore {
    /// Only the store itself knows its log in order and its rows.
    static func behind(_ store: any StoreReads) throws -> SQLStore {
        guard let store = store as? SQLStore else {
            throw StoreError.failed("this is no store whose log can be done again")
        }
        return store
    }

    static let untoldFact = "told_in_full_after"
    /// What the first entry says of itself and all that follow.
    static let toldInFull = "told_in_full"

    /// Up to which entry an earlier release wrote the log. What the log says of itself goes before: it is signed.
    func lastUntoldEntry() throws -> Int64 {
        guard try !isToldInFull() else { return 0 }
        return try driver.first(.fact, [.text(Self.untoldFact)]) { Int64($0.text(0)) ?? 0 } ?? 0
    }

    func isToldInFull() throws -> Bool {
        guard let first = try auditEntry(1), first.action == "store.init" else { return false }
        return try JSON.parse(first.body, maximumBytes: first.body.utf8.count)["after"]?[Self.toldInFull] == true
    }

    /// The texts that an entry tells of.
    fileprivate func texts(_ entry: ReplayedEntry?) throws -> PolicyTexts? {
        guard let entry else { return nil }
        let files = try (entry.after["files"]?.array ?? []).map { file -> PolicyTexts.File in
            let digest = try entry.needed(file["digest"]?.string, "files")
            guard let bytes = try policyText(digest) else {
                throw StoreError.failed("the text \(digest) of the policies is not in the store")
            }
            let found = PolicyTexts.File(name: file["name"]?.string ?? "", bytes: bytes)
            guard found.digest == digest else {
                throw StoreError.failed("the text \(digest) of the policies was changed in the store")
            }
            return found
        }
        return PolicyTexts(
            digest: try entry.needed(entry.text("digest"), "digest"), files: files,
            vaults: Set(entry.after["vaults"]?.array?.compactMap(\.string) ?? []))
    }
}

/// The store that a replay writes.
final class RebuiltStore {
    let store: SQLStore

    init(like source: SQLStore, in folder: String) throws {
        let location = "sqlite:\(folder)/replay.db"
        let identity = try source.identity()
        // All of its files are open by the first question; from then on they are gone with this process, however it
        // ends.
        defer { FileFacts.removeDirectory(folder) }
        try createStore(
            at: location, identity: identity,
            change: Change(actor: "rota", at: identity.createdAt, cause: "to do its audit log again"))
        store = try SQLStore.behind(try openStore(at: location, endpoints: []))
        // Indexes are sorted in as much memory as this, and rows come in the order of the log.
        store.driver.keepLittle()
        _ = try store.countActive()
        store.driver.loseNames()
    }

    /// Does again what was written by an instant; all of it where there is none.
    func replay(
        _ source: SQLStore, through end: Instant?, progress: (Int) throws -> Void
    ) throws -> Replay {
        var replay = Replay(into: store)
        try store.transaction {
            // Looked up by keys alone until all is there: the others are made at the end.
            try store.driver.withoutIndexes(of: ["tokens", "versions"]) {
                var count = 0
                try source.eachAuditEntry(from: 1, object: nil) { entry in
                    if end.map({ entry.at <= $0 }) ?? true { try replay.take(entry) }
                    count += 1
                    if count % 10_000 == 0 { try progress(count) }
                    return true
                }
            }
        }
        return replay
    }

    func remove() { store.close() }
}
