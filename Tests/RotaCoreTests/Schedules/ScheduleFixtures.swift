import Foundation
import RotaCore
import TestSupport
import Testing

/// An instant that the test knows to be well written.
func instant(_ text: String) throws -> Instant { try #require(Instant(text)) }

/// Numbers by chance that are the same for the same seed.
struct Dice {
    private let source: SeededRandom

    init(seed: UInt64) { source = SeededRandom(seed: seed) }

    mutating func below(_ limit: Int) -> Int {
        Int(source.bytes(7).reduce(0) { $0 << 8 | UInt64($1) } % UInt64(limit))
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

/// The zones of this machine.
enum Zoneinfo {
    static let folder = "/usr/share/zoneinfo"

    static func zone(_ name: String) throws -> Zone {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
        return try Zone(name: name, tzif: [UInt8](data))
    }
}
