import RotaCore

/// Turns a row into a token, its first version and its destinations, or says all that is wrong with it.
struct InventoryParser: Sendable {
    /// For rows without an `issuer`; never guessed.
    var issuer: Issuer?
    /// The configured vaults.
    var vaults: Set<String>
    var defaultPrefix: String
    var now: Instant
    var actor: String

    struct Parsed: Sendable {
        var token: Token
        var version: Version
        var destinations: [Destination]
        var given: Set<InventoryColumn>
        var line: Int
    }

    func parse(_ row: InventoryRow, id: TokenID, faults: inout [InventoryFault]) -> Parsed? {
        var reader = RowReader(row: row)
        let name = reader.text(.name, longest: 255)
        if name.isEmpty { reader.fault("name is empty", "give every row a name") }
        let issuer = readIssuer(&reader)
        let state = readState(&reader)
        let issuedAt = reader.instant(.valueIssuedAt)
        let createdAt = reader.instant(.createdAt) ?? issuedAt ?? now
        let expiresAt = reader.instant(.expiresAt)
        if let issuedAt, issuedAt > now {
            reader.fault("value_issued_at is in the future", "check the clock or the column")
        }
        if createdAt > now { reader.fault("created_at is in the future", "check the clock or the column") }
        if let expiresAt, expiresAt <= createdAt {
            reader.fault("expires_at is not after created_at", "check both columns")
        }
        let usage = readUsage(&reader, createdAt: createdAt)
        let prefix = readPrefix(&reader)
        let digest = readDigest(&reader)
        let destinations = readDestinations(&reader)
        let labels = readLabels(&reader)
        let scopes = readScopes(&reader)
        let externalID = reader.text(.externalID, longest: 255)
        guard reader.faults.isEmpty, let issuer else {
            faults.append(contentsOf: reader.faults)
            return nil
        }
        let ended = state == .revoked || state == .expired
        let version = Version(
            number: 1, state: ended ? (state == .revoked ? .revoked : .expired) : .current, digest: digest,
            issuedAt: issuedAt ?? createdAt)
        let token = Token(
            id: id, name: name, description: reader.text(.description, longest: 4096),
            owner: reader.text(.owner, longest: 255), integration: reader.text(.integration, longest: 255),
            scopes: scopes, labels: labels, prefix: prefix, issuer: issuer,
            externalID: externalID.isEmpty ? nil : externalID, state: state, createdAt: createdAt, createdBy: actor,
            expiresAt: expiresAt, usage: usage,
            end: ended ? TokenEnd(at: now, by: actor, cause: "it had ended when it was imported") : nil,
            values: ValueSummary(current: ended ? nil : 1, currentIssuedAt: ended ? nil : version.issuedAt),
            destinationCount: destinations.count, provenance: .asserted)
        return Parsed(token: token, version: version, destinations: destinations, given: row.given, line: row.line)
    }

    private func readIssuer(_ reader: inout RowReader) -> Issuer? {
        let text = reader.text(.issuer, longest: 64)
        if text.isEmpty {
            if issuer == nil {
                reader.fault("issuer is missing", "add an issuer column (rota or external:<kind>) or give --issuer")
            }
            return issuer
        }
        let read = Issuer(text)
        if read == nil {
            reader.fault("'\(text)' is not an issuer", "write rota or external:<kind>, such as external:aws-iam")
        }
        return read
    }

    private func readState(_ reader: inout RowReader) -> TokenState {
        let text = reader.text(.state, longest: 64)
        if text.isEmpty { return .active }
        if let state = TokenState(rawValue: text) { return state }
        reader.fault(
            "'\(text)' is not a state", "write one of \(TokenState.allCases.map(\.rawValue).joined(separator: ", "))")
        return .active
    }

    /// A time, `never`, or empty for unknown.
    private func readUsage(_ reader: inout RowReader, createdAt: Instant) -> Usage {
        let since = reader.instant(.trackedSince)
        if reader.text(.lastUsedAt, longest: 64) == "never" { return .neverUsed(since: since ?? createdAt) }
        if let last = reader.instant(.lastUsedAt, orWord: "never") {
            if last > now { reader.fault("last_used_at is in the future", "check the clock or the column") }
            return .lastUsed(last)
        }
        return .unknown
    }

