import RotaCore

/// Turns a row into a token, its first version and its destinations, or says all that is wrong with it.
struct InventoryParser {
    /// For rows without an `issuer`; never guessed.
    let issuer: Issuer?
    /// The configured vaults.
    let vaults: KnownVaults
    let defaultPrefix: String
    let now: Instant
    let actor: String
    /// What its issuer calls a token is taken as it is: one odd name must not hold up all others.
    let isReport: Bool
    // Many rows share these texts; taking them apart costs as much as all the rest.
    var scopes = Remembered<[String]>()
    var labels = Remembered<[String: String]>()
    private var issuers = Remembered<Issuer>()
    private var hasToldIssuer = false

    struct Parsed {
        var token: Token
        var version: Version
        var destinations: [Destination]
        var row: InventoryRow

        var line: Int { row.line }
    }

    init(_ request: ImportRequest, change: Change) {
        issuer = request.issuer ?? request.format.issuer
        vaults = request.vaults
        defaultPrefix = request.defaultPrefix
        now = change.at
        actor = change.actor.name
        isReport = request.format.isReport
    }

    /// Nil when there are faults, which are added to `faults`.
    mutating func parse(_ row: InventoryRow, id: TokenID, faults: inout [InventoryFault]) -> Parsed? {
        var reader = RowReader(row: row)
        let name = readName(&reader)
        let issuer = readIssuer(&reader)
        let state = readState(&reader)
        let dates = readDates(&reader, state)
        let prefix = readPrefix(&reader)
        let digest = readDigest(&reader)
        let destinations = readDestinations(&reader)
        let token = Token(
            id: id, name: name, description: reader.text(.description, longest: TokenFields.longestText),
            owner: readPlain(.owner, &reader), integration: readPlain(.integration, &reader),
            scopes: readScopes(&reader), labels: readLabels(&reader), prefix: prefix, issuer: issuer ?? .rota,
            externalID: readExternalID(&reader), state: state, createdAt: dates.created, createdBy: actor,
            expiresAt: dates.expires, usage: readUsage(&reader, createdAt: dates.created),
            end: end(state, dates),
            values: state.hasEnded
                ? ValueSummary(current: nil, currentIssuedAt: nil)
                : ValueSummary(current: 1, currentIssuedAt: dates.issued),
            destinationCount: destinations.count, provenance: .asserted)
        guard reader.faults.isEmpty, issuer != nil else {
            faults.append(contentsOf: reader.faults)
            return nil
        }
        let version = Version(number: 1, state: state.ofOnlyVersion, digest: digest, issuedAt: dates.issued)
        return Parsed(token: token, version: version, destinations: destinations, row: row)
    }

    private func end(_ state: TokenState, _ dates: Dates) -> TokenEnd? {
        guard state.hasEnded else { return nil }
        let end = state == .expired ? dates.expires.map { min($0, now) } : nil
        return TokenEnd(at: end ?? now, by: actor, cause: "it had ended when it was imported")
    }

    private static let noSecret =
        "name the token by something else; its value is told by its SHA-256 under 'digest' alone"

    private func readName(_ reader: inout RowReader) -> String {
        let name = reader.text(.name, longest: TokenFields.longestName)
        if name.isEmpty {
            reader.fault("name is empty", "give every row a name")
        } else if !isReport, SecretShape.isLikely(in: name), reader.faults.isEmpty {
            reader.fault("the name looks like a secret, and is not shown", Self.noSecret)
        } else if reader.faults.isEmpty, let fault = TokenFields.fault(ofName: name) {
            reader.fault(fault, "give it another name")
        }
        return name
    }

    /// What people read somebody or something by.
    private func readPlain(_ column: InventoryColumn, _ reader: inout RowReader) -> String {
        let count = reader.faults.count
        let text = reader.text(column, longest: TokenFields.longestText)
        if reader.faults.count == count, let disguise = TokenFields.disguise(in: text) {
            reader.fault("\(column.title) has \(disguise)", "write it without")
        }
        return text
    }

    private func readExternalID(_ reader: inout RowReader) -> String? {
        let text = reader.text(.externalID, longest: TokenFields.longestText)
        if !isReport, SecretShape.isLikely(in: text), !SecretShape.isCertain(in: text) {
            reader.fault("external_id looks like a secret, and is not shown", Self.noSecret)
        }
        return text.isEmpty ? nil : text
    }

