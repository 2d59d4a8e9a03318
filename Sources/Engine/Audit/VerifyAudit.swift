import JSON
package import RotaCore
package import TransparencyLog

/// What a look at the whole audit log found.
package struct AuditVerdict: Sendable {
    /// Something that is not as it was written, or signed.
    package struct Fault: Hashable, Sendable {
        /// The first entry that may be concerned; nil where it is a checkpoint or a key.
        package var entry: Int64?
        package var message: String
        /// Whether it is nothing but a checkpoint from elsewhere that no known key has signed: that one may have been
        /// changed, or the keys.
        package var isOfUnknownSigner: Bool

        package init(_ entry: Int64?, _ message: String, isOfUnknownSigner: Bool = false) {
            self.entry = entry
            self.message = message
            self.isOfUnknownSigner = isOfUnknownSigner
        }
    }

    /// How many faults are told one by one.
    package static let mostTold = 100

    package fileprivate(set) var entries = 0
    package fileprivate(set) var root = TreeHash.empty
    package fileprivate(set) var newestAt: Instant?
    /// How many checkpoints agree: those of the store, and those that somebody had kept.
    package fileprivate(set) var kept = 0
    package fileprivate(set) var given = 0
    /// How many entries the last checkpoint that agrees and that a trusted key has signed has: of those behind it
    /// nothing was signed.
    package fileprivate(set) var signed = 0
    /// Whose signatures count: those that were named, and those that the log vouches for in what they signed.
    package fileprivate(set) var trusted: Set<NoteKey> = []
    package fileprivate(set) var faults: [Fault] = []
    package fileprivate(set) var faultCount = 0

    /// Whether the log agrees with all that is in the store, and what came from elsewhere is signed by nobody known.
    package var hasOnlyUnknownSigners: Bool {
        !faults.isEmpty && faultCount == faults.count && faults.allSatisfy(\.isOfUnknownSigner)
    }

    fileprivate mutating func fault(_ entry: Int64?, _ message: String, isOfUnknownSigner: Bool = false) {
        faultCount += 1
        if faults.count < Self.mostTold {
            faults.append(Fault(entry, message, isOfUnknownSigner: isOfUnknownSigner))
        }
    }
}

/// A checkpoint that was kept outside of the store.
package struct GivenCheckpoint: Sendable {
    /// Such as a file.
    package var source: String
    package var note: SignedNote
    package var checkpoint: Checkpoint

    /// Nil for what is no checkpoint, and no signature of a report, which has one within.
    package init?(_ text: String, source: String) {
        guard let note = SignedNote(text),
            let checkpoint = ReportStatement(note.text)?.log ?? Checkpoint(note.text)
        else { return nil }
        self.source = source
        self.note = note
        self.checkpoint = checkpoint
    }
}

