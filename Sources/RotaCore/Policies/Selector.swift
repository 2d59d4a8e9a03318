/// Which tokens a policy is for: conditions that must all hold.
package struct Selector: Hashable, Sendable {
    /// Each label must be there with a value that matches.
    package var labels: [String: [Glob]]
    /// One of the token's scopes matches one of these; empty: no condition.
    package var scopes: [Glob]
    package var owners: [Glob]
    package var integrations: [Glob]
    package var names: [Glob]
    package var issuers: [Glob]
    /// Tokens that match this are left out.
    package var except: [Selector]

    package init(
        labels: [String: [Glob]] = [:], scopes: [Glob] = [], owners: [Glob] = [], integrations: [Glob] = [],
        names: [Glob] = [], issuers: [Glob] = [], except: [Selector] = []
    ) {
        self.labels = labels
        self.scopes = scopes
        self.owners = owners
        self.integrations = integrations
        self.names = names
        self.issuers = issuers
        self.except = except
    }

    /// Every token: `match: all`.
    package static let all = Selector()

    package func matches(_ token: Token) -> Bool {
        names.admit(token.name) && owners.admit(token.owner) && integrations.admit(token.integration)
            && (issuers.isEmpty || issuers.admit(token.issuer.description))
            && (scopes.isEmpty || token.scopes.contains { scope in scopes.admit(scope) })
            && labels.allSatisfy { key, globs in token.labels[key].map(globs.admit) ?? false }
            && !except.contains { $0.matches(token) }
    }
}

extension [Glob] {
    fileprivate func admit(_ text: String) -> Bool {
        isEmpty || contains { $0.matches(text) }
    }
}

/// A pattern in which `*` stands for any run of characters, and everything else for itself.
package struct Glob: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    private let parts: [[UInt8]]

    package init(_ pattern: String) {
        description = pattern
        parts = pattern.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
    }

    /// Linear in the text for each `*`; bytes are compared, so case counts.
    package func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { unsafe matches(bytes: Array($0)) }
    }

    private func matches(bytes: [UInt8]) -> Bool {
        guard parts.count > 1, let first = parts.first, let last = parts.last else { return parts.first == bytes }
        guard bytes.count >= first.count + last.count, bytes.starts(with: first),
            bytes[(bytes.count - last.count)...].elementsEqual(last)
        else { return false }
        var rest = bytes[first.count..<(bytes.count - last.count)]
        for part in parts[1..<(parts.count - 1)] {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }
}

extension ArraySlice<UInt8> {
    fileprivate func firstRange(of part: [UInt8]) -> Range<Int>? {
        guard !part.isEmpty else { return startIndex..<startIndex }
        guard count >= part.count else { return nil }
        for start in startIndex...(endIndex - part.count) where self[start..<(start + part.count)].elementsEqual(part) {
            return start..<(start + part.count)
        }
        return nil
    }
}
