package import Engine
package import RotaCore
import TransparencyLog

/// One claim that holds for every kind of witness.
package struct WitnessCheck: Sendable, CustomStringConvertible {
    package let description: String
    let body: @Sendable (WitnessSubject) async throws -> Void

    /// Throws `ConformanceFailure` where it does not hold.
    package func run(on subject: WitnessSubject) async throws { try await body(subject) }
}

/// A witness under test, which has taken nothing yet.
package struct WitnessSubject: Sendable {
    package let witness: any CheckpointWitness
    /// Whether it tells what it holds.
    package let canBeAsked: Bool
    /// The notes that have come to it, as its owner finds them, oldest first.
    package let kept: @Sendable () async throws -> [String]

    package init(
        _ witness: any CheckpointWitness, canBeAsked: Bool, kept: @escaping @Sendable () async throws -> [String]
    ) {
        self.witness = witness
        self.canBeAsked = canBeAsked
        self.kept = kept
    }

    fileprivate func require(_ condition: Bool, _ what: String) throws {
        if !condition { throw ConformanceFailure(description: what) }
    }
}

extension WitnessCheck {
    package static let log = "rota-conformance"
    package static let now = Instant(seconds: 1_800_000_000)

    package static func checkpoint(_ size: Int, of log: String = log) -> OfferedCheckpoint {
        let root = TreeHash.leaf("\(log) \(size)")
        let note = Checkpoint(origin: log, size: size, root: root).text + "\n\u{2014} \(log) c2lnbmF0dXJl\n"
        return OfferedCheckpoint(log: log, size: size, root: root, at: now, note: note, key: "\(log)+00000000+AQ==")
    }

    package static let all: [WitnessCheck] = [
        WitnessCheck(description: "who has taken nothing holds nothing") { subject in
            try subject.require(try await subject.witness.held(of: log) == nil, "it holds something")
        },
        WitnessCheck(description: "what is taken is kept to the byte, and is what it holds") { subject in
            let offered = checkpoint(7)
            try await subject.witness.take(offered, at: now)
            try subject.require(try await subject.kept().last == offered.note, "it was not kept")
            let held = try await subject.witness.held(of: log)
            try subject.require(held == (subject.canBeAsked ? offered.note : nil), "it holds \(held ?? "nothing")")
        },
        WitnessCheck(description: "the same may come twice") { subject in
            for _ in 1...2 { try await subject.witness.take(checkpoint(7), at: now) }
            try subject.require(try await subject.kept().allSatisfy { $0 == checkpoint(7).note }, "something else came")
        },
        WitnessCheck(description: "it holds the newest, by number and not by name") { subject in
            for size in [9, 10, 1_000_000_000_000] { try await subject.witness.take(checkpoint(size), at: now) }
            guard subject.canBeAsked else { return }
            let held = try await subject.witness.held(of: log)
            try subject.require(held == checkpoint(1_000_000_000_000).note, "it holds \(held ?? "nothing")")
        },
        WitnessCheck(description: "one that cannot be reached says so, and holds up nobody who goes") { subject in
            // Whatever it says, it comes to an end.
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await subject.witness.take(checkpoint(8), at: now) }
                group.cancelAll()
            }
        },
    ]
}
