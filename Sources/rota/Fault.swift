import Documents
import JSON
import PolicyFiles
import YAML

/// Something wrong in a file that was read, and where.
struct Fault: Hashable, Sendable, CustomStringConvertible {
    var file: String
    /// From 1; 0 when it is of the file as a whole.
    var line: Int
    var column: Int
    var severity = Diagnostic.Severity.error
    var message: String
    var hint: String?

    init(file: String, mark: Mark, message: String, hint: String? = nil) {
        self.file = file
        line = mark.line
        column = mark.column
        self.message = message
        self.hint = hint
    }

    /// Of a line as a whole.
    init(file: String, line: Int, message: String, hint: String?) {
        self.init(file: file, mark: Mark(line: line, column: 0), message: message, hint: hint)
    }

    init(_ diagnostic: Diagnostic) {
        file = diagnostic.file
        line = diagnostic.line
        column = diagnostic.column
        severity = diagnostic.severity
        message = diagnostic.message
        hint = diagnostic.hint
    }

    /// `file:line:column: error: …`, as far as that is known, with the hint in a line of its own.
    var description: String { sentence + (hint.map { "\nhint: \(repeatable($0))" } ?? "") }

    /// The same without its hint.
    var sentence: String {
        let place = [file, line > 0 ? "\(line)" : "", column > 0 ? "\(column)" : ""].filter { !$0.isEmpty }
        return repeatable("\(place.joined(separator: ":")): \(severity.rawValue): \(message)")
    }

    var json: JSON {
        [
            "file": .string(file), "line": line > 0 ? .integer(line) : .null,
            "column": column > 0 ? .integer(column) : .null, "severity": .string(severity.rawValue),
            "message": .string(repeatable(message)), "hint": TokenDocument.text(hint.map(repeatable)),
        ]
    }
}
