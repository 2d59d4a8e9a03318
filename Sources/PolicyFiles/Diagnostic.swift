/// One fault of a policy file, with its place and what to do about it.
package struct Diagnostic: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whether the policies can be used all the same.
    package enum Severity: String, Sendable {
        /// The policies cannot be used.
        case error
        /// They can, but this is hardly meant.
        case warning
    }

    /// As it was given, or found in the directory that was given.
    package var file: String
    /// From 1; 0 when the fault is of the file as a whole.
    package var line: Int
    /// From 1, in characters; 0 when the fault is of the file as a whole.
    package var column: Int
    package var severity: Severity
    package var message: String
    package var hint: String?

    package init(
        file: String, line: Int = 0, column: Int = 0, severity: Severity = .error, message: String,
        hint: String? = nil
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.severity = severity
        self.message = message
        self.hint = hint
    }

    /// `file:line:column: error: message`, and a second line `hint: …` where there is one.
    package var description: String {
        let place = line > 0 ? "\(file):\(line):\(column)" : file
        return "\(place): \(severity.rawValue): \(message)" + (hint.map { "\nhint: \($0)" } ?? "")
    }
}
