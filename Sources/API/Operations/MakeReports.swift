import Archive
import Crypto
package import Engine
import HTTPServer
import Reports
package import RotaCore
import TransparencyLog

/// A report that somebody asks for, here or from a page.
struct ReportOrder: Sendable {
    var kind: ReportKind
    /// To judge the present tokens as if it were then.
    var at: Instant?
    /// To tell everything as it was then.
    var asOf: Instant?
    var period = TimeSpan.days(30)
    var owner: String?
    var isRedacted = false
    /// Whether it comes in an archive, together with its signature.
    var isArchived = false
    /// Whether a browser is to keep it, and not to show it.
    var isFile = false

    /// What tells its file from that of the whole.
    fileprivate var part: String {
        (owner == nil ? "" : "-slice") + (isRedacted ? "-redacted" : "") + (at == nil ? "" : "-hypothetical")
    }

    fileprivate enum Truth: String, CaseIterable { case `true`, `false` }

    init(_ kind: ReportKind) { self.kind = kind }

    /// As the query says.
    init(_ kind: ReportKind, _ call: Call) throws {
        self.kind = kind
        at = try call.instant("at")
        asOf = try call.instant("as_of")
        guard at == nil || asOf == nil else {
            throw Refused.senseless("at and as_of exclude each other: at judges the tokens as they are now")
        }
        if let at, at < call.now.midnight { throw Refused.senseless("at: \(at) is past; as_of tells what was") }
        if let asOf, asOf > call.now { throw Refused.senseless("as_of: \(asOf) is still to come") }
        period = try call.period()
        owner = call.text("owner")
        isRedacted = try call.choice("redact", of: Truth.self) == .true
        isArchived = try call.choice("signed", of: Truth.self) == .true
    }
}

extension Call {
    /// How far back actions are told.
    fileprivate func period() throws(Refused) -> TimeSpan {
        guard let text = text("period") else { return .days(30) }
        guard let period = TimeSpan(text), period > .zero else {
            throw Refused.senseless("period: '\(abridged(text))' is no length of time such as 30d")
        }
        return period
    }
}

/// What reports need beside the tokens as they are.
package struct ReportMeans: Sendable {
    /// Signs what the audit log is, within a transaction; nil where it has no key.
    package var seal: (@Sendable (any Store, Change) throws -> ReportSeal)?
    /// Rebuilds the store of an instant, and tells what of it is not known for certain.
    ///
    /// - throws: `CommandRefusal` where it cannot.
    package var withPast:
        @Sendable (
            _ instant: Instant, _ period: TimeSpan,
            _ body: (_ store: any StoreReads, _ policies: PolicySet, _ vaults: Set<String>) throws -> Void
        ) throws -> [String] = { _, _, _ in throw CommandRefusal(.failed, "the past is not rebuilt here") }
    /// The policies in force, as they were loaded.
    package var texts: PolicyTexts?

    package init() {}
}

/// Reports, of any length, and never more than a few at a time, so that nobody waits behind them: each is written into
/// a file, signed where the audit log has a key, and sent from there.
extension API {
    /// Where the signature of an answer is: the signed note, in Base64.
    static let signature = "Rota-Signature"
    /// What is not known for certain of an answer, or that it is of nothing.
    static let warning = "Rota-Warning"

    func makeReport(_ call: Call) throws -> Answer {
        report(try ReportOrder(try call.choice("format", of: ReportKind.self) ?? .json, call), call)
    }

    /// - parameter refuse: what somebody is shown where there is none; nil: a problem document.
    func report(
        _ order: ReportOrder, _ call: Call, refuse: (@Sendable (any Error) -> Response)? = nil
    ) -> Answer {
        let configuration = parts.configuration()
        let threads = order.asOf == nil ? reporters : rebuilders
        return sealed(call, isNeeded: order.isArchived, configuration, threads, refuse) { [self] seal in
            let (body, violations, remarks) = try written(order, seal, configuration, call)
            let name = "rota-compliance-\((order.asOf ?? call.now).date)\(order.part).\(order.kind.ending)"
            let note = try note(of: body, seal, as: order.kind.rawValue, call)
            var response = Self.file(body, order.kind.contentType, note)
            response.headers += [(Screen.exitCode, violations > 0 ? "3" : "0")] + remarks.map { (Self.warning, $0) }
            if order.isArchived {
                guard let note else {
                    throw Refused.conflict(
                        "reports are not signed here", hint: "give the audit log a key: 'audit: { key: ... }'")
                }
                response.spooled = try archive(body, note, named: name, remarks, call)
                response.headers[0].value = Self.zip
                response.headers.append(Self.attachment("\(name).zip"))
            } else if order.kind != .json || order.isFile {
                response.headers.append(Self.attachment(name))
            }
            return response
        }
    }