    private mutating func readIssuer(_ reader: inout RowReader) -> Issuer? {
        let text = reader.text(.issuer, longest: 64)
        if text.isEmpty {
            // A column that is not there is told once, and not for each row.
            if issuer == nil, reader.row.gives(.issuer) || !hasToldIssuer {
                hasToldIssuer = true
                reader.fault("issuer is missing", "add an issuer column (rota or external:<kind>) or give --issuer")
            }
            return issuer
        }
        let read = issuers.value(of: text) { Issuer(text) }
        if read == nil {
            reader.fault(
                "'\(SecretShape.shown(text, to: 40))' is not an issuer",
                "write rota or external:<kind>, such as external:aws-iam")
        }
        return read
    }

    private func readState(_ reader: inout RowReader) -> TokenState {
        let text = reader.text(.state, longest: 64)
        if text.isEmpty { return .active }
        if let state = TokenState(rawValue: text) { return state }
        reader.fault(
            "'\(SecretShape.shown(text, to: 40))' is not a state",
            "write one of \(TokenState.allCases.map(\.rawValue).joined(separator: ", "))")
        return .active
    }

    private struct Dates {
        var created: Instant
        var issued: Instant
        var expires: Instant?
    }

    private func readDates(_ reader: inout RowReader, _ state: TokenState) -> Dates {
        let issued = reader.instant(.valueIssuedAt)
        let created = reader.instant(.createdAt) ?? issued ?? now
        let expires = reader.instant(.expiresAt)
        if let issued, issued > now {
            reader.fault("value_issued_at is in the future", "check the clock or the column")
        }
        if created > now { reader.fault("created_at is in the future", "check the clock or the column") }
        if let expires, expires <= created, !state.hasEnded {
            faultEnd(&reader, issued: issued)
        }
        return Dates(created: created, issued: issued ?? created, expires: expires)
    }

    /// It speaks of what the row has: where that says nothing of its beginning, the token begins now.
    private func faultEnd(_ reader: inout RowReader, issued: Instant?) {
        if !reader.row[.createdAt].trimmingBlanks().isEmpty {
            reader.fault("expires_at is not after created_at", "check both columns")
        } else if issued != nil {
            reader.fault("expires_at is not after value_issued_at", "check both columns")
        } else {
            reader.fault(
                "expires_at is in the past",
                "leave the row out, or say that it has ended: state 'expired', and created_at")
        }
    }

    /// A time, `never`, or empty for unknown.
    private func readUsage(_ reader: inout RowReader, createdAt: Instant) -> Usage {
        let since = reader.instant(.trackedSince)
        if reader.row[.lastUsedAt].trimmingBlanks() == "never" { return .neverUsed(since: since ?? createdAt) }
        guard let last = reader.instant(.lastUsedAt, orWord: "never") else { return .unknown }
        if last > now { reader.fault("last_used_at is in the future", "check the clock or the column") }
        return .lastUsed(last)
    }

    private func readPrefix(_ reader: inout RowReader) -> String {
        let text = reader.text(.prefix, longest: 64)
        if text.isEmpty { return defaultPrefix }
        if !TokenValue.isPrefix(text) {
            reader.fault(
                "'\(SecretShape.shown(text, to: 40))' is not a prefix",
                "write a small letter and one to fifteen small letters or digits")
        }
        return text
    }

    private func readDigest(_ reader: inout RowReader) -> Digest? {
        let text = reader.row[.digest].trimmingBlanks()
        if text.isEmpty { return nil }
        let digest = Digest(text)
        if digest == nil {
            reader.fault("digest is not sha256:<64 hexadecimal digits>", "leave it empty if the value is not known")
        }
        return digest
    }
}

extension TokenState {
    /// It does not come back.
    var hasEnded: Bool { self == .revoked || self == .expired }

    /// The state of the only version of an imported token.
    fileprivate var ofOnlyVersion: VersionState {
        switch self {
        case .active, .quarantined: .current
        case .revoked: .revoked
        case .expired: .expired
        }
    }
}
