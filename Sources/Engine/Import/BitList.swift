/// A list of yes and no, in one bit each.
struct BitList {
    private var words: [UInt64] = []
    private(set) var count = 0

    init() {}

    subscript(index: Int) -> Bool { words[index / 64] & (1 << UInt64(index % 64)) != 0 }

    mutating func append(_ value: Bool) {
        if count.isMultiple(of: 64) { words.append(0) }
        if value { words[count / 64] |= 1 << UInt64(count % 64) }
        count += 1
    }

    var countOfTrue: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
}
