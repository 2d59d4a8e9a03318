import Crypto
import JSON

/// A text with places for what differs from one destination to the next: `{{value}}`, `{{path}}`, `{{field}}`.
/// There is nothing else to it: no functions, no conditions.
package struct Template: Hashable, Sendable {
    /// What is filled in.
    package enum Placeholder: String, CaseIterable, Hashable, Sendable {
        /// The value of the token.
        case value
        /// The destination's path.
        case path
        /// The destination's field.
        case field
    }

    private enum Piece: Hashable, Sendable {
        case text(String)
        case placeholder(Placeholder)
    }

    private var pieces: [Piece] = []

    /// Throws for a placeholder that is unknown, not closed, or not allowed here.
    package init(_ text: String, allowing allowed: Set<Placeholder> = Set(Placeholder.allCases)) throws(TemplateFault) {
        var rest = Substring(text)
        while let opening = rest.firstRange(of: "{{") {
            guard let closing = rest[opening.upperBound...].firstRange(of: "}}") else {
                throw TemplateFault("'{{' is not closed", hint: "write {{path}}")
            }
            let name = rest[opening.upperBound..<closing.lowerBound].filter { $0 != " " }
            let known = allowed.map { "{{\($0.rawValue)}}" }.sorted().joined(separator: ", ")
            guard let placeholder = Placeholder(rawValue: name) else {
                throw TemplateFault("there is no placeholder '{{\(name.prefix(40))}}'", hint: "there are \(known)")
            }
            guard allowed.contains(placeholder) else {
                throw TemplateFault("'{{\(name)}}' cannot stand here", hint: "here there are \(known)")
            }
            pieces += [.text(String(rest[..<opening.lowerBound])), .placeholder(placeholder)]
            rest = rest[closing.upperBound...]
        }
        pieces.append(.text(String(rest)))
    }

    package var placeholders: Set<Placeholder> {
        Set(
            pieces.compactMap { piece in
                if case .placeholder(let placeholder) = piece { placeholder } else { nil }
            })
    }

    /// The text with each placeholder replaced.
    package func filled<E: Error>(_ text: (Placeholder) throws(E) -> String) throws(E) -> String {
        var filled = ""
        for piece in pieces {
            switch piece {
            case .text(let text): filled += text
            case .placeholder(let placeholder): filled += try text(placeholder)
            }
        }
        return filled
    }
}

/// Why a template cannot be one, and what to write instead.
package struct TemplateFault: Error, Hashable, Sendable {
    package var message: String
    package var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// An address whose host is fixed, and whose path and query may have places to fill.
package struct URLTemplate: Hashable, Sendable {
    private let origin: String
    private let path: Template
    private let query: Template?

    /// Throws for what is no address, for a placeholder before the path, and for `{{value}}`: servers and proxies
    /// write addresses into their logs.
    package init(_ text: String) throws(TemplateFault) {
        guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else {
            throw TemplateFault("an address begins with https://")
        }
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), !text.contains("#") else {
            throw TemplateFault("an address has no '#', and only ASCII; percent-encode the rest")
        }
        let rest = text.dropFirst(scheme.count)
        let host = rest.prefix { !"/?".contains($0) }
        guard !host.isEmpty, !host.contains(where: { "{}@\\ ".contains($0) }) else {
            throw TemplateFault("the host of an address is fixed, and has no user or password")
        }
        let parts = rest.dropFirst(host.count).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let allowed: Set<Template.Placeholder> = [.path, .field]
        origin = scheme + host
        path = try Template(String(parts[0]), allowing: allowed)
        query = parts.count > 1 ? try Template(String(parts[1]), allowing: allowed) : nil
        guard !filled(path: "x", field: "x").contains(" ") else {
            throw TemplateFault("an address has no blanks; percent-encode them")
        }
    }

    package var placeholders: Set<Template.Placeholder> { path.placeholders.union(query?.placeholders ?? []) }

    /// For people: without the query.
    package var location: String { origin + path.filled { "{{\($0.rawValue)}}" } }

    /// - Parameters:
    ///   - path: its slashes stay slashes in the path of the address, and nowhere else.
    ///   - field: not nil where there is a place for it.
    func filled(path: String, field: String?) -> String {
        func text(_ placeholder: Template.Placeholder) -> String { placeholder == .path ? path : field ?? "" }
        let inPath = self.path.filled { placeholder in
            let parts = text(placeholder).split(separator: "/", omittingEmptySubsequences: false)
            return placeholder == .path
                ? parts.map { PercentEncoding.encode($0) }.joined(separator: "/")
                : PercentEncoding.encode(text(placeholder))
        }
        guard let query else { return origin + inPath }
        return origin + inPath + "?" + query.filled { PercentEncoding.encode(text($0)) }
    }
}

