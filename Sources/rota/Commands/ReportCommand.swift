import Crypto
import Documents
import Engine
import Reports
import RotaCore

extension Command {
    static let report = Command(
        words: ["report"],
        summary: "show how every token stands to every policy that selects it",
        discussion: """
            HTML is one page for people and auditors, without anything to load; JSON and CSV have a row for
            every policy, rule and selected token; OSCAL (1.2.1) is for tools of compliance, JUnit for build
            servers, Markdown is the summary, inventory is a row for each live token: type, purpose, owner, expiry,
            renewal. --owner tells of some owners' tokens alone, --redact puts pseudonyms for names and leaves
            free text out, but not what policies say of themselves, and the report says so. --compare holds it
            against an earlier report in JSON, --since against what a report would have said at an instant, rebuilt
            from the audit log. With --at the tokens as they are now are judged as if it were then, and the report
            says so. With --as-of everything is told as it was then: the state is rebuilt from the audit log, and the
            policies are those that were loaded last by then. A file comes to be as a whole or not at all, and is
            readable by you alone.
            """,
        options: [
            Option("format", "FORMAT", help: "\(formats); else by --output, or html; on a terminal markdown"),
            Option("output", "FILE", help: "write it here; - or none: to standard output"),
            Option("at", "TIME|SPAN", help: "judge as if it were then: 2027-01-31, or 30d from now"),
            Option("as-of", "TIME", help: "everything as it was then, rebuilt from the audit log"),
            Option("period", "SPAN", help: "how far back actions are told; 30d"),
            Option("owner", "GLOB", help: "only the tokens of owners that match, as team-*"),
            Option("redact", help: "no names of tokens, owners, people, systems, no free text but the policies' own"),
            Option("compare", "FILE", help: "tell what is otherwise than in this earlier report in JSON"),
            Option("since", "TIME", help: "tell what is otherwise than it was then, rebuilt from the audit log"),
            Option("exit-code", help: "exit with 3 when violations remain"),
        ],
        examples: [
            "rota report --output report.html", "rota report --format csv --period 90d > report.csv",
            "rota report --json --exit-code | jq .totals",
            "rota report --as-of 2026-09-30T12:00:00Z --output september.html",
            "rota report --since 2026-10-01 --output quarter.html",
            "rota report --owner team-data --compare last-month.json --output team-data.html",
        ],
        exitCodes: [.done, .failed, .usage, .violationsRemain],
        run: makeReport)
}

private func makeReport(_ invocation: Invocation) throws -> ExitCode {
    let arguments = invocation.arguments
    let kind = try reportKind(arguments, isRead: invocation.output.width != nil)
    let path = arguments.value("output").flatMap { $0 == standardOutput ? nil : $0 }
    if let path, kindOfFile(at: path) == .directory {
        throw Failure.usage("\(path) is a directory", hint: "give a file: --output \(path)/report.html")
    }
    let now = invocation.clock.now()
    let at = try arguments.instant("at", orSpanFrom: now)
    try requireNotPast(at, now)
    let asOf = try pastInstant(arguments, now)
    _ = try sinceInstant(arguments, before: asOf ?? now)
    let period = try arguments.span("period") ?? .days(30)
    let composition = try Composition(invocation)
    // What goes to standard output has no place for a signature beside it; pseudonyms need the key all the same.
    let isSealed = path != nil || arguments.has("redact")
    if let asOf {
        let seal = try isSealed ? composition.withStore { try composition.reportSeal($0) } : nil
        return try withPastStore(composition, at: asOf, period: period) { store, policies, vaults in
            let request = ReportRequest(
                policies: policies, vaults: vaults, now: now, asOf: asOf, period: period,
                generator: "rota \(Program.version)", actor: invocation.actor.name)
            return try write(request, from: store, as: kind, to: path, seal, composition)
        }
    }
    let (policies, texts) = try composition.policiesWithTexts()
    let store = try composition.openStore()
    defer { store.close() }
    // So that the same report can be made again when they have changed.
    try store.keepPolicies(texts, change: Change(actor: invocation.actor, at: now, cause: "report"))
    let seal = try isSealed ? composition.reportSeal(store) : nil
    let request = ReportRequest(
        policies: policies, vaults: composition.configuration.vaultNames, now: now, hypotheticalAt: at,
        period: period, generator: "rota \(Program.version)", actor: invocation.actor.name)
    return try write(request, from: store, as: kind, to: path, seal, composition) { try store.snapshot($0) }
}