/// Reads the whole audit log again, in flat memory: every entry is there, in order, and in its canonical form, and the
/// tree over them is the one that every checkpoint has signed.
///
/// - parameters:
///   - given: checkpoints from outside: without one, whoever may write the store's file and has its key could write
///     all of it anew.
///   - keys: whose signatures are taken, and of those that the log vouches for in what they signed; nil: of all that
///     the store knows, whoever put them there.
package struct VerifyAudit {
    private var given: ArraySlice<GivenCheckpoint>
    private var signed: KeptCheckpoints
    private var subtrees: KeptSubtrees
    private var trust: SignerTrust
    /// Given ones that agree, with who signed them.
    private var agreeing: [(given: GivenCheckpoint, signers: Set<NoteKey>)] = []
    private var verdict = AuditVerdict()
    private var frontier = TreeFrontier()
    private var expected: Int64 = 1
    /// How many entries the last checkpoint that agrees has.
    private var good = 0

    package init(_ store: any CheckpointReads, given: [GivenCheckpoint] = [], keys: [NoteKey]?) throws {
        signed = KeptCheckpoints(store)
        subtrees = KeptSubtrees(store)
        self.given = given.sorted { $0.checkpoint.size < $1.checkpoint.size }[...]
        trust = SignerTrust(named: keys, kept: try store.checkpointKeys().map(\.key))
    }

    /// Looks at the next entry.
    package mutating func take(_ entry: AuditEntry) throws {
        if frontier.size == 0 { check(try signed.take(upTo: 0)) }
        if entry.number != expected { misplaced(entry) }
        expected = entry.number + 1
        if let why = Self.fault(of: entry) { verdict.fault(entry.number, "entry \(entry.number) \(why)") }
        trust.take(entry)
        let grown = frontier.append(.leaf(entry.body))
        if let fault = try subtrees.fault(in: grown, size: frontier.size) { verdict.fault(nil, fault) }
        verdict.newestAt = entry.at
        check(try signed.take(upTo: frontier.size))
    }

    /// What came of it, when all were taken.
    package mutating func finish() throws -> AuditVerdict {
        verdict.entries = frontier.size
        verdict.root = frontier.root
        for checkpoint in try signed.rest() { missing(checkpoint.size, "signed at \(checkpoint.at)") }
        for other in given where signers(other.note, Self.naming(other), isGiven: true) != nil {
            missing(other.checkpoint.size, "in \(other.source)")
        }
        if let fault = try subtrees.surplus(size: frontier.size) { verdict.fault(nil, fault) }
        weigh()
        return verdict
    }

    /// Whose signatures count is known when all was read.
    private mutating func weigh() {
        (verdict.trusted, verdict.signed) = trust.resolved()
        verdict.kept = trust.count(signedBy: verdict.trusted)
        for (signers, count, sizes) in trust.strangers(to: verdict.trusted) {
            verdict.fault(
                nil,
                "\(count) of the store's checkpoints, of \(sizes.lowerBound) to \(sizes.upperBound) entries, "
                    + "\(count == 1 ? "is" : "are") signed by \(signers.joined(separator: " and ")), which no trusted "
                    + "key vouches for")
        }
        for (given, signers) in agreeing {
            guard signers.isDisjoint(with: verdict.trusted) else {
                verdict.given += 1
                verdict.signed = max(verdict.signed, given.checkpoint.size)
                continue
            }
            verdict.fault(nil, Self.unsigned(Self.naming(given)), isOfUnknownSigner: true)
        }
    }

    private mutating func misplaced(_ entry: AuditEntry) {
        let missing = entry.number - expected
        let which =
            missing == 1 ? "entry \(expected) is missing" : "entries \(expected) to \(entry.number - 1) are missing"
        verdict.fault(expected, missing > 0 ? which : "entry \(entry.number) stands where \(expected) should")
    }

    private mutating func missing(_ size: Int, _ what: String) {
        verdict.fault(
            Int64(frontier.size) + 1,
            "the log has \(frontier.size) entries; the checkpoint \(what) has \(size): its end was cut off")
    }

    private mutating func check(_ signed: [SignedCheckpoint]) {
        for checkpoint in signed where checkpoint.size == frontier.size {
            let what = "the checkpoint of \(checkpoint.size) entries, signed at \(checkpoint.at)"
            guard let note = SignedNote(checkpoint.note), let read = Checkpoint(note.text),
                read.size == checkpoint.size,
                read.root == checkpoint.root
            else {
                verdict.fault(nil, "\(what), is not the note that was signed")
                continue
            }
            if let signers = signers(note, what, isGiven: false), isGood(read, what) {
                trust.record(read.size, signedBy: signers)
            }
        }
        while let other = given.first, other.checkpoint.size == frontier.size {
            given.removeFirst()
            let what = Self.naming(other)
            if let signers = signers(other.note, what, isGiven: true), isGood(other.checkpoint, what) {
                agreeing.append((other, signers))
            }
        }
    }

    private static func naming(_ given: GivenCheckpoint) -> String {
        "the checkpoint in \(given.source), of \(given.checkpoint.size) entries"
    }

    private static func unsigned(_ what: String) -> String { "\(what), is signed by none of the keys" }

    /// Nil where no known key has.
    private mutating func signers(_ note: SignedNote, _ what: String, isGiven: Bool) -> Set<NoteKey>? {
        let signers = trust.signers(of: note)
        if signers.isEmpty { verdict.fault(nil, Self.unsigned(what), isOfUnknownSigner: isGiven) }
        return signers.isEmpty ? nil : signers
    }

    private mutating func isGood(_ checkpoint: Checkpoint, _ what: String) -> Bool {
        guard checkpoint.root == frontier.root else {
            verdict.fault(
                Int64(good) + 1,
                "entries \(good + 1) to \(checkpoint.size) are not those of \(what): "
                    + "one was changed, inserted, or moved")
            return false
        }
        good = max(good, checkpoint.size)
        return true
    }

    /// Why an entry is not as it was written.
    private static func fault(of entry: AuditEntry) -> String? {
        guard let body = try? JSON.parse(entry.body, maximumBytes: entry.body.utf8.count),
            body.canonicalBytes().elementsEqual(entry.body.utf8)
        else { return "is not in its canonical form" }
        let columns = [
            ("action", entry.action), ("actor", entry.actor), ("at", entry.at.description), ("object", entry.object),
        ]
        // By their bytes: Swift calls texts equal that Unicode does.
        for (name, value) in columns
        where body[name]?.string.map({ !$0.utf8.elementsEqual(value.utf8) }) ?? true {
            return "says another '\(name)' than its row"
        }
        return nil
    }
}

