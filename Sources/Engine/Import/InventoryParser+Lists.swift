import RotaCore

/// Columns that hold several things.
extension InventoryParser {
    func readDestinations(_ reader: inout RowReader) -> [Destination] {
        var destinations: [Destination] = []
        for text in reader.row[.destinations].splittingList() {
            if text.hasCommaBetweenPlaces {
                reader.fault(
                    "'\(SecretShape.redacted(abridged(text, to: 80)))' holds a comma, which separates no destinations",
                    "write vault:path#field;vault:path#field, separated by ';' or blanks")
                continue
            }
            guard let destination = Destination(text).map(vaults.plain) else {
                reader.fault(
                    "'\(SecretShape.redacted(abridged(text, to: 80)))' is not a destination",
                    "write vault:path or vault:path#field")
                continue
            }
            if let fault = vaults.fault(of: destination) { reader.fault(fault.message, fault.hint) }
            if destinations.contains(destination) {
                reader.fault("the destination \(text) is there twice", "name each once")
            }
            destinations.append(destination)
        }
        if destinations.count > TokenFields.mostDestinations {
            reader.fault(
                "there are more than \(TokenFields.mostDestinations) destinations", "make several tokens of it")
        }
        return destinations
    }

    mutating func readScopes(_ reader: inout RowReader) -> [String] {
        let text = reader.row[.scopes]
        if text.isEmpty { return [] }
        if let known = scopes.value(of: text) { return known }
        let list = text.splittingList()
        let wrong = list.filter { !TokenFields.isScope($0) || SecretShape.isCertain(in: $0) }
        for scope in wrong {
            reader.fault(
                "'\(SecretShape.shown(scope, to: 40))' is not a scope",
                "1 to 128 printable characters of ASCII, without quotes")
        }
        if list.count > TokenFields.mostScopes {
            reader.fault("there are more than \(TokenFields.mostScopes) scopes", "leave some out")
        }
        return wrong.isEmpty ? scopes.remember(list, of: text) : list
    }

    mutating func readLabels(_ reader: inout RowReader) -> [String: String] {
        let text = reader.row[.labels]
        if text.isEmpty { return [:] }
        if let known = labels.value(of: text) { return known }
        var read: [String: String] = [:]
        var isWhole = true
        func fault(_ message: String, _ hint: String) {
            isWhole = false
            reader.fault(message, hint)
        }
        for pair in text.split(separator: ";") {
            let pair = String(pair).trimmingBlanks()
            if pair.isEmpty { continue }
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, TokenFields.isLabelKey(parts[0]), TokenFields.isLabelValue(parts[1]),
                !SecretShape.isCertain(in: pair)
            else {
                fault("'\(SecretShape.shown(pair, to: 80))' is not a label", "write key=value;key=value")
                continue
            }
            if read.updateValue(parts[1], forKey: parts[0]) != nil {
                fault("the label '\(parts[0])' is there twice", "give each one value")
            }
        }
        if read.count > TokenFields.mostLabels {
            fault("there are more than \(TokenFields.mostLabels) labels", "leave some out")
        }
        return isWhole ? labels.remember(read, of: text) : read
    }
}

/// What texts stand for that were read before: the last few hundred.
struct Remembered<Value> {
    private static var capacity: Int { 512 }
    private var values: [String: Value] = [:]

    func value(of text: String) -> Value? { values[text] }

    mutating func value(of text: String, orReading read: () -> Value?) -> Value? {
        if let known = values[text] { return known }
        return read().map { remember($0, of: text) }
    }

    @discardableResult
    mutating func remember(_ value: Value, of text: String) -> Value {
        if values.count == Self.capacity { values = [:] }
        values[text] = value
        return value
    }
}

extension String {
    /// A path may hold a comma; but what follows one and names a vault is another destination.
    fileprivate var hasCommaBetweenPlaces: Bool {
        let comma = UInt8(ascii: ",")
        guard utf8.contains(comma) else { return false }
        return utf8.first == comma || utf8.last == comma
            || utf8.split(separator: comma).dropFirst().contains { $0.contains(UInt8(ascii: ":")) }
    }

    /// What is separated by blanks, tabs or semicolons.
    fileprivate func splittingList() -> [String] {
        utf8.split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "\t") })
            .map { String(Substring($0)) }
    }
}
