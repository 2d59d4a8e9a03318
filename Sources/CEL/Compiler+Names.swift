extension Compiler {
    /// A name, or fields of one. The longest name that the environment has is the variable; the rest are its fields.
    mutating func reference(_ expression: Expression) throws(ProgramError) -> Operand {
        guard let path = path(of: expression) else {
            // Fields of something that is no name.
            guard case .select(let owner, let field) = expression.form else {
                return try refuse("there is no such value", at: expression.offset)
            }
            return try select(field, of: try compile(owner), at: expression.offset)
        }
        for count in path.names.indices.reversed() {
            let name = path.names[...count].joined(separator: ".")
            guard let found = resolve(name, path) else { continue }
            var operand = found
            for field in path.names.indices.dropFirst(count + 1) {
                operand = try select(path.names[field], of: operand, at: path.offsets[field])
            }
            return operand
        }
        return try unknown(path)
    }

    /// Names joined by dots, the first of which is no variable of a macro.
    private struct Path {
        var names: [String]
        var offsets: [Int]
        /// With a dot before it: no variable of a macro is meant.
        var isAbsolute: Bool
    }

    private func path(of expression: Expression) -> Path? {
        var (names, offsets) = ([String](), [Int]())
        var rest = expression
        while case .select(let owner, let field) = rest.form {
            names.append(field)
            offsets.append(rest.offset)
            rest = owner
        }
        guard case .name(let name, let isAbsolute) = rest.form else { return nil }
        if !isAbsolute, locals.contains(where: { $0.name == name }), !names.isEmpty { return nil }
        names.append(name)
        offsets.append(rest.offset)
        return Path(names: names.reversed(), offsets: offsets.reversed(), isAbsolute: isAbsolute)
    }

    private mutating func resolve(_ name: String, _ path: Path) -> Operand? {
        let offset = path.offsets[0]
        if !path.isAbsolute, let local = locals.last(where: { $0.name == name }) {
            return operand(.local(local.index), local.type, at: offset)
        }
        if let slot = environment.slots[name] {
            parts.slots.insert(slot)
            return operand(.variable(slot: Int32(slot)), environment.variables[slot].type, at: offset)
        }
        if let type = Value.TypeName(rawValue: name) {
            return Operand(form: .constant(.type(type)), type: .type, offset: offset)
        }
        return nil
    }

    private mutating func unknown(_ path: Path) throws(ProgramError) -> Operand {
        // How much of it is the beginning of something.
        var known = 0
        while known < path.names.count,
            environment.prefixes.contains(path.names[...known].joined(separator: "."))
        {
            known += 1
        }
        let prefix = path.names[..<known].joined(separator: ".")
        let start = prefix.isEmpty ? "" : prefix + "."
        let candidates = environment.variables.map(\.name).filter { $0.hasPrefix(start) }.map {
            String($0.dropFirst(start.count).prefix { $0 != "." })
        }
        guard known < path.names.count else {
            let hint = "it has \(Set(candidates).sorted().joined(separator: ", "))"
            return try refuse("'\(prefix)' is no value by itself", hint: hint, at: path.offsets[0])
        }
        let name = path.names[known]
        let message = prefix.isEmpty ? "there is no variable '\(name)'" : "'\(prefix)' has no field '\(name)'"
        let near =
            (known == 0 ? hyphenated(name, at: path.offsets[0]) : nil)
            ?? nearest(to: name, among: candidates).map { "did you mean '\(start)\($0)'?" }
        let all = Set(candidates).sorted().joined(separator: ", ")
        let hint = near ?? (all.isEmpty ? nil : prefix.isEmpty ? "there is \(all)" : "it has \(all)")
        return try refuse(message, hint: hint, at: path.offsets[known])
    }

    /// What to write for `labels.break-glass`, which is a difference: nil where nothing like it was written.
    private func hyphenated(_ name: String, at offset: Int) -> String? {
        guard offset > 0, source[offset - 1] == UInt8(ascii: "-") else { return nil }
        let isOfName = { (byte: UInt8) in
            byte == UInt8(ascii: "_") || UnicodeScalar(byte).properties.isAlphabetic || (48...57).contains(byte)
        }
        let before = source[..<(offset - 1)]
        let start = before.lastIndex { !isOfName($0) }.map { $0 + 1 } ?? 0
        guard start > 0, start < before.endIndex, before[start - 1] == UInt8(ascii: ".") else { return nil }
        let field = String(decoding: before[start...], as: UTF8.self)
        return "a key with a hyphen stands in brackets: [\"\(field)-\(name)\"]"
    }

    private mutating func select(
        _ field: String, of owner: Operand, at offset: Int
    ) throws(ProgramError) -> Operand {
        guard let type = fieldType(of: owner) else {
            return try refuse("\(owner.type) has no fields", at: offset)
        }
        let (owner, name) = (emit(owner), constant(.string(field)))
        return operand(.select(owner, name: name), type, at: offset)
    }

    /// Nil when it has none.
    private func fieldType(of owner: Operand) -> ValueType? {
        switch owner.type {
        case .map(let key, let value): !isChecked || key.isCompatible(with: .string) ? value : nil
        case .dyn: .dyn
        default: isChecked ? nil : .dyn
        }
    }

    mutating func presence(
        of field: String, in owner: Expression, at offset: Int
    ) throws(ProgramError) -> Operand {
        if let path = path(of: owner), path.isAbsolute || !locals.contains(where: { $0.name == path.names[0] }) {
            let name = (path.names + [field]).joined(separator: ".")
            if let slot = environment.slots[name] {
                parts.slots.insert(slot)
                return operand(.hasVariable(slot: Int32(slot)), .bool, at: offset)
            }
            if environment.prefixes.contains(path.names.joined(separator: ".")) {
                return try unknown(
                    Path(names: path.names + [field], offsets: path.offsets + [offset], isAbsolute: true))
            }
        }
        let owner = try compile(owner)
        guard fieldType(of: owner) != nil else {
            return try refuse("\(owner.type) has no fields", at: offset)
        }
        let (node, name) = (emit(owner), constant(.string(field)))
        return operand(.has(node, name: name), .bool, at: offset)
    }
}
