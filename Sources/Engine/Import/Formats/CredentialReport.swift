import RotaCore

/// The credential report of AWS IAM: one line for each user, with up to two access keys in it.
///
/// A key is a token of its own, known by its user and the second of its creation: the report holds no key ids,
/// and a key moves to another column when one beside it is deleted. An inactive key is quarantined: it is not
/// accepted, and may be switched on again. Region and service of the last use are left out, since they change
/// with every use.
/// Source: IAM user guide, "Generate credential reports for your AWS account".
struct CredentialReport: RowTranslator {
    /// What the header begins with, and no other file.
    static let firstColumns = "user,arn,user_creation_time,"
    /// Before this day a key that was used looks like one that never was.
    private static let trackingBegan = Instant(seconds: 1_429_660_800)
    private static let required = [
        "user", "arn", "user_creation_time", "access_key_1_active", "access_key_1_last_rotated", "access_key_2_active",
        "access_key_2_last_rotated",
    ]

    private(set) var leftOut = LeftOut()
    /// A report is of one account. One without a user does not tell which, but then there is only one.
    var sections: Set<String>? { accounts.isEmpty ? nil : accounts }
    private var accounts: Set<String> = []
    private var positions: [String: Int] = [:]
    private var width = 0

    mutating func translate(_ record: CSVReader.Record, _ each: EachRow) throws {
        if positions.isEmpty { return try readHeader(record) }
        guard record.fields.count == width else {
            let fault = InventoryFault(
                line: record.line, "there are \(record.fields.count) fields under \(width) columns",
                hint: "download the report again")
            return try each(.failure(fault))
        }
        let user = User(line: record.line, positions: positions, fields: record.fields)
        countOthers(of: user)
        if let account = user.account { accounts.insert(account) }
        for slot in 1...2 where user.hasKey(slot) { try each(row(of: slot, user)) }
    }

    func finish(_ each: EachRow) throws {
        guard positions.isEmpty else { return }
        throw InventoryFault(line: 1, "the report is empty", hint: "download it again")
    }

    private mutating func readHeader(_ record: CSVReader.Record) throws {
        for (position, title) in record.fields.enumerated() { positions[title.trimmingBlanks()] = position }
        width = record.fields.count
        guard let missing = Self.required.first(where: { positions[$0] == nil }) else { return }
        throw InventoryFault(
            line: record.line, "this is no credential report of AWS: it has no column '\(missing)'",
            hint: "give the CSV file as IAM made it, or leave --format out")
    }

    private mutating func countOthers(of user: User) {
        if user.isTrue("password_enabled") { leftOut.add("console password") }
        if user.isTrue("mfa_active") { leftOut.add("MFA device") }
        for slot in 1...2 where user.isTrue("cert_\(slot)_active") { leftOut.add("signing certificate") }
        if !user.text("additional_credentials_info").isNothing { leftOut.add("further key list") }
    }

    private func row(of slot: Int, _ user: User) -> Result<InventoryRow, InventoryFault> {
        guard let account = user.account else {
            return .failure(
                InventoryFault(
                    line: user.line, "'\(user.text("arn").prefix(80))' is no ARN of a user",
                    hint: "download the report again"))
        }
        // Without a date, the key is as old as its user at most.
        let created = user.rotated(slot) ?? user.text("user_creation_time")
        guard let instant = Instant(created) else {
            return .failure(
                InventoryFault(
                    line: user.line, "'\(created.prefix(40))' in access_key_\(slot)_last_rotated is not a time",
                    hint: "download the report again"))
        }
        let mark = user.mark(of: slot)
        return .success(
            InventoryRow(
                line: user.line,
                [
                    .name: "aws-iam/\(account)/\(user.name)/\(mark)", .externalID: "\(user.text("arn"))/\(mark)",
                    .description: "access key of \(user.text("arn"))", .labels: "account=\(account);user=\(user.name)",
                    .createdAt: created, .valueIssuedAt: created,
                    .lastUsedAt: user.lastUse(of: slot),
                    .trackedSince: max(instant, Self.trackingBegan).description,
                    .state: (user.isTrue("access_key_\(slot)_active") ? TokenState.active : .quarantined).rawValue,
                ]))
    }
}

/// One line of the report.
private struct User {
    let line: Int
    let positions: [String: Int]
    let fields: [String]

    func text(_ title: String) -> String {
        positions[title].map { fields[$0].trimmingBlanks() } ?? ""
    }

    func isTrue(_ title: String) -> Bool { text(title).lowercased() == "true" }

    var name: String { text("user") == "<root_account>" ? "root" : text("user") }

    /// The account in `arn:<partition>:iam::<account>:…`.
    var account: String? {
        let parts = text("arn").split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "iam", !parts[4].isEmpty else { return nil }
        return String(parts[4])
    }

    /// When a key was made, as the report writes it; nil where it says nothing.
    func rotated(_ slot: Int) -> String? {
        let text = text("access_key_\(slot)_last_rotated")
        return text.isNothing ? nil : text
    }

    /// An inactive key keeps its date; where there is none, there is no key.
    func hasKey(_ slot: Int) -> Bool { isTrue("access_key_\(slot)_active") || rotated(slot) != nil }

    /// What tells the key from others of the same user: when it was made.
    func mark(of slot: Int) -> String {
        guard let instant = rotated(slot).flatMap({ Instant($0) }) else { return "key-\(slot)" }
        // Two that were made in the same second are told apart by their columns.
        let isTwin = slot == 2 && rotated(1).flatMap { Instant($0) } == instant
        return "key-\(instant)" + (isTwin ? "-2" : "")
    }

    /// A time, `never`, or nothing where AWS does not know.
    func lastUse(of slot: Int) -> String {
        let text = text("access_key_\(slot)_last_used_date")
        if text.uppercased() == "N/A" { return "never" }
        return text.isNothing ? "" : text
    }
}

extension String {
    /// The words with which AWS says that there is nothing to say.
    fileprivate var isNothing: Bool {
        isEmpty || ["n/a", "no_information", "not_supported", "not_applicable"].contains(lowercased())
    }
}