/// - parameter snapshot: keeps what is read as it is meanwhile; what was rebuilt nobody changes.
private func write(
    _ asked: ReportRequest, from store: any StoreReads, as kind: ReportKind, to path: String?,
    _ seal: ReportSeal?, _ composition: Composition,
    snapshot: (() throws -> ComposedReport) throws -> ComposedReport = { try $0() }
) throws -> ExitCode {
    let invocation = composition.invocation
    let arguments = invocation.arguments
    var request = asked
    request.owner = arguments.value("owner").map(Glob.init)
    request.isRedacted = arguments.has("redact")
    request.pseudonymKey = seal?.pseudonymKey
    request.checkpoint = seal?.checkpoint.note
    let kept = try EarlierJSON(like: request, as: kind, composition)
    let earlier = kept?.report
    // A report that goes to the terminal itself tells how far it is.
    let isSeen = arguments.has("output") || invocation.output.width == nil
    let progress = isSeen ? TokenProgress("judging", store, on: invocation.output) : nil
    func compose(to sink: @escaping ByteSink) throws -> ComposedReport {
        do {
            // All of it is of one moment, whatever others change meanwhile.
            return try snapshot {
                if request.asOf == nil { request.now = try moment(of: store, invocation.clock) }
                return try kind.compose(
                    request, against: earlier, from: store, to: sink, progress: { try progress?.show($0) })
            }
        } catch let error as IncomparableReports {
            throw Failure.usage(
                "--compare: \(error)", hint: "give one of the same store, made with the same --owner and --redact")
        } catch let error as UnreadableReport {
            throw Failure.usage("--compare: \(error)", hint: "keep one: rota report --output earlier.json")
        }
    }
    // The file that was made to be compared with is there until then.
    defer { withExtendedLifetime(kept) {} }
    let composed: ComposedReport
    if let path {
        let file = try ReportFile(at: path, suffix: Hex.encode(invocation.random.bytes(4)))
        composed = try compose(to: { try file.write($0) })
        try file.place(sealedBy: seal, as: kind.rawValue, madeAt: request.now)
        let signed = seal == nil ? "" : ", and signed by \(path)\(ReportSeal.ending)"
        invocation.output.note("\(path) is written\(signed); \(counted(composed.violations, "violation"))")
    } else {
        composed = try compose(to: { invocation.output.bytes($0) })
    }
    if let remark = composed.remark(isSlice: request.owner != nil) { invocation.output.warning(remark) }
    return composed.violations > 0 && arguments.has("exit-code") ? .violationsRemain : .done
}

/// When what a snapshot shows is so: it is of when it is read first.
func moment(of store: any StoreReads, _ clock: any WallClock) throws -> Instant {
    _ = try store.identity()
    return clock.now()
}

/// The formats that have sums tell of it; the others have only rows.
private let formats = ReportKind.allCases.map(\.rawValue).joined(separator: ", ")

/// What `--output` calls it, as other tools do.
private let standardOutput = "-"

/// The page is made to be printed.
private let pdfHint = "make the page by --format html --output report.html, and print it from a browser as PDF"

/// What was asked for; else what the name of the file says.
///
/// - parameter isRead: whether it goes to a terminal, where nobody reads a page.
func reportKind(_ arguments: Arguments, isRead: Bool) throws(Failure) -> ReportKind {
    if arguments.value("format")?.lowercased() == "pdf" {
        throw .usage("--format: 'pdf' is none of \(formats)", hint: pdfHint)
    }
    if let kind = try arguments.choice("format", of: ReportKind.self) {
        guard kind == .json || !arguments.has("json") else {
            throw .usage("--json and --format \(kind.rawValue) exclude each other")
        }
        return kind
    }
    if arguments.has("json") { return .json }
    guard let path = arguments.value("output") else { return isRead ? .markdown : .html }
    guard path != standardOutput else {
        throw .usage("--output - does not say in which format", hint: "give --format: \(formats)")
    }
    let name = path.split(separator: "/").last ?? ""
    guard name.contains(".") else { return .html }
    let named = ReportKind.allCases.filter { name.lowercased().hasSuffix(".\($0.ending)") }
    // `.oscal.json` is JSON, and `.inventory.csv` CSV, too: what says more counts.
    guard let kind = named.max(by: { $0.ending.utf8.count < $1.ending.utf8.count }) else {
        guard !path.lowercased().hasSuffix(".pdf") else {
            throw .usage("\(path): there is no report in PDF", hint: pdfHint)
        }
        throw .usage(
            "\(path) does not say in which format",
            hint: "name it .html, .json, .csv, .md, .junit.xml, .oscal.json or .inventory.csv, or give --format")
    }
    return kind
}
