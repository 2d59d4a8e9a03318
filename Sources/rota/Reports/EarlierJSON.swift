import Crypto
import Engine
import Reports
import RotaCore

/// The earlier report that one is held against: a file that was kept, or one that is made for the purpose of what the
/// audit log tells of an instant. That one is removed with this.
final class EarlierJSON {
    let report: EarlierReport
    private let made: NewFile?

    /// Nil where nothing is to be compared.
    ///
    /// - parameter request: the report that is held against it; it has the same slice and the same pseudonyms.
    init?(like request: ReportRequest, as kind: ReportKind, _ composition: Composition) throws {
        let invocation = composition.invocation
        let arguments = invocation.arguments
        let path = arguments.value("compare")
        let since = try sinceInstant(arguments, before: request.asOf ?? request.now)
        guard path != nil || since != nil else { return nil }
        guard [.html, .json, .markdown].contains(kind) else {
            throw Failure.usage(
                "--\(path == nil ? "since" : "compare"): a report in \(kind.rawValue) has only rows",
                hint: "make it as html, json or markdown")
        }
        if let path {
            made = nil
            report = EarlierReport(json: try InventoryFile(path).chunks)
            return
        }
        guard let since else { return nil }
        let name = "\(Process.temporaryFolder)/rota-earlier-\(Hex.encode(invocation.random.bytes(12))).json"
        let file = try NewFile(at: name, suffix: "rows")
        try withPastStore(composition, at: since, period: request.period) { store, policies, vaults in
            var asked = ReportRequest(
                policies: policies, vaults: vaults, now: request.now, asOf: since, period: request.period,
                generator: request.generator, actor: request.actor)
            asked.owner = request.owner
            asked.isRedacted = request.isRedacted
            asked.pseudonymKey = request.pseudonymKey
            _ = try ReportKind.json.compose(asked, from: store, to: { try file.write($0) })
        }
        made = file
        report = EarlierReport(json: try InventoryFile(file.beside).chunks)
    }
}
