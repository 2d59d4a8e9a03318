package import Engine
package import RotaCore

/// The security inventory as a data file: one line for each live token, whether a policy selects it or not, safe to
/// open in a spreadsheet.
///
/// `blocked` is why the action that is called for cannot be taken; `rotation` is `open`, `overlap` while an older value
/// is still accepted, or empty. `last_used` and `value_issued_at` are as in the CSV of verdicts.
package struct InventoryData: ReportFormat {
    package static let order = TokenOrder.byName

    private static let header =
        "token_id,name,type,purpose,owner,integration,expires_at,renewal,renewed_at,renewal_due,created_at,"
        + "destinations,dates,status,judged_at,extent,blocked,rotation,last_used,value_issued_at\r\n"

    private let sink: ByteSink
    private var bytes: [UInt8] = []
    private var policies: [Policy] = []
    private var extent: [UInt8] = []

    package init(to sink: @escaping ByteSink) {
        self.sink = sink
        bytes.reserveCapacity(bufferSize + 4096)
    }

    package mutating func begin(_ facts: ReportFacts) throws {
        bytes += Self.header.utf8
        policies = facts.policies.policies
        extent = facts.extentFields
    }

    package mutating func add(_ token: Token, _ rulings: [Planner.Ruling], blocked: BlockedCall?) throws {
        let renewal = Renewal(rulings, of: policies)
        let gravest = rulings.map(\.verdict.status).max { $0.gravity < $1.gravity }
        bytes.append(field: token.id.text)
        bytes.append(field: token.name)
        bytes.append(plain: token.issuer.description)
        bytes.append(field: token.description)
        bytes.append(field: token.owner)
        bytes.append(field: token.integration)
        bytes.append(time: token.expiresAt)
        bytes.append(field: token.renewalWords(renewal))
        bytes.append(time: token.values.currentIssuedAt)
        bytes.append(time: renewal?.deadline)
        bytes.append(time: token.createdAt)
        bytes.append(plain: String(token.destinationCount))
        bytes.append(plain: token.provenance.rawValue)
        bytes.append(plain: gravest?.rawValue ?? "under no policy")
        bytes += extent
        bytes.append(plain: blocked?.reason.rawValue ?? "")
        bytes.append(plain: token.values.rotationOpen ? "open" : token.values.awaitingRetirement ? "overlap" : "")
        bytes.append(use: token.usage)
        bytes.append(time: token.values.oldestIssuedAt)
        bytes.endLine()
        if bytes.count >= bufferSize { try flush() }
    }

    package mutating func end(_ report: Report) throws { try flush() }

    private mutating func flush() throws {
        try sink(bytes)
        bytes.removeAll(keepingCapacity: true)
    }
}

extension Token {
    /// Who renews its value, and why.
    func renewalWords(_ renewal: Renewal?) -> String {
        switch (issuer, renewal) {
        case (.rota, .some(let renewal)) where renewal.isAutomatic && destinationCount == 0:
            "by hand: it has no destination for \(renewal.policy)"
        case (.rota, .some(let renewal)) where renewal.isAutomatic: "by rota, under \(renewal.policy)"
        case (.rota, .some(let renewal)): "by hand: \(renewal.policy) only tells"
        case (.rota, nil): "by hand: no policy has it rotated"
        case (.external, .some(let renewal)): "by its issuer; \(renewal.policy) watches it"
        case (.external, nil): "by its issuer; no policy watches it"
        }
    }
}
