import RotaCore

extension Arguments {
    /// What a person writes for others to read; empty where nothing is given. It goes into the audit log, into events
    /// and reports, so nothing that looks like a secret is taken.
    func remark(_ option: String) throws(Failure) -> String {
        let text = value(option) ?? ""
        guard text.isEmpty || TokenFields.isText(text) else {
            throw .usage(
                "--\(option) is no text of one line with 1,000 characters at most", hint: "say it in a few words")
        }
        guard !SecretShape.isLikely(in: text) else {
            throw .usage(
                "--\(option) holds what looks like a secret, and would be written down for others to read",
                hint: "leave it out, and rotate it if it was one")
        }
        return text
    }
}
