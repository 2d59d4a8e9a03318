import Crypto
import Engine
import RotaCore

extension VaultCheck {
    /// What the rotation protocol relies on (DESIGN section 5), one claim each.
    package static let all: [VaultCheck] = plain + conditional + fencing
}

private func check(
    _ claim: String, where applies: @escaping @Sendable (VaultCapabilities) -> Bool = { $0.readable },
    _ body: @escaping @Sendable (VaultSubject) async throws -> Void
) -> VaultCheck {
    VaultCheck(description: claim, applies: applies, body: body)
}

private let isConditional: @Sendable (VaultCapabilities) -> Bool = { $0.readable && $0.conditionalWrite }
private let isFenceable: @Sendable (VaultCapabilities) -> Bool = {
    $0.readable && $0.conditionalWrite && $0.fenceable
}

private let plain = [
    check("a vault that is there passes its own check", where: { _ in true }) { subject in
        try await subject.vault.check()
    },
    check("a destination that was never used is empty, and reading it changes nothing") { subject in
        let place = subject.freshDestination()
        let first = try await subject.probe(place)
        try requireEqual(first.text, nil, "value")
        try requireEqual(try await subject.probe(place).base, first.base, "base of the second read")
    },
    check("what was written is read back") { subject in
        let place = subject.freshDestination()
        for value in ["first", "second ü \"quoted\" \\ <&>", String(repeating: "x", count: 10_000)] {
            try requireEqual(try await subject.put(value, at: place).text, value, "value")
        }
    },
    check("what was removed is gone, and can be written again") { subject in
        let place = subject.freshDestination()
        let written = try await subject.put("first", at: place)
        try await subject.vault.remove(place, at: written)
        try requireEqual(try await subject.text(at: place), nil, "value")
        try requireEqual(try await subject.put("second", at: place).text, "second", "value")
    },
    check("a trial in a place that was never used is undone, and can be made again") { subject in
        let place = subject.freshDestination()
        for _ in 0..<2 {
            let first = try await subject.probe(place)
            try await subject.put("trial", at: place)
            try await subject.vault.erase(place, since: first)
            try requireEqual(try await subject.text(at: place), nil, "value")
        }
    },
    check("a trial in a place that was used leaves the place empty, and its base not used again") { subject in
        let place = subject.freshDestination()
        let written = try await subject.put("before", at: place)
        try await subject.vault.remove(place, at: written)
        let first = try await subject.probe(place)
        try await subject.put("trial", at: place)
        try await subject.vault.erase(place, since: first)
        let last = try await subject.probe(place)
        try requireEqual(last.text, nil, "value")
        guard subject.vault.capabilities.fenceable else { return }
        try require(last.base != first.base, "the base came again: \(last.base)")
    },
    check("a path or field that cannot be one is rejected", where: { _ in true }) { subject in
        for place in subject.invalidDestinations {
            let kind = await subject.failure { () async throws(VaultError) in
                _ = try await subject.vault.probe(place)
            }
            try requireEqual(kind, .rejected, "\(place)")
        }
    },
]

private let conditional = [
    check("a write over an old observation is refused and changes nothing", where: isConditional) { subject in
        let place = subject.freshDestination()
        let empty = try await subject.probe(place)
        let first = try await subject.put("first", at: place)
        try await subject.put("second", at: place)
        for old in [empty, first] {
            try require(await subject.refuses("late", at: place, over: old), "the write was not refused")
            try requireEqual(
                await subject.failure { () async throws(VaultError) in
                    try await subject.vault.remove(place, at: old)
                },
                .refused, "removal")
            let capabilities = subject.vault.capabilities
            guard capabilities.fenceable, old.value != nil || capabilities.fencesEmptiness else { continue }
            try requireEqual(
                await subject.failure { () async throws(VaultError) in
                    try await subject.vault.fence(place, at: old)
                },
                .refused, "fence")
        }
        try requireEqual(try await subject.text(at: place), "second", "value")
    },
    check("of writes at once over one observation exactly one wins", where: isConditional) { subject in
        let place = subject.freshDestination()
        for _ in 0..<3 {
            let seen = try await subject.probe(place)
            let winners = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let value = "value-\(number)-of-\(seen.base)"
                        let kind = await subject.failure { () async throws(VaultError) in
                            try await subject.vault.write(Secret(utf8: value), to: place, over: seen)
                        }
                        try require(
                            kind == nil || kind == .refused, "a loser ended in \(String(describing: kind))")
                        return kind == nil ? value : nil
                    }
                }
                return try await group.reduce(into: [String]()) { winners, value in
                    if let value { winners.append(value) }
                }
            }
            try requireEqual(winners.count, 1, "winners")
            try requireEqual(try await subject.text(at: place), winners.first, "value")
        }
    },
    check("a value beside it stays when one is written, removed or fenced", where: isConditional) { subject in
        guard let sibling = subject.sibling else { return }
        let place = subject.freshDestination()
        let beside = sibling(place)
        try await subject.put("beside", at: beside)
        let written = try await subject.put("first", at: place)
        try requireEqual(try await subject.text(at: beside), "beside", "value beside a write")
        if subject.vault.capabilities.fenceable {
            try await subject.vault.fence(place, at: written)
            try requireEqual(try await subject.text(at: beside), "beside", "value beside a fence")
        }
        try await subject.vault.remove(place, at: subject.probe(place))
        try requireEqual(try await subject.text(at: beside), "beside", "value beside a removal")
        try requireEqual(try await subject.text(at: place), nil, "value")
    },
    check("a change beside it makes a write over the observation refused", where: isConditional) { subject in
        guard let sibling = subject.sibling else { return }
        let place = subject.freshDestination()
        let seen = try await subject.put("first", at: place)
        try await subject.put("beside", at: sibling(place))
        try require(await subject.refuses("second", at: place, over: seen), "the write was not refused")
    },
]

