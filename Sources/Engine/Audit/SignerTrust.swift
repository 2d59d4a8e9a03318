import JSON
import RotaCore
import TransparencyLog

/// By whose signatures a log counts as signed.
///
/// Whoever asks names keys; each further one has to be vouched for by the log itself: an entry `audit.key` names it, in
/// what a trusted key has signed. So whoever writes to the store cannot bring a key of his own.
struct SignerTrust {
    /// What checkpoints of the store the same keys have signed.
    private struct Group {
        var smallest: Int
        var largest: Int
        var count: Int
    }

    /// Nil: nobody was named, and all keys that the store knows count.
    private let named: [NoteKey]?
    private var known: [NoteKey]
    private var takings: [(entry: Int64, key: NoteKey)] = []
    private var groups: [Set<NoteKey>: Group] = [:]

    init(named: [NoteKey]?, kept: [String]) {
        self.named = named
        known = named ?? []
        for key in kept.compactMap({ NoteKey($0) }) { know(key) }
    }

    private mutating func know(_ key: NoteKey) {
        if !known.contains(key) { known.append(key) }
    }

    /// Remembers which keys an entry names.
    mutating func take(_ entry: AuditEntry) {
        guard entry.action == auditKeyAction,
            let body = try? JSON.parse(entry.body, maximumBytes: entry.body.utf8.count)
        else { return }
        for side in ["before", "after"] {
            guard let key = (body[side]?["key"]?.string).flatMap({ NoteKey($0) }) else { continue }
            know(key)
            takings.append((entry.number, key))
        }
    }

    /// Those of the keys that signed a note.
    func signers(of note: SignedNote) -> Set<NoteKey> { Set(known.filter { note.isSigned(by: $0) }) }

    /// Counts a checkpoint that agrees with the log.
    mutating func record(_ size: Int, signedBy signers: Set<NoteKey>) {
        var group = groups[signers] ?? Group(smallest: size, largest: size, count: 0)
        group.smallest = min(group.smallest, size)
        group.largest = max(group.largest, size)
        group.count += 1
        groups[signers] = group
    }

    /// The trusted keys, and up to which entry they have signed.
    func resolved() -> (keys: Set<NoteKey>, reach: Int) {
        var trusted = Set(named ?? known)
        while true {
            let reach = groups.filter { !$0.key.isDisjoint(with: trusted) }.map(\.value.largest).max() ?? 0
            let vouched = takings.filter { $0.entry <= reach }.map(\.key)
            guard !trusted.isSuperset(of: vouched) else { return (trusted, reach) }
            trusted.formUnion(vouched)
        }
    }

    /// How many checkpoints of the store no trusted key has signed, from which size to which, and who did.
    func strangers(to trusted: Set<NoteKey>) -> [(signers: [String], count: Int, sizes: ClosedRange<Int>)] {
        groups.filter { $0.key.isDisjoint(with: trusted) }
            .map { ($0.key.map(\.text).sorted(), $0.value.count, $0.value.smallest...$0.value.largest) }
            .sorted { $0.sizes.lowerBound < $1.sizes.lowerBound }
    }

    /// How many of the store's a trusted key has signed.
    func count(signedBy trusted: Set<NoteKey>) -> Int {
        groups.filter { !$0.key.isDisjoint(with: trusted) }.map(\.value.count).reduce(0, +)
    }
}

/// What the log says where another key signs from then on.
package let auditKeyAction = "audit.key"
