/// A regular expression in the syntax of RE2, without captures: it is only asked whether it is found.
///
/// It is followed in all its ways at once (Thompson's construction), so that its time is proportional to the length of
/// the text times its own, whatever it is, and its memory to its own length.
struct Pattern: Sendable {
    enum Instruction: Sendable {
        case scalar(UInt32)
        case set(ScalarSet)
        case split(Int, Int)
        case jump(Int)
        case assertion(PatternSyntax.Assertion)
        case match
    }

    static let greatestSize = 2000

    fileprivate(set) var instructions: [Instruction] = []

    /// How many instructions it has.
    var size: Int { instructions.count }

    init(_ text: String) throws(EvaluationError.Reason) {
        var parser = PatternParser(text)
        try append(try parser.pattern())
        try add(.match)
    }

    // MARK: - Making instructions

    private mutating func add(_ instruction: Instruction) throws(EvaluationError.Reason) {
        guard instructions.count < Self.greatestSize else {
            throw .invalid("a pattern with more than \(Self.greatestSize) instructions")
        }
        instructions.append(instruction)
    }

    private mutating func append(_ syntax: PatternSyntax) throws(EvaluationError.Reason) {
        switch syntax {
        case .scalar(let scalar): try add(.scalar(scalar))
        case .set(let set): try add(.set(set))
        case .assertion(let assertion): try add(.assertion(assertion))
        case .sequence(let parts): for part in parts { try append(part) }
        case .choice(let parts): try append(choice: parts)
        case .repetition(let inner, let least, let most): try append(inner, least, most)
        }
    }

    private mutating func append(choice parts: [PatternSyntax]) throws(EvaluationError.Reason) {
        var jumps: [Int] = []
        for part in parts.dropLast() {
            let split = instructions.count
            try add(.jump(0))
            try append(part)
            jumps.append(instructions.count)
            try add(.jump(0))
            instructions[split] = .split(split + 1, instructions.count)
        }
        if let last = parts.last { try append(last) }
        for jump in jumps { instructions[jump] = .jump(instructions.count) }
    }

    /// - Parameter most: nil for any number.
    private mutating func append(
        _ inner: PatternSyntax, _ least: Int, _ most: Int?
    ) throws(EvaluationError.Reason) {
        for _ in 0..<least {
            let before = size
            try append(inner)
            // What has no instructions could be repeated for ever at no cost.
            if size == before { return }
        }
        guard let most else {
            let start = instructions.count
            try add(.jump(0))
            try append(inner)
            try add(.jump(start))
            instructions[start] = .split(start + 1, instructions.count)
            return
        }
        var splits: [Int] = []
        for _ in least..<most {
            splits.append(instructions.count)
            try add(.jump(0))
            try append(inner)
        }
        for split in splits { instructions[split] = .split(split + 1, instructions.count) }
    }
}

extension Pattern {
    func isFound(in text: String) -> Bool {
        var states = States(pattern: self)
        var scalars = text.unicodeScalars.makeIterator()
        var before: UInt32?
        var next = scalars.next()?.value
        while true {
            // The pattern may begin anywhere.
            if states.reach(0, before: before, next: next) { return true }
            guard let current = next else { return false }
            next = scalars.next()?.value
            if states.advance(over: current, next: next) { return true }
            before = current
        }
    }

    /// Where one is in the pattern: everywhere that the text so far leads to.
    private struct States {
        let pattern: Pattern
        private var current: [Int] = []
        private var following: [Int] = []
        private var pending: [Int] = []
        /// The round in which a state was reached last.
        private var reached: [Int]
        private var round = 1

        init(pattern: Pattern) {
            self.pattern = pattern
            reached = Array(repeating: 0, count: pattern.size)
        }

        /// - Returns: whether the pattern ends there.
        mutating func reach(_ start: Int, before: UInt32?, next: UInt32?) -> Bool {
            pending.append(start)
            while let state = pending.popLast() {
                guard reached[state] != round else { continue }
                reached[state] = round
                switch pattern.instructions[state] {
                case .match:
                    return true
                case .jump(let target): pending.append(target)
                case .split(let one, let other):
                    pending.append(other)
                    pending.append(one)
                case .assertion(let assertion):
                    if assertion.holds(before: before, next: next) { pending.append(state + 1) }
                case .scalar, .set: current.append(state)
                }
            }
            return false
        }

        mutating func advance(over scalar: UInt32, next: UInt32?) -> Bool {
            swap(&current, &following)
            current.removeAll(keepingCapacity: true)
            round += 1
            for state in following {
                let isTaken =
                    switch pattern.instructions[state] {
                    case .scalar(let expected): expected == scalar
                    case .set(let set): set.contains(scalar)
                    default: false
                    }
                if isTaken, reach(state + 1, before: scalar, next: next) { return true }
            }
            return false
        }
    }
}

/// A regular expression as it was read.
indirect enum PatternSyntax {
    enum Assertion: Sendable {
        case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
    }

    case scalar(UInt32)
    case set(ScalarSet)
    case assertion(Assertion)
    case sequence([PatternSyntax])
    case choice([PatternSyntax])
    /// At least, and at most; nil for any number.
    case repetition(PatternSyntax, Int, Int?)
}

extension PatternSyntax.Assertion {
    /// Between two characters; nil before the first and after the last.
    func holds(before: UInt32?, next: UInt32?) -> Bool {
        switch self {
        case .textStart: before == nil
        case .textEnd: next == nil
        case .lineStart: before == nil || before == 0x0A
        case .lineEnd: next == nil || next == 0x0A
        case .wordBoundary: isWord(before) != isWord(next)
        case .noWordBoundary: isWord(before) == isWord(next)
        }
    }

    private func isWord(_ scalar: UInt32?) -> Bool { scalar.map(ScalarSet.word.contains) ?? false }
}