private let fencing = [
    check("the same value written again makes an older write impossible", where: isFenceable) { subject in
        let place = subject.freshDestination()
        let seen = try await subject.put("first", at: place)
        try await subject.vault.write(Secret(utf8: "first"), to: place, over: seen)
        try require(await subject.refuses("late", at: place, over: seen), "the write was not refused")
    },
    check("a fence makes a write that is under way fail and keeps the value", where: isFenceable) { subject in
        let place = subject.freshDestination()
        let seen = try await subject.put("first", at: place)
        try await subject.vault.fence(place, at: seen)
        try require(await subject.refuses("late", at: place, over: seen), "the write was not refused")
        let fenced = try await subject.probe(place)
        try requireEqual(fenced.text, "first", "value")
        try require(fenced.base != seen.base, "the base stayed \(seen.base)")
        try await subject.vault.write(Secret(utf8: "second"), to: place, over: fenced)
    },
    check(
        "a fence of an empty destination does too and keeps it empty",
        where: { isFenceable($0) && $0.fencesEmptiness }
    ) { subject in
        let place = subject.freshDestination()
        for _ in 0..<2 {
            let seen = try await subject.probe(place)
            try await subject.vault.fence(place, at: seen)
            try require(await subject.refuses("late", at: place, over: seen), "the write was not refused")
            try requireEqual(try await subject.text(at: place), nil, "value")
        }
        let written = try await subject.put("first", at: place)
        try await subject.vault.remove(place, at: written)
        let removed = try await subject.probe(place)
        try await subject.vault.fence(place, at: removed)
        try require(await subject.refuses("late", at: place, over: removed), "the write was not refused")
        try requireEqual(try await subject.text(at: place), nil, "value after a removal")
    },
    check("no base comes twice, whatever is written", where: isFenceable) { subject in
        let place = subject.freshDestination()
        var bases = [try await subject.probe(place).base]
        for turn in 0..<5 {
            bases.append(try await subject.put("same", at: place).base)
            let seen = try await subject.probe(place)
            if turn.isMultiple(of: 2) { try await subject.vault.fence(place, at: seen) }
            if turn == 3 { try await subject.vault.remove(place, at: seen) }
            let now = try await subject.probe(place).base
            if now != bases.last { bases.append(now) }
        }
        try requireEqual(Set(bases).count, bases.count, "different bases in \(bases)")
        guard subject.vault.capabilities.orderedBases else { return }
        let numbers = bases.compactMap { Int64($0) }
        try requireEqual(numbers, (0..<Int64(bases.count)).map { numbers[0] + $0 }, "ordered bases")
    },
    check("the history, where there is one, tells what was held since", where: isFenceable) { subject in
        let place = subject.freshDestination()
        let empty = try await subject.probe(place)
        let first = try await subject.put("first", at: place)
        let second = try await subject.put("second", at: place)
        func held(_ value: String, after base: String) async throws -> PastValue {
            try await subject.vault.held(
                { $0.isEqual(to: Array(value.utf8)) }, in: place, after: base, through: second)
        }
        let past = try await held("first", after: empty.base)
        if case .unknown = past { return }
        try requireEqual(past.word, "first", "first since empty")
        try requireEqual(try await held("first", after: first.base).word, "never", "first since first")
        try requireEqual(try await held("absent", after: empty.base).word, "never", "what was never there")
    },
]