    private func readPrefix(_ reader: inout RowReader) -> String {
        let text = reader.text(.prefix, longest: 64)
        if text.isEmpty { return defaultPrefix }
        if !TokenValue.isPrefix(text) {
            reader.fault("'\(text)' is not a prefix", "write a small letter and one to fifteen small letters or digits")
        }
        return text
    }

    private func readDigest(_ reader: inout RowReader) -> Digest? {
        let text = reader.text(.digest, longest: 128)
        if text.isEmpty { return nil }
        let digest = Digest(text)
        if digest == nil {
            reader.fault("digest is not sha256:<64 hexadecimal digits>", "leave it empty if the value is not known")
        }
        return digest
    }

    private func readDestinations(_ reader: inout RowReader) -> [Destination] {
        var destinations: [Destination] = []
        for text in reader.list(.destinations) {
            guard let destination = Destination(text) else {
                reader.fault("'\(text)' is not a destination", "write vault:path or vault:path#field")
                continue
            }
            if !vaults.contains(destination.vault) {
                let known = vaults.isEmpty ? "there are none" : "there are \(vaults.sorted().joined(separator: ", "))"
                reader.fault(
                    "there is no vault named '\(destination.vault)'",
                    "add it under 'vaults' in the configuration; \(known)")
            }
            if destinations.contains(destination) {
                reader.fault("the destination \(text) is there twice", "name each once")
            }
            destinations.append(destination)
        }
        return destinations
    }

    private func readLabels(_ reader: inout RowReader) -> [String: String] {
        var labels: [String: String] = [:]
        for pair in reader.text(.labels, longest: 4096).split(separator: ";") {
            let text = pair.trimmingBlanks()
            if text.isEmpty { continue }
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                reader.fault("'\(text)' is not a label", "write key=value;key=value")
                continue
            }
            labels[String(parts[0])] = String(parts[1])
        }
        return labels
    }

    private func readScopes(_ reader: inout RowReader) -> [String] {
        reader.list(.scopes)
    }
}

/// Reads the fields of one row and gathers what is wrong with them.
struct RowReader {
    let row: InventoryRow
    private(set) var faults: [InventoryFault] = []

    init(row: InventoryRow) {
        self.row = row
    }

    mutating func fault(_ message: String, _ hint: String) {
        faults.append(InventoryFault(line: row.line, message, hint: hint))
    }

    /// The text of a field without blanks around it; control characters and overlong texts are faults.
    mutating func text(_ column: InventoryColumn, longest: Int) -> String {
        let text = row[column].trimmingBlanks()
        if text.utf8.count > longest {
            fault("\(column.rawValue) is longer than \(longest) bytes", "shorten it")
        } else if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            fault("\(column.rawValue) holds a control character", "remove it")
        }
        return text
    }

    mutating func instant(_ column: InventoryColumn, orWord word: String? = nil) -> Instant? {
        let text = row[column].trimmingBlanks()
        if text.isEmpty { return nil }
        if let instant = Instant(text) { return instant }
        let also = word.map { ", or \($0)" } ?? ""
        fault(
            "'\(text.prefix(40))' in \(column.rawValue) is not a time",
            "write 2026-11-24 or 2026-11-24T03:00:00Z\(also)")
        return nil
    }

    /// Separated by blanks or semicolons.
    mutating func list(_ column: InventoryColumn) -> [String] {
        text(column, longest: 8192).split(whereSeparator: { $0 == " " || $0 == ";" || $0 == "\t" }).map(String.init)
    }
}

extension StringProtocol {
    /// Without blanks and tabs at both ends.
    func trimmingBlanks() -> String {
        guard let first = firstIndex(where: { $0 != " " && $0 != "\t" }),
            let last = lastIndex(where: { $0 != " " && $0 != "\t" })
        else { return "" }
        return String(self[first...last])
    }
}
