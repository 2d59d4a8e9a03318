import JSON
import RotaCore

/// Reads the members of an object that another system wrote, and gathers the columns of ours.
struct ReportedToken {
    let record: JSONRecord
    private var columns: [InventoryColumn] = []
    private var fields: [String] = []
    private(set) var faults: [InventoryFault] = []

    init(_ record: JSONRecord) {
        self.record = record
    }

    /// Where the first object of a list has none of the members that all of its objects have: the list is another one,
    /// which is told once.
    static func requireAny(of members: [String], in record: JSONRecord, as format: InventoryFormat) throws {
        guard !members.contains(where: { record.object[$0] != nil }) else { return }
        let other = InventoryFormat.suggested(by: record.object.keys, isJSON: true)?.format
        let names = members.map { "'\($0)'" }.joined(separator: " or ")
        throw InventoryFault(
            line: record.line, "this is no list of \(format.rawValue): its first entry has no \(names)",
            hint: other.flatMap { $0 == format ? nil : "it looks like --format \($0.rawValue)" }
                ?? "give the list as \(format.rawValue) wrote it; one with our columns is --format json")
    }

    /// The row, or the first thing that is wrong with it.
    var row: Result<InventoryRow, InventoryFault> {
        if let fault = faults.first { return .failure(fault) }
        return .success(InventoryRow(line: record.line, columns: columns, fields: fields))
    }

    /// What somebody wrote into a description must neither bring a value into the store nor hold up the list.
    mutating func set(_ column: InventoryColumn, _ text: String) {
        columns.append(column)
        fields.append(SecretShape.isCertain(in: text) ? SecretShape.redacted(text) : text)
    }

    mutating func setLabels(_ labels: KeyValuePairs<String, String?>) {
        set(.labels, labels.compactMap { key, value in value.map { "\(key)=\($0)" } }.joined(separator: ";"))
    }

    /// A name that is told from others by what comes first, cut to what a name may be. Whoever named a token after
    /// its value must not hold up the list of all others.
    mutating func setName(_ parts: [String]) {
        let whole = parts.filter { !$0.isEmpty }.map(SecretShape.redacted).joined(separator: "/")
        set(.name, String(whole.prefix(TokenFields.longestName)).trimmingBlanks())
    }

    /// A time, `never` for null, and unknown where the system does not tell.
    mutating func setLastUse(_ member: String, since created: String) {
        guard let value = record.object[member] else { return set(.lastUsedAt, "") }
        set(.lastUsedAt, value.string ?? "never")
        set(.trackedSince, created)
    }

    /// A text that must be there.
    mutating func text(_ member: String) -> String {
        if let text = record.object[member]?.string { return text }
        faults.append(
            InventoryFault(
                line: record.line, "'\(member)' is missing, or no text", hint: "give the list as the system wrote it"))
        return ""
    }

    /// A whole number that must be there, such as an id.
    mutating func number(_ member: String) -> String {
        if let number = record.object[member]?.integer { return String(number) }
        faults.append(
            InventoryFault(
                line: record.line, "'\(member)' is missing, or no whole number",
                hint: "give the list as the system wrote it"))
        return ""
    }

    /// A text that may be null or absent.
    func optionalText(_ member: String) -> String { record.object[member]?.string ?? "" }

    func optionalNumber(_ member: String) -> String? { record.object[member]?.integer.map { String($0) } }

    func isTrue(_ member: String) -> Bool { record.object[member]?.bool ?? false }
}
