import Crypto

/// What the counter file of a destination holds: how many writes were accepted, and which was the last that put a
/// value there. What came after that one were fences and removals, which show nobody anything.
struct DirectoryCount: Sendable {
    /// 0 when nothing was ever written.
    var number: UInt64 = 0
    /// Where it is not known, the last that there was when counting began: never too low.
    var lastWrite: UInt64 = 0

    init() {}

    /// Nil when it is none. Earlier releases wrote the number alone.
    init?(text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count <= 2, let number = UInt64(words[0]), let last = UInt64(words[words.count - 1]),
            number > 0, number < UInt64.max, last <= number
        else { return nil }
        self.number = number
        lastWrite = last
    }

    var text: String { "\(number) \(lastWrite)" }

    /// The one after it.
    func next(putsValue: Bool) -> DirectoryCount {
        // A first count starts anywhere, so that a folder that is made again does not repeat the bases of
        // the one before; a billion writes a second would not see the end of what is left. Odd, after 0.
        var random = Random.Generator()
        var next = self
        next.number = number == 0 ? UInt64.random(in: 1...1 << 52, using: &random) | 1 : number + 1
        // What was there before a first count is not known, were it an older count.
        if putsValue || number == 0 { next.lastWrite = next.number }
        return next
    }
}
