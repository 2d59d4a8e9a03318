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
    let path = try bundlePath(invocation.arguments, now)
    let period = try invocation.arguments.span("period") ?? .days(30)
    let composition = try Composition(invocation)
    let (policies, texts) = try composition.policiesWithTexts()
    let store = try composition.openStore()
    defer { store.close() }
    try store.keepPolicies(texts, change: Change(actor: invocation.actor, at: now, cause: "report bundle"))
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
    try SignatureFile(of: path, suffix: suffix).replace(by: note.map { Array($0.serialized.utf8) })
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

/// Where the archive is written.
func bundlePath(_ arguments: Arguments, _ now: Instant) throws(Failure) -> String {
    let path = arguments.value("output") ?? "rota-evidence-\(now.date).zip"
    guard kindOfFile(at: path) != .directory else {
        throw Failure.usage("\(path) is a directory", hint: "give a file: --output \(path)/evidence.zip")
    }
    guard path.lowercased().hasSuffix(".zip") else {
        throw Failure.usage("\(path) is not the name of a ZIP archive", hint: "name it .zip, or leave --output out")
    }
    return path
}