/// A body with places that are filled as its type wants it.
package struct BodyTemplate: Hashable, Sendable {
    private enum Encoding: Hashable, Sendable {
        case json, form, plain
    }

    private let template: Template
    private let encoding: Encoding

    /// Throws where the type does not tell how to write a text, and for JSON that is none once it is filled.
    ///
    /// - parameter type: the Content-Type.
    package init(_ text: String, type: String?, allowing allowed: Set<Template.Placeholder>) throws(TemplateFault) {
        template = try Template(text, allowing: allowed)
        let media = type?.lowercased().split(separator: ";").first.map { $0.filter { $0 != " " } } ?? ""
        switch media {
        case "application/json": encoding = .json
        case _ where media.hasSuffix("+json"): encoding = .json
        case "application/x-www-form-urlencoded": encoding = .form
        case "text/plain", "application/octet-stream": encoding = .plain
        case _ where template.placeholders.isEmpty: encoding = .plain
        default:
            throw TemplateFault(
                "the Content-Type '\(media.prefix(40))' does not tell how a value is to be written",
                hint: "declare application/json, application/x-www-form-urlencoded, text/plain or "
                    + "application/octet-stream in 'headers'")
        }
        guard encoding == .json else { return }
        let sample = template.filled { _ in "x" }
        guard (try? JSON.parse(sample, maximumBytes: 1 << 20)) != nil else {
            throw TemplateFault(
                "it is not JSON once its places are filled", hint: "a placeholder stands in quotes: \"{{value}}\"")
        }
    }

    package var placeholders: Set<Template.Placeholder> { template.placeholders }

    func filled<E: Error>(_ text: (Template.Placeholder) throws(E) -> String) throws(E) -> [UInt8] {
        let filled = try template.filled { (placeholder) throws(E) -> String in
            let text = try text(placeholder)
            switch encoding {
            case .json: return String(JSON.string(text).serialized().dropFirst().dropLast())
            case .form: return PercentEncoding.encode(text)
            case .plain: return text
            }
        }
        return Array(filled.utf8)
    }
}

/// A JSON pointer (RFC 6901) with places in it.
package struct PointerTemplate: Hashable, Sendable {
    private let template: Template

    package init(_ text: String) throws(TemplateFault) {
        guard text.hasPrefix("/") else {
            throw TemplateFault("a JSON pointer begins with '/'", hint: "write it like /data/value")
        }
        template = try Template(text, allowing: [.path, .field])
    }

    package var placeholders: Set<Template.Placeholder> { template.placeholders }

    /// What the pointer points at; nil when there is nothing.
    func find(in document: JSON, path: String, field: String?) -> JSON? {
        let pointer = template.filled { placeholder in
            let text = placeholder == .path ? path : field ?? ""
            return text.replacing("~", with: "~0").replacing("/", with: "~1")
        }
        var found = document
        for part in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let key = part.replacing("~1", with: "/").replacing("~0", with: "~")
            let isIndex = key == "0" || key.first != "0" && key.utf8.allSatisfy { (48...57).contains($0) }
            guard let next = found[String(key)] ?? (isIndex ? Int(key).flatMap { found[$0] } : nil) else { return nil }
            found = next
        }
        return found
    }
}
