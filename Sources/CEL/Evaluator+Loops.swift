extension Evaluator {
    mutating func run(_ loop: Code.Loop, at index: Int32) throws(EvaluationError) -> Value {
        let range = try value(of: loop.range)
        switch range {
        case .list(let list):
            return try run(loop, count: list.count, at: index) { loop, number in
                (loop.hasTwoVariables ? .int(Int64(number)) : list[number], list[number])
            }
        case .map(let map):
            let keys = map.keys
            try spend(keys.count, at: index)
            return try run(loop, count: keys.count, at: index) { _, number in
                (keys[number], map.value(of: keys[number]) ?? .null)
            }
        default: throw error(.noOverload(loop.kind.rawValue, [range.typeName]), at: index)
        }
    }

    /// - Parameter element: index or key, and value; of a list with one variable, twice the value.
    private mutating func run(
        _ loop: Code.Loop, count: Int, at index: Int32, element: (Code.Loop, Int) -> (Value, Value)
    ) throws(EvaluationError) -> Value {
        switch loop.kind {
        case .all: return .bool(try !isAny(loop, count, false, at: index, element))
        case .exists: return .bool(try isAny(loop, count, true, at: index, element))
        case .existsOne, .map, .filter, .transformList, .transformMap: break
        }
        var kept: [Value] = []
        var entries: [(key: Value, value: Value)] = []
        var found = 0
        for number in 0..<count {
            try spend(1, at: index)
            let element = element(loop, number)
            bind(element, loop)
            if let condition = loop.condition {
                let verdict = try value(of: condition)
                guard case .bool(let isTaken) = verdict else {
                    throw error(.noOverload(loop.kind.rawValue, [verdict.typeName]), at: index)
                }
                guard isTaken else { continue }
            }
            found += 1
            switch (loop.kind, loop.result) {
            case (.filter, _): kept.append(element.0)
            case (.transformMap, let result?): entries.append((element.0, try value(of: result)))
            case (_, let result?): kept.append(try value(of: result))
            case (_, nil): break
            }
        }
        switch loop.kind {
        case .existsOne: return .bool(found == 1)
        case .transformMap:
            guard let map = Value.Map(entries) else { throw error(.duplicateKey, at: index) }
            return .map(map)
        default: return .list(of: kept)
        }
    }

    /// Whether an element makes the condition what is sought. If one does, the errors of the others do not matter.
    private mutating func isAny(
        _ loop: Code.Loop, _ count: Int, _ sought: Bool, at index: Int32,
        _ element: (Code.Loop, Int) -> (Value, Value)
    ) throws(EvaluationError) -> Bool {
        guard let condition = loop.condition else { return false }
        var failure: EvaluationError?
        for number in 0..<count {
            try spend(1, at: index)
            bind(element(loop, number), loop)
            do throws(EvaluationError) {
                let verdict = try value(of: condition)
                guard case .bool(let truth) = verdict else {
                    throw error(.noOverload(loop.kind.rawValue, [verdict.typeName]), at: index)
                }
                if truth == sought { return true }
            } catch {
                if error.isLimit { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return false
    }

    private mutating func bind(_ element: (Value, Value), _ loop: Code.Loop) {
        locals[Int(loop.local)] = element.0
        if loop.hasTwoVariables { locals[Int(loop.local) + 1] = element.1 }
    }
}
