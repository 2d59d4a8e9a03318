package import Archive
import Crypto
import Documents
package import Engine
import JSON
import RotaCore
import TransparencyLog

/// What goes into an archive for auditors, each file with its SHA-256.
package final class EvidenceBundle {
    /// Entries about decisions of people and the log itself are proven one by one; so many of them at the most.
    private static let mostProofs = 500
    private static let proven = [
        "waiver.", "plan.approve", "plan.withdraw", "policies.load", "configuration.load",
        "store.", "audit.", "clock.", "inventory.import", "usage.import", "token.restore",
    ]
    private static let folder = "evidence"
    private static let pieces = 64 << 10

    private let request: ReportRequest
    private let texts: PolicyTexts?
    private let seal: ReportSeal?
    private let archive: ZipWriter
    private var sums = ""
    package private(set) var count = 0

    /// - parameters:
    ///   - texts: of the policies in force.
    ///   - path: of a file, which is written over.
    package init(
        _ request: ReportRequest, _ texts: PolicyTexts?, _ seal: ReportSeal?, at path: String
    ) throws(ArchiveError) {
        self.request = request
        self.texts = texts
        self.seal = seal
        archive = try ZipWriter(at: path)
    }

    /// - throws: `StoreError` where the log, or a text of policies, is not what it was: such evidence is none.
    package func write(from store: any StoreReads) throws {
        try requireSound(store.verifyAudit(keys: seal.map { [$0.signer.key] }))
        try add("README.md") { write in
            try write(Array(self.heading.utf8))
            _ = try ReportKind.markdown.compose(self.request, from: store, to: { try write($0) })
            try write(Array(self.directions.utf8))
        }
        for kind in ReportKind.allCases where kind != .markdown {
            try add("report.\(kind.ending)") { write in
                _ = try kind.compose(self.request, from: store, to: { try write($0) })
            }
        }
        try add(TokensNotJudged.file) { try TokensNotJudged(at: self.at).write(from: store, to: $0) }
        for file in texts?.files ?? [] { try add("policies/\(file.name)") { try $0(file.bytes) } }
        try addPolicies(store)
        try add("notices.jsonl") { try self.writeNotices(store, $0) }
        try add("waivers.json") { try $0(try self.waivers(store)) }
        try addLog(store)
        try addSums()
        try archive.finish()
    }

    private func requireSound(_ verdict: AuditVerdict) throws(StoreError) {
        guard let first = verdict.faults.first else { return }
        throw .refused(
            "the audit log is not as it was written, so that nothing is made of it: \(first.message)",
            hint: "rota audit verify tells all that is wrong with it")
    }

    /// The instant that all of it is of.
    private var at: Instant { request.asOf ?? request.now }

    private func add(
        _ name: String, isSummed: Bool = true, _ body: (@escaping ([UInt8]) throws -> Void) throws -> Void
    ) throws {
        let hasher = SHA256.Hasher()
        try archive.add("\(Self.folder)/\(name)", writtenAt: request.now.seconds) { write in
            try withoutActuallyEscaping(write) { write in
                try body { bytes in
                    hasher.update(bytes)
                    try write(bytes)
                }
            }
        }
        count += 1
        if isSummed { sums += "\(Hex.encode(hasher.finish()))  \(name)\n" }
    }

    /// Signed within the archive as well: what is downloaded by a browser comes without a file beside it.
    private func addSums() throws {
        let sums = Array(self.sums.utf8)
        try add("SHA256SUMS", isSummed: false) { try $0(sums) }
        guard let seal else { return }
        let note = seal.note(
            digest: SHA256.digest(of: sums), bytes: sums.count, format: "sums", madeAt: request.now)
        try add("SHA256SUMS\(ReportSeal.ending)", isSummed: false) { try $0(Array(note.serialized.utf8)) }
    }

    /// Every text that policies were ever loaded from, with who loaded it and when.
    private func addPolicies(_ store: any StoreReads) throws {
        var digests: [String] = []
        var loads: [JSON] = []
        try store.eachOrigin(to: request.now) { entry in
            guard entry.action == "policies.load" else { return true }
            let files = entry.after["files"] ?? .null
            digests += (files.array ?? []).compactMap { $0["digest"]?.string }
            loads.append([
                "entry": .integer(entry.number), "at": .string(entry.at.description), "actor": .string(entry.actor),
                "cause": entry.json["cause"] ?? .null, "digest": entry.after["digest"] ?? .null, "files": files,
            ])
            return true
        }
        try add("policy-history/loads.json") { try $0(Array(JSON.object(["loads": .array(loads)]).serialized().utf8)) }
        for digest in digests.uniqued() {
            guard let text = try store.policyText(digest) else { continue }
            guard "sha256:" + Hex.encode(SHA256.digest(of: text)) == digest else {
                throw StoreError.refused(
                    "the text \(digest) of the policies was changed in the store, so that nothing is made of it",
                    hint: "rota audit verify --state tells all that is not as the log says")
            }
            try add("policy-history/\(digest.split(separator: ":").last ?? "").yaml") { try $0(text) }
        }
    }

    private func writeNotices(_ store: any StoreReads, _ write: ([UInt8]) throws -> Void) throws {
        var pending: [UInt8] = []
        try store.eachSentNotice(from: request.now - request.period, to: request.now) { notice in
            let line: JSON = [
                "event": .string(notice.id), "at": .string(notice.at.description),
                "token_id": .string(notice.tokenID.text), "notice": notice.told,
                "outcome": .string(notice.outcome.rawValue), "deliveries": notice.deliveriesJSON,
            ]
            pending += Array(line.serialized().utf8) + [UInt8(ascii: "\n")]
            if pending.count >= Self.pieces {
                try write(pending)
                pending.removeAll(keepingCapacity: true)
            }
            return true
        }
        try write(pending)
    }

    private func waivers(_ store: any StoreReads) throws -> [UInt8] {
        var listed: [JSON] = []
        try store.eachWaiver { waiver in
            let isOver = waiver.ending.map { $0.at < request.now - request.period } ?? false
            if !isOver { listed.append(waiver.json(at: request.now, name: try store.tokenName(of: waiver))) }
            return true
        }
        return Array(JSON.object(["waivers": .array(listed)]).serialized().utf8)
    }

    // MARK: - The log

    private func addLog(_ store: any StoreReads) throws {
        let size = try seal.map { Int64($0.checkpoint.size) } ?? store.newestEntry()
        let since = request.now - request.period
        var decisions: [AuditEntry] = []
        try add("audit/entries.jsonl") { write in
            var pending: [UInt8] = []
            try store.eachAuditEntry(from: 1, object: nil) { entry in
                guard entry.number <= size else { return false }
                guard entry.at >= since else { return true }
                pending += "{\"number\":\(entry.number),\"entry\":\(entry.body)}\n".utf8
                if pending.count >= Self.pieces {
                    try write(pending)
                    pending.removeAll(keepingCapacity: true)
                }
                if Self.proven.contains(where: entry.action.hasPrefix) {
                    decisions.append(entry)
                    if decisions.count > 2 * Self.mostProofs { decisions.removeFirst(Self.mostProofs) }
                }
                return true
            }
            try write(pending)
        }
        guard let seal, let note = SignedNote(seal.checkpoint.note) else { return }
        try add("audit/checkpoint") { try $0(Array(seal.checkpoint.note.utf8)) }
        try add("audit/key.txt") { try $0(Array("\(seal.signer.key.text)\n".utf8)) }
        let tree = AuditTree(store)
        for entry in decisions.suffix(Self.mostProofs) {
            let proof = InclusionProof(
                index: Int(entry.number) - 1,
                hashes: try tree.inclusionProof(of: entry.number, size: seal.checkpoint.size), note: note)
            try add("audit/proofs/\(entry.number).json") { try $0(Array(entry.body.utf8)) }
            try add("audit/proofs/\(entry.number).tlog-proof") { try $0(Array(proof.serialized.utf8)) }
        }
    }

    // MARK: - What it says to whoever opens it

    private var heading: String {
        """
        <!-- What is wrong comes first; what is in this archive and how to verify it stands at the end. -->

        """
    }

    private var directions: String {
        let verifying =
            seal == nil
            ? "This archive is not signed: no key for the audit log was configured.\n"
            : """
            ```
            rota report verify SHA256SUMS --key KEY                       # the sums as they were signed, on any machine
            sha256sum --check SHA256SUMS                                  # each file in it
            rota audit verify --proof audit/proofs/N.tlog-proof --entry audit/proofs/N.json --key KEY
            rota audit verify --checkpoint audit/checkpoint --key KEY     # where the store is: the log began like this
            ```

            Ask for the public key KEY by another way than this archive; what is in `audit/key.txt` should be the same.

            """
        return """

            ## What is in this archive

            | file | |
            |---|---|
            | `report.html` | the report for people: one page, no network |
            | `report.json`, `report.csv` | every verdict; in JSON also every sum of the page |
            | `report.inventory.csv` | the security inventory: every live token |
            | `\(TokensNotJudged.file)` | every other token: quarantined, expired or revoked, since when and why |
            | `report.oscal.json`, `report.junit.xml` | the same for tools |
            | `policies/` | the policies in force, as they were loaded |
            | `policy-history/` | who loaded which policies when, and every text, by its SHA-256 |
            | `notices.jsonl` | notices that were sent since \(request.now - request.period), with their delivery |
            | `waivers.json` | exceptions, with who asked, who approved, until when and why |
            | `audit/entries.jsonl` | the log since \(request.now - request.period), as hashed, behind `"entry":` |
            | `audit/checkpoint` | what was signed of the log |
            | `audit/proofs/` | what proves that decisions of people are in it (C2SP tlog-proof) |

            No value of any token is in it; entries of the log have the SHA-256 of some, from which nobody finds the
            value.

            ## How to verify it

            \(verifying)
            """
    }
}