    func makeBundle(_ call: Call, refuse: (@Sendable (any Error) -> Response)? = nil) throws -> Answer {
        let configuration = parts.configuration()
        let period = try call.period()
        return sealed(call, isNeeded: true, configuration, rebuilders, refuse) { [self] seal in
            var request = ReportRequest(
                policies: configuration.policies, vaults: configuration.vaultNames, now: call.now, period: period,
                generator: "rota \(parts.version)", actor: call.principal.actor.name)
            request.checkpoint = seal?.checkpoint.note
            let body = try SpooledBody(in: parts.scratch)
            let bundle = try EvidenceBundle(request, configuration.reports.texts, seal, at: body.path)
            try parts.readers.read { try bundle.write(from: $0) }
            try body.settle()
            var response = Self.file(body, Self.zip, try note(of: body, seal, as: "bundle", call))
            response.headers.append(Self.attachment("rota-evidence-\(call.now.date).zip"))
            return response
        }
    }

    private static let zip = "application/zip"

    /// What the audit log is, signed, and then what is made on a thread for what looks at all tokens.
    private func sealed(
        _ call: Call, isNeeded: Bool, _ configuration: ServedConfiguration, _ threads: Workers,
        _ refuse: (@Sendable (any Error) -> Response)?, _ body: @escaping @Sendable (ReportSeal?) throws -> Response
    ) -> Answer {
        @Sendable func make(_ seal: Result<ReportSeal?, any Error>, _ respond: Responder) {
            let isTaken = threads.take {
                do { respond(try body(try seal.get())) } catch {
                    respond(refuse?(error) ?? answer(call) { throw error })
                }
            }
            if !isTaken { respond(threads.busy) }
        }
        return .later { [self] respond in
            guard let sign = configuration.reports.seal else { return make(.success(nil), respond) }
            let change = call.change("report")
            parts.store.write { store in
                try call.requireStanding(in: store)
                return try sign(store, change)
            } then: { [self] result in
                // Better a report without a signature than none, where the disk is full; and none at all of a log that
                // is not what was signed before.
                if case .failure(let error as StoreError) = result, case .full = error, !isNeeded {
                    parts.report(error, call.request.id)
                    return make(.success(nil), respond)
                }
                make(result.map(Optional.some), respond)
            }
        }
    }

    private func written(
        _ order: ReportOrder, _ seal: ReportSeal?, _ configuration: ServedConfiguration, _ call: Call
    ) throws -> (body: SpooledBody, violations: Int, remarks: [String]) {
        let body = try SpooledBody(in: parts.scratch)
        var violations = 0
        var remarks: [String] = []
        func write(_ store: any StoreReads, _ policies: PolicySet, _ vaults: Set<String>) throws {
            var request = ReportRequest(
                policies: policies, vaults: vaults, now: call.now, hypotheticalAt: order.at, asOf: order.asOf,
                period: order.period, generator: "rota \(parts.version)", actor: call.principal.actor.name)
            request.owner = order.owner.map(Glob.init)
            request.isRedacted = order.isRedacted
            request.pseudonymKey = configuration.pseudonymKey
            request.checkpoint = seal?.checkpoint.note
            let composed = try order.kind.compose(request, from: store, to: { try body.write($0) })
            violations = composed.violations
            remarks += [composed.remark(isSlice: order.owner != nil)].compactMap(\.self)
        }
        if let asOf = order.asOf {
            let unknown = try configuration.reports.withPast(asOf, order.period, write)
            return (body, violations, unknown + remarks)
        }
        try parts.readers.read { try write($0, configuration.policies, configuration.vaultNames) }
        return (body, violations, remarks)
    }

    private func note(
        of body: SpooledBody, _ seal: ReportSeal?, as format: String, _ call: Call
    ) throws -> [UInt8]? {
        guard let seal else { return nil }
        let hasher = SHA256.Hasher()
        try body.eachPiece { hasher.update($0) }
        let note = seal.note(digest: hasher.finish(), bytes: Int(body.size), format: format, madeAt: call.now)
        return Array(note.serialized.utf8)
    }

    /// Both files, as they are written at home; and what is not known for certain, which the command line tells there.
    private func archive(
        _ report: SpooledBody, _ note: [UInt8], named name: String, _ remarks: [String], _ call: Call
    ) throws -> SpooledBody {
        let body = try SpooledBody(in: parts.scratch)
        let archive = try ZipWriter(at: body.path)
        try archive.add(name, writtenAt: call.now.seconds) { write in try report.eachPiece(write) }
        try archive.add("\(name)\(ReportSeal.ending)", writtenAt: call.now.seconds) { write in try write(note) }
        if !remarks.isEmpty {
            let text = remarks.map { "\($0)\n" }.joined()
            try archive.add("REMARKS.txt", writtenAt: call.now.seconds) { write in try write(Array(text.utf8)) }
        }
        try archive.finish()
        try body.settle()
        return body
    }

    private static func file(_ body: SpooledBody, _ type: String, _ note: [UInt8]?) -> Response {
        var response = Response(
            200, headers: [("Content-Type", type), noStore, ("X-Content-Type-Options", "nosniff")])
        if let note { response.headers.append((signature, Base64.standard.encode(note))) }
        response.spooled = body
        return response
    }

    private static func attachment(_ name: String) -> (name: String, value: String) {
        ("Content-Disposition", "attachment; filename=\"\(name)\"")
    }
}
