import YAML

/// What to do about a text that is no YAML: its parser knows what it waited for, and not what was meant.
///
/// - parameter line: the one that the fault is in.
func syntaxHint(_ error: YAMLError, line: String) -> String? {
    if let hint = cronHint(line) ?? conditionHint(line) { return hint }
    return hints.first { error.message.contains($0.words) }?.hint
}

/// The first that fits counts.
private let hints: [(words: String, hint: String)] = [
    ("alias", "a '*' begins an alias in YAML: put the text into quotes, as in \"*:write\""),
    ("anchor", "a '&' begins an anchor in YAML: put the text into quotes"),
    ("flow mapping", "close each '{' with a '}', and put a ',' between the keys"),
    ("flow sequence", "close each '[' with a ']', and put a ',' between the values"),
    ("quoted scalar", "close the quote that is opened there"),
    ("block collection", "begin all keys of one policy, and of one rule, in the same column"),
    ("block mapping", "begin all keys of one policy, and of one rule, in the same column"),
    ("mapping values are not allowed", "put a text that has ': ' in it into quotes; else check the indentation"),
    ("a second document", "remove the '---', or make two files"),
    ("stands here again", "keep one of them"),
]

/// A cron pattern that begins with `*` or `@` is no plain text in YAML, whose own words for it lead nowhere.
private func cronHint(_ line: String) -> String? {
    guard let key = line.firstRange(of: "cron:") else { return nil }
    switch line[key.upperBound...].first(where: { $0 != " " }) {
    case "*": return "put the pattern into quotes, as in cron: \"*/15 * * * *\""
    case "@": return "put the pattern into quotes, as in cron: \"@daily\""
    default: return nil
    }
}

/// An expression with a conditional or a map in it has what YAML takes for another key.
private func conditionHint(_ line: String) -> String? {
    guard let key = line.firstRange(of: "when:"), line[..<key.lowerBound].allSatisfy({ " -{,".contains($0) }) else {
        return nil
    }
    let expression = line[key.upperBound...]
    if isCut(expression) {
        return "put the whole condition into quotes, or below 'when: |': YAML gives its beginning a meaning of its own"
    }
    guard expression.contains(": ") || expression.hasSuffix(":") else { return nil }
    return "put the expression into single quotes, or below 'when: |': YAML takes ': ' in it for another key"
}

/// Whether YAML takes the beginning of an expression for a tag, an alias, a list, or a text that ends too soon.
private func isCut(_ expression: Substring) -> Bool {
    let text = expression.drop { $0 == " " }
    guard let first = text.first else { return false }
    if "!&*@%`[".contains(first) { return true }
    guard first == "'" || first == "\"", let end = text.dropFirst().firstIndex(of: first) else { return false }
    // A quote that is written twice, or behind a backslash, ends nothing.
    let rest = text[text.index(after: end)...].drop { $0 == " " }
    return text[..<end].last != "\\" && !(rest.first.map { ",}#'\"".contains($0) } ?? true)
}
