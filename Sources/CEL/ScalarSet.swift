/// Characters that a pattern takes in one place.
struct ScalarSet: Sendable {
    private(set) var ranges: [ClosedRange<UInt32>] = []
    /// Kinds of Unicode, such as `Lu`, or `L` for all that begin so.
    private var kinds: [String] = []
    private var isNegated = false
    /// Capitals count as small letters.
    private var ignoresCase = false
    /// What else is taken.
    private var others: [ScalarSet] = []

    init(_ ranges: [ClosedRange<UInt32>], ignoresCase: Bool = false) {
        self.ranges = ranges
        self.ignoresCase = ignoresCase
    }

    /// - Parameter kind: one or two letters.
    init?(kind: String) {
        guard !kind.isEmpty, Self.kindNames.values.contains(where: { $0.hasPrefix(kind) }) else { return nil }
        kinds = [kind]
    }

    static let everything = ScalarSet([0...0x10FFFF])
    static let line = ScalarSet([0...0x09, 0x0B...0x10FFFF])
    static let digit = ScalarSet([0x30...0x39])
    static let space = ScalarSet([0x09...0x0A, 0x0C...0x0D, 0x20...0x20])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])

    /// Those that are written `[:alpha:]`.
    static let named: [String: ScalarSet] = [
        "alnum": ScalarSet([0x30...0x39, 0x41...0x5A, 0x61...0x7A]), "alpha": ScalarSet([0x41...0x5A, 0x61...0x7A]),
        "ascii": ScalarSet([0...0x7F]), "blank": ScalarSet([0x09...0x09, 0x20...0x20]),
        "cntrl": ScalarSet([0...0x1F, 0x7F...0x7F]), "digit": digit, "graph": ScalarSet([0x21...0x7E]),
        "lower": ScalarSet([0x61...0x7A]), "print": ScalarSet([0x20...0x7E]),
        "punct": ScalarSet([0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]),
        "space": ScalarSet([0x09...0x0D, 0x20...0x20]), "upper": ScalarSet([0x41...0x5A]), "word": word,
        "xdigit": ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66]),
    ]

    mutating func insert(_ range: ClosedRange<UInt32>) { ranges.append(range) }
    mutating func insert(_ set: ScalarSet) { others.append(set) }

    func negated() -> ScalarSet {
        var set = self
        set.isNegated.toggle()
        return set
    }

    func ignoringCase() -> ScalarSet {
        var set = self
        set.ignoresCase = true
        return set
    }

    func contains(_ scalar: UInt32) -> Bool {
        var isTaken = holds(scalar)
        if !isTaken, ignoresCase { isTaken = Self.otherCases(of: scalar).contains(where: holds) }
        return isTaken != isNegated
    }

    private func holds(_ scalar: UInt32) -> Bool {
        if ranges.contains(where: { $0.contains(scalar) }) { return true }
        if others.contains(where: { $0.contains(scalar) }) { return true }
        guard !kinds.isEmpty, let value = Unicode.Scalar(scalar) else { return false }
        guard let name = Self.kindNames[value.properties.generalCategory] else { return false }
        return kinds.contains { name.hasPrefix($0) }
    }

    /// The same letter, small or capital.
    private static func otherCases(of scalar: UInt32) -> [UInt32] {
        if (0x41...0x5A).contains(scalar) || (0x61...0x7A).contains(scalar) { return [scalar ^ 0x20] }
        guard scalar > 0x7F, let properties = Unicode.Scalar(scalar)?.properties else { return [] }
        return [properties.lowercaseMapping, properties.uppercaseMapping].compactMap { mapping in
            let scalars = mapping.unicodeScalars
            return scalars.count == 1 ? scalars.first?.value : nil
        }
    }

    private static let kindNames: [Unicode.GeneralCategory: String] = [
        .uppercaseLetter: "Lu", .lowercaseLetter: "Ll", .titlecaseLetter: "Lt", .modifierLetter: "Lm",
        .otherLetter: "Lo", .nonspacingMark: "Mn", .spacingMark: "Mc", .enclosingMark: "Me",
        .decimalNumber:
            "Nd", .letterNumber: "Nl", .otherNumber: "No", .connectorPunctuation: "Pc", .dashPunctuation: "Pd",
        .openPunctuation: "Ps", .closePunctuation: "Pe", .initialPunctuation: "Pi", .finalPunctuation: "Pf",
        .otherPunctuation: "Po", .mathSymbol: "Sm", .currencySymbol: "Sc", .modifierSymbol: "Sk",
        .otherSymbol:
            "So", .spaceSeparator: "Zs", .lineSeparator: "Zl", .paragraphSeparator: "Zp", .control: "Cc",
        .format:
            "Cf", .surrogate: "Cs", .privateUse: "Co", .unassigned: "Cn",
    ]
}
