import Engine
import RotaCore
import SQLite

/// Tokens that are not as a rule about facts asks. Each different owner or list of scopes is looked at once, and of
/// names those are passed over in one step that begin as a rule allows.
extension SQLStore {
    func eachToken(ownerOutside allowed: [[Glob]], _ each: (Token) throws -> Bool) throws {
        var last = ""
        // Nobody's are outside of every list.
        guard try tokens(.ofOwner, [.text("")], each) else { return }
        while let owner = try driver.first(.nextOwner, [.text(last)], { $0.text(0) }) {
            last = owner
            let isOutside = allowed.contains { !$0.admit(owner) }
            guard try !isOutside || tokens(.ofOwner, [.text(owner)], each) else { return }
        }
    }

    func eachToken(scopesBeyond bounds: [ScopeBound], _ each: (Token) throws -> Bool) throws {
        var last = ""
        while let text = try driver.first(.nextScopes, [.text(last)], { $0.text(0) }) {
            last = text
            let scopes = ScopeText.decode(text)
            let isBeyond = bounds.contains { $0.isBroken(by: scopes) }
            guard try !isBeyond || tokens(.ofScopes, [.text(text)], each) else { return }
        }
    }

    func eachToken(nameOutside allowed: [[Glob]], _ each: (Token) throws -> Bool) throws {
        // No name is empty.
        var last: String? = ""
        while let start = last {
            last = nil
            var found: [String] = []
            try driver.query(.namesAfter, [.text(start)]) { row in
                let name = row.text(0)
                guard let next = allowed.next(after: name) else {
                    found.append(name)
                    // Looked up between two reads, and not within one.
                    if found.count < 256 { return true }
                    last = name
                    return false
                }
                guard let next else { return true }
                last = next
                return false
            }
            for name in found {
                guard try tokens(.activeOfName, [.text(name)], each) else { return }
            }
        }
    }

    /// The tokens that a statement finds; false when `each` asked to stop.
    @discardableResult
    func tokens(_ statement: Statement, _ values: [Value], _ each: (Token) throws -> Bool) throws -> Bool {
        var goesOn = true
        try driver.query(statement, values) { row in
            goesOn = try each(decode(row))
            return goesOn
        }
        return goesOn
    }
}

extension [[Glob]] {
    /// Behind what to look next after a name that each of the lists allows: nil where one does not; nil within where
    /// the very next name may be one that none allows.
    fileprivate func next(after name: String) -> String?? {
        var passed: String?
        var isKnown = true
        for list in self {
            guard let glob = list.first(where: { $0.matches(name) }) else { return .none }
            guard isKnown, let prefix = glob.prefix else {
                isKnown = false
                continue
            }
            // All that begins so, but for names that go on after the very last character of Unicode.
            let end = prefix + "\u{10FFFF}"
            if passed.map({ end.isBefore($0) }) ?? true { passed = end }
        }
        guard isKnown, let passed, name.isBefore(passed) else { return .some(nil) }
        return passed
    }
}

extension String {
    /// By their bytes, as the store orders texts.
    fileprivate func isBefore(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}