extension StoreReads {
    /// Reads the whole log of this store again, over one state of it.
    ///
    /// - parameter progress: called now and then with how many entries were read.
    package func verifyAudit(
        against given: [GivenCheckpoint] = [], keys: [NoteKey]? = nil, progress: (Int) -> Void = { _ in }
    ) throws -> AuditVerdict {
        var verifying = try VerifyAudit(self, given: given, keys: keys)
        var count = 0
        // Below the first one, too, there is nothing.
        try eachAuditEntry(from: .min, object: nil) { entry in
            try verifying.take(entry)
            count += 1
            if count % 10_000 == 0 { progress(count) }
            return true
        }
        var verdict = try verifying.finish()
        // What was given away is not less than what is signed here: a checkpoint stays.
        for witness in try witnesses() {
            guard let taken = witness.taken, taken.size > verdict.signed else { continue }
            let isCut = taken.size > verdict.entries
            verdict.fault(
                Int64(min(verdict.signed, verdict.entries)) + 1,
                "witness '\(witness.name)' took \(taken.size) entries at \(taken.at); "
                    + (isCut
                        ? "the log has \(verdict.entries): its end was cut off"
                        : "of these \(verdict.signed) are signed here: checkpoints were taken away, or do not agree"))
        }
        return verdict
    }
}

/// The checkpoints of the store in order, some at a time.
private struct KeptCheckpoints {
    private static let batch = 256

    private let store: any CheckpointReads
    private var waiting: [SignedCheckpoint] = []
    private var last = -1
    private var isDone = false

    init(_ store: any CheckpointReads) { self.store = store }

    /// Those of no more than so many entries.
    mutating func take(upTo size: Int) throws -> [SignedCheckpoint] {
        var taken: [SignedCheckpoint] = []
        while true {
            if waiting.isEmpty, !isDone { try fetch() }
            guard let next = waiting.first, next.size <= size else { return taken }
            taken.append(waiting.removeFirst())
        }
    }

    mutating func rest() throws -> [SignedCheckpoint] { try take(upTo: .max) }

    private mutating func fetch() throws {
        var found: [SignedCheckpoint] = []
        try store.eachCheckpoint(above: last) { checkpoint in
            found.append(checkpoint)
            return found.count < Self.batch
        }
        isDone = found.count < Self.batch
        last = found.last?.size ?? last
        waiting = found
    }
}

/// The hashes that the store keeps of complete subtrees: roots and proofs are made of them.
private struct KeptSubtrees {
    private let store: any CheckpointReads

    init(_ store: any CheckpointReads) { self.store = store }

    /// What is wrong with one that ends with the entry that was read last.
    func fault(in ending: [TreeHash], size: Int) throws -> String? {
        for level in AuditTree.levels where level < ending.count {
            let place = (size >> level) - 1
            guard let kept = try store.auditSubtree(level: level, place: place), kept != ending[level] else { continue }
            return "the hash that is kept of entries \((place << level) + 1) to \(size) is not theirs"
        }
        return nil
    }

    /// One of entries that there are not.
    func surplus(size: Int) throws -> String? {
        for level in AuditTree.levels {
            let kept = try store.countAuditSubtrees(level: level)
            if kept > size >> level { return "a hash is kept of \(kept << level) entries, and there are \(size)" }
        }
        return nil
    }
}
