extension Evaluator {
    mutating func binary(
        _ operation: Operation, _ left: Int32, _ right: Int32, at index: Int32
    ) throws(EvaluationError) -> Value {
        let (left, right) = (try value(of: left), try value(of: right))
        switch operation {
        case .equal: return .bool(try isEqual(left, right, at: index))
        case .unequal: return .bool(try !isEqual(left, right, at: index))
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            return .bool(try isOrdered(left, right, operation, at: index))
        case .membership: return .bool(try isMember(left, of: right, at: index))
        case .index: return try element(right, of: left, at: index)
        case .add, .subtract, .multiply, .divide, .remainder:
            if operation == .add { try spend(left.length + right.length, at: index) }
            do throws(EvaluationError.Reason) {
                return try left.combined(operation, right)
            } catch {
                throw self.error(error, at: index)
            }
        }
    }

    // MARK: - Comparing

    mutating func isEqual(_ left: Value, _ right: Value, at index: Int32) throws(EvaluationError) -> Bool {
        switch (left, right) {
        case (.string(let left), .string(let right)):
            try spend(left.utf8.count / 64, at: index)
            return left.hasSameBytes(as: right)
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.bytes(let left), .bytes(let right)):
            try spend(left.count / 64, at: index)
            return left == right
        case (.timestamp(let left), .timestamp(let right)): return left == right
        case (.duration(let left), .duration(let right)): return left == right
        case (.type(let left), .type(let right)): return left == right
        case (.list(let left), .list(let right)):
            guard left.count == right.count else { return false }
            for number in 0..<left.count {
                try spend(1, at: index)
                guard try isEqual(left[number], right[number], at: index) else { return false }
            }
            return true
        case (.map(let left), .map(let right)):
            guard left.count == right.count else { return false }
            for key in left.keys {
                try spend(1, at: index)
                guard let one = left.value(of: key), let other = right.value(of: key),
                    try isEqual(one, other, at: index)
                else { return false }
            }
            return true
        default: return left.order(against: right) == .equal
        }
    }

    private mutating func isOrdered(
        _ left: Value, _ right: Value, _ operation: Operation, at index: Int32
    ) throws(EvaluationError) -> Bool {
        try spend(min(left.length, right.length) / 4, at: index)
        guard let order = left.order(against: right) else {
            throw error(.noOverload(operation.rawValue, [left.typeName, right.typeName]), at: index)
        }
        switch operation {
        case .less: return order == .less
        case .lessOrEqual: return order == .less || order == .equal
        case .greater: return order == .greater
        default: return order == .greater || order == .equal
        }
    }

    private mutating func isMember(
        _ sought: Value, of collection: Value, at index: Int32
    ) throws(EvaluationError) -> Bool {
        switch collection {
        case .list(let list):
            // What a condition mostly asks: a text among texts.
            if case .string(let sought) = sought, let texts = list.strings {
                try spend(texts.count, at: index)
                return texts.contains { $0.hasSameBytes(as: sought) }
            }
            for number in 0..<list.count {
                try spend(1, at: index)
                if try isEqual(sought, list[number], at: index) { return true }
            }
            return false
        case .map(let map) where sought.literalType.isNumber || sought.literalType.canBeKey:
            return map.value(of: sought) != nil
        default: throw error(.noOverload("in", [sought.typeName, collection.typeName]), at: index)
        }
    }

    private func element(_ key: Value, of owner: Value, at index: Int32) throws(EvaluationError) -> Value {
        switch owner {
        case .map(let map):
            if let value = map.value(of: key) { return value }
            throw error(.noSuchKey(key.sketch), at: index)
        case .list(let list):
            let place: Int? =
                switch key {
                case .int(let value): Int(exactly: value)
                case .uint(let value): Int(exactly: value)
                case .double(let value): value.wholeInt.flatMap { Int(exactly: $0) }
                default: nil
                }
            if let place, (0..<list.count).contains(place) { return list[place] }
            throw error(.indexOutOfRange(key.sketch), at: index)
        default: throw error(.noOverload("[]", [owner.typeName, key.typeName]), at: index)
        }
    }

    // MARK: - Functions

    func noOverload(_ function: Function, _ values: [Value], at index: Int32) -> EvaluationError {
        error(.noOverload("\(function)", values.map(\.typeName)), at: index)
    }

    mutating func matches(_ text: Int32, _ pattern: Pattern, at index: Int32) throws(EvaluationError) -> Value {
        let text = try value(of: text)
        guard case .string(let string) = text else { throw noOverload(.matches, [text], at: index) }
        return .bool(try matches(string, pattern, at: index))
    }

    private mutating func matches(
        _ text: String, _ pattern: Pattern, at index: Int32
    ) throws(EvaluationError) -> Bool {
        try spend(text.utf8.count * (1 + pattern.size / 16), at: index)
        return pattern.isFound(in: text)
    }

    private func pattern(_ text: String, at index: Int32) throws(EvaluationError) -> Pattern {
        do throws(EvaluationError.Reason) {
            return try Pattern(text)
        } catch {
            throw self.error(error, at: index)
        }
    }

    mutating func call(
        _ function: Function, _ children: Code.Children, at index: Int32
    ) throws(EvaluationError) -> Value {
        guard children.count > 0 else { throw noOverload(function, [], at: index) }
        let first = try value(of: child(children, 0))
        guard children.count > 1 else {
            try spend(first.length, at: index)
            do throws(EvaluationError.Reason) {
                return try first.applied(function)
            } catch {
                throw self.error(error, at: index)
            }
        }
        let second = try value(of: child(children, 1))
        switch (first, second) {
        case (.string(let text), .string(let part)):
            return .bool(try compare(text, part, function, at: index))
        case (.timestamp(let timestamp), .string(let name)):
            guard let zone = zoneOffset(name, code.environment.zone) else {
                throw error(.invalid("there is no time zone '\(name.debugged)'"), at: index)
            }
            guard let field = timestamp.field(function, offset: zone) else {
                throw noOverload(function, [first, second], at: index)
            }
            return .int(field)
        default: throw noOverload(function, [first, second], at: index)
        }
    }

    private mutating func compare(
        _ text: String, _ part: String, _ function: Function, at index: Int32
    ) throws(EvaluationError) -> Bool {
        try spend(text.utf8.count / 16 + part.utf8.count / 16, at: index)
        switch function {
        case .contains:
            // A part of a text is looked for at every place.
            try spend(text.utf8.count / 16 * (part.utf8.count / 16), at: index)
            return text.hasPart(part)
        case .startsWith: return text.utf8.starts(with: part.utf8)
        case .endsWith: return text.utf8.reversed().starts(with: part.utf8.reversed())
        case .matches:
            try spend(part.utf8.count * 4, at: index)
            return try matches(text, try pattern(part, at: index), at: index)
        default: throw noOverload(function, [.string(text), .string(part)], at: index)
        }
    }
}

extension String {
    fileprivate func hasPart(_ part: String) -> Bool {
        let whole = utf8.span
        let part = part.utf8.span
        guard part.count <= whole.count else { return false }
        for start in 0...whole.count - part.count {
            var length = 0
            while length < part.count, whole[start + length] == part[length] { length += 1 }
            if length == part.count { return true }
        }
        return false
    }
}
