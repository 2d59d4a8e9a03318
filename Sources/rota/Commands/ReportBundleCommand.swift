import Archive
import Crypto
import Documents
import Engine
import JSON
import Reports
import RotaCore
import TransparencyLog

extension Command {
    static let reportBundle = Command(
        words: ["report", "bundle"],
        summary: "make one archive with all that an auditor asks for",
        discussion: """
            A ZIP archive with the report in every format, the policies in force as they were loaded, waivers with both
            names, the audit log of the period with its checkpoint and proofs, and a README that begins with the
            exceptions. All of it is of one moment. It is signed as reports are: 'rota report verify FILE'.
            """,
        options: [
            Option("output", "FILE", help: "write it here; else rota-evidence-DATE.zip"),
            Option("period", "SPAN", help: "how far back actions and entries of the log are told; 30d"),
        ],
        examples: ["rota report bundle --period 90d", "rota report bundle --output /srv/audit/q4.zip"],
        exitCodes: [.done, .failed, .usage],
        run: makeBundle)
}

private func makeBundle(_ invocation: Invocation) throws -> ExitCode {
    let now = invocation.clock.now()
    let path = invocation.arguments.value("output") ?? "rota-evidence-\(now.date).zip"
    guard kindOfFile(at: path) != .directory else {
        throw Failure.usage("\(path) is a directory", hint: "give a file: --output \(path)/evidence.zip")
    }
    guard path.lowercased().hasSuffix(".zip") else {
        throw Failure.usage("\(path) is not the name of a ZIP archive", hint: "name it .zip, or leave --output out")
    }
    let period = try invocation.arguments.span("period") ?? .days(30)
    let composition = try Composition(invocation)
    let (policies, texts) = try composition.policiesWithTexts()
    let store = try composition.openStore()
    defer { store.close() }
    try store.keepPolicies(texts, change: composition.change("report bundle"))
    let seal = try composition.reportSeal(store)
    var request = ReportRequest(
        policies: policies, vaults: composition.configuration.vaultNames, now: now, period: period,
        generator: "rota \(Program.version)", actor: invocation.actor.name)
    request.checkpoint = seal?.checkpoint.note
    let suffix = Hex.encode(invocation.random.bytes(4))
    let file = try NewFile(at: path, suffix: suffix)
    let bundle = try EvidenceBundle(request, texts, seal, at: file.beside)
    try store.snapshot { try bundle.write(from: store) }
    let (digest, bytes) = try digestOfFile(at: file.beside)
    let note = seal?.note(digest: digest, bytes: bytes, format: "bundle", madeAt: now)
    try SignatureFile(of: path, suffix: suffix).replace(by: note)
    try file.place()
    let signed = seal == nil ? "; it is not signed, since no audit key is configured" : ""
    if invocation.wantsJSON {
        invocation.output.document([
            "file": .string(path), "files": .integer(bundle.count),
            "signature": seal == nil ? .null : .string(path + ReportSeal.ending),
        ])
    } else {
        invocation.output.note("\(printable(path)) is written, with \(counted(bundle.count, "file"))\(signed)")
    }
    return .done
}

/// What goes into an archive for auditors, each file with its SHA-256.
private final class EvidenceBundle {
    /// Entries about decisions of people and the log itself are proven one by one; so many of them at the most.
    private static let mostProofs = 500
    private static let proven = [
        "waiver.", "plan.approve", "plan.withdraw", "policies.load", "configuration.load",
        "store.", "audit.", "clock.",
    ]
    private static let folder = "evidence"
    private static let pieces = 64 << 10

    private let request: ReportRequest
    private let texts: PolicyTexts?
    private let seal: ReportSeal?
    private let archive: ZipWriter
    private var sums = ""
    private(set) var count = 0

    init(
        _ request: ReportRequest, _ texts: PolicyTexts?, _ seal: ReportSeal?, at path: String
    ) throws(ArchiveError) {
        self.request = request
        self.texts = texts
        self.seal = seal
        archive = try ZipWriter(at: path)
    }

    func write(from store: any Store) throws {
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
        for file in texts?.files ?? [] { try add("policies/\(file.name)") { try $0(file.bytes) } }
        try addPolicies(store)
        try add("notices.jsonl") { try self.writeNotices(store, $0) }
        try add("waivers.json") { try $0(try self.waivers(store)) }
        try addLog(store)
        try add("SHA256SUMS", isSummed: false) { try $0(Array(self.sums.utf8)) }
        try archive.finish()
    }

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

    /// Every text that policies were ever loaded from, with who loaded it and when.
    private func addPolicies(_ store: any Store) throws {
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
            try add("policy-history/\(digest.split(separator: ":").last ?? "").yaml") { try $0(text) }
        }
    }

    private func writeNotices(_ store: any Store, _ write: ([UInt8]) throws -> Void) throws {
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

    private func waivers(_ store: any Store) throws -> [UInt8] {
        var listed: [JSON] = []
        try store.eachWaiver { waiver in
            let isOver = waiver.ending.map { $0.at < request.now - request.period } ?? false
            if !isOver { listed.append(waiver.json(at: request.now, name: try store.tokenName(of: waiver))) }
            return true
        }
        return Array(JSON.object(["waivers": .array(listed)]).serialized().utf8)
    }

    // MARK: - The log

    private func addLog(_ store: any Store) throws {
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
            rota report verify ARCHIVE.zip --key KEY                      # the archive as it was signed, on any machine
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
