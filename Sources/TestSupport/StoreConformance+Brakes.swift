import Engine
import JSON
import RotaCore

/// Nothing destructive is done while there is a brake (I12).
extension StoreConformance {
    static let brakes: [StoreClaim] =
        [
            StoreClaim("while it is frozen no transition that destroys anything is done, and none leaves a trace") {
                bench in
                let steps = try BrakedSteps(bench)
                try bench.freeze()
                for (name, step) in steps.all { try bench.requireHeld(name, step) }
                try require(try bench.write { try $0.unfreeze(change: bench.change()) }, "it ends")
                for (name, step) in steps.all {
                    try require(try bench.write { try step($0) }, "\(name) is done afterwards")
                }
            },
            StoreClaim("while the clock is suspect nothing destructive is done either") { bench in
                let steps = try BrakedSteps(bench)
                bench.store.distrustClock(.jumped(.ahead(.days(1))))
                for (name, step) in steps.all { try bench.requireHeld(name, step) }
                bench.store.distrustClock(nil)
                for (name, step) in steps.all {
                    try require(try bench.write { try step($0) }, "\(name) is done afterwards")
                }
            },
            StoreClaim("while the calendar says so nothing destructive is done either") { bench in
                let steps = try BrakedSteps(bench)
                let dates = FreezeCalendar.Dates(
                    from: (bench.now - .days(1)).seconds, until: (bench.now + .days(400)).seconds, reason: "holidays")
                bench.store.followCalendar(FreezeCalendar(zone: .utc, dates: [dates], weekly: []))
                for (name, step) in steps.all { try bench.requireHeld(name, step) }
                bench.store.followCalendar(nil)
                for (name, step) in steps.all {
                    try require(try bench.write { try step($0) }, "\(name) is done afterwards")
                }
            },
            StoreClaim("an emergency goes past a brake, and audit entry and event say so") { bench in
                let (calm, urgent) = (try bench.add("calm").id, try bench.add("urgent").id)
                _ = try bench.write { try $0.revokeToken(calm, isEmergency: false, change: bench.change()) }
                try bench.freeze()
                let version = try bench.store.versions(of: urgent).count
                try require(
                    try bench.write { try $0.revokeToken(urgent, isEmergency: true, change: bench.change("leak")) },
                    "done")
                try require(try bench.state(urgent, version) == .revoked, "at once")
                func after(_ id: TokenID) throws -> JSON? {
                    try bench.audit(of: id.text).last.map { try document($0.body) }?["after"]
                }
                try require(try after(urgent)?["emergency"] == true, "said in the log")
                try require(try after(urgent)?["despite"]?.string == "frozen", "and past what")
                try require(try after(calm)?["emergency"] == nil, "only of an emergency")
                let event = try bench.events().last { $0.type == "token.revoked" }
                try require(try event.map { try document($0.data) }?["emergency"] == true, "said to receivers")
            },
            StoreClaim("a person's quarantine goes past a brake, and the audit entry says past which") { bench in
                let (calm, urgent) = (try bench.add("calm").id, try bench.add("urgent").id)
                _ = try bench.write { try $0.quarantineToken(calm, by: nil, change: bench.change()) }
                try bench.freeze()
                try require(
                    try bench.write { try $0.quarantineToken(urgent, by: nil, change: bench.change("odd")) }, "done")
                func after(_ id: TokenID) throws -> JSON? {
                    try bench.audit(of: id.text).last.map { try document($0.body) }?["after"]
                }
                try require(try after(urgent)?["despite"]?.string == "frozen", "said in the log")
                try require(try after(calm)?["despite"] == nil, "only where there was one")
                try require(
                    try bench.write { try $0.restoreToken(urgent, change: bench.change("no longer")) },
                    "a freeze stops what destroys, and this does not")
            },
            StoreClaim("a freeze ends by itself at its end, and a later one takes its place") { bench in
                try bench.freeze(until: 100)
                try require(try bench.store.freeze(at: bench.now + TimeSpan(seconds: 99)) != nil, "before its end")
                try require(try bench.store.freeze(at: bench.now + TimeSpan(seconds: 100)) == nil, "not at its end")
                try bench.freeze(until: 50)
                try require(
                    try bench.store.freeze(at: bench.now + TimeSpan(seconds: 60)) == nil, "the later one counts")
                let written = try bench.written { try bench.freeze(until: nil) }
                try require(written == (1, 1), "one entry, one event: \(written)")
                try require(try bench.store.brake(at: bench.now + .days(4000))?.code == "frozen", "without an end")
                let end = try bench.written {
                    try require(try bench.write { try $0.unfreeze(change: bench.change()) }, "ended")
                }
                try require(end == (1, 1), "one entry, one event: \(end)")
                try require(try bench.write { try !$0.unfreeze(change: bench.change()) }, "only once")
                try require(try bench.store.brake(at: bench.now) == nil, "free")
            },
            StoreClaim("the freezes of a period are those that were on in it, latest first, with their ends") { bench in
                try bench.freeze(until: 100)
                func told(_ from: Int64, _ to: Int64) throws -> [Int64?] {
                    try bench.store.freezes(
                        from: bench.now + TimeSpan(seconds: from), to: bench.now + TimeSpan(seconds: to)
                    ).map { $0.until.map { ($0 - bench.now).seconds } }
                }
                try require(try told(-10, -1).isEmpty && told(100, 200).isEmpty, "neither before nor after")
                try require(try told(-10, 0) == [100] && told(99, 200) == [100], "from its beginning to its end")
                _ = try bench.write { try $0.unfreeze(change: bench.change(after: 50)) }
                try require(try told(-10, 200) == [50] && told(50, 200).isEmpty, "ended before its end")
                try bench.freeze()
                try require(try told(-10, 200) == [nil, 50], "one without an end is the latest")
                let last = try bench.store.freezes(from: bench.now, to: bench.now).first
                try require(last?.freeze.reason == "release" && last?.freeze.actor == "cli:tester", "why and by whom")
                try require(last?.isOn(at: bench.now + .days(4000)) == true, "and it is on")
            },
            StoreClaim("the gate looks at the clock itself in every transition that destroys something") { bench in
                let steps = try BrakedSteps(bench)
                bench.store.watchClock { .jumped(.ahead(.days(1))) }
                for (name, step) in steps.all { try bench.requireHeld(name, step) }
                bench.store.watchClock { nil }
                for (name, step) in steps.all {
                    try require(try bench.write { try step($0) }, "\(name) is done afterwards")
                }
            },
            StoreClaim("the next generation begins once, with an entry and an event, and a copy under another name") {
                bench in
                let before = try bench.store.identity()
                let begin = { (instance: String?) in
                    try bench.write {
                        try $0.beginGeneration(
                            after: before, id: "a", instance: instance, totals: ["x": 1], change: bench.change())
                    }
                }
                let written = try bench.written { try require(try begin(nil), "begun") }
                try require(written == (1, 1), "one entry, one event: \(written)")
                try require(try bench.store.identity().generation == before.generation + 1, "one further")
                try require(try bench.store.identity().instance == before.instance, "the same store")
                try require(try bench.store.identity().generationID == "a", "by what it was drawn as")
                try require(try !begin(nil), "not twice after one look")
                let next = try bench.store.identity()
                try require(
                    try bench.write {
                        try $0.beginGeneration(
                            after: next, id: "b", instance: "other", totals: [:], change: bench.change())
                    }, "begun")
                try require(try bench.store.identity().instance == "other", "another name")
                try require(try bench.store.identity().generationID == "b", "of each life")
            },
        ] + adoption

    private static let adoption: [StoreClaim] = [
        StoreClaim("a lost value becomes current where every destination holds it, and the old one gets its end") {
            bench in
            let id = try bench.add("t").id
            let number = try bench.write {
                try $0.adoptVersion(try bench.lost(id, "lost"), supersedes: .hours(1), change: bench.change())
            }
            try require(number == 2, "the next number")
            try require(try bench.state(id, 2) == .current && bench.state(id, 1) == .previous, "in its place")
            try require(try bench.store.rotation(of: id)?.phase == .overlap, "somebody will retire the old one")
            try require(try bench.retire(id, 1, after: 3600), "which the guard allows")
            try require(
                try bench.write {
                    try $0.adoptVersion(try bench.lost(id, "lost"), supersedes: .hours(1), change: bench.change())
                        == nil
                }, "a value that is known is nobody's to adopt")
        },
        StoreClaim("a lost value is adopted as unconfirmed beside an open rotation, and never as a fourth") { bench in
            let id = try bench.add("t").id
            _ = try bench.armed(id)
            try bench.requireNothing(of: id, "becoming current beside an open rotation") {
                try bench.write {
                    try $0.adoptVersion(try bench.lost(id, "x"), supersedes: .zero, change: bench.change()) == nil
                }
            }
            try require(
                try bench.write {
                    try $0.adoptVersion(try bench.lost(id, "x"), supersedes: nil, change: bench.change())
                } == 3, "accepted")
            try require(try bench.state(id, 3) == .unconfirmed, "until a newer one is everywhere")
            try bench.requireNothing(of: id, "a fourth valid value") {
                try bench.write {
                    try $0.adoptVersion(try bench.lost(id, "y"), supersedes: nil, change: bench.change()) == nil
                }
            }
        },
        StoreClaim("what was retired in a former life is retired again, never the current version") { bench in
            let id = try bench.add("t").id
            _ = try bench.rotate(id)
            try bench.requireNothing(of: id, "retiring the current one") {
                try bench.write { try !$0.retireAgain(id, version: 2, change: bench.change()) }
            }
            let written = try bench.written {
                try require(try bench.write { try $0.retireAgain(id, version: 1, change: bench.change()) }, "done")
            }
            try require(written == (1, 1), "one entry, one event: \(written)")
            try require(try bench.state(id, 1) == .revoked, "ended")
        },
        StoreClaim("the end of a held older value moves on, and never back, nor that of the current one") { bench in
            let id = try bench.add("t").id
            _ = try bench.rotate(id)
            let before = try bench.store.versions(of: id).first?.endsAt ?? bench.now
            let keep = { (version: Int, end: Instant) in
                try bench.write { try $0.keepHeld(id, version: version, until: end, change: bench.change()) }
            }
            let written = try bench.written { try require(try keep(1, before + .days(1)), "moved on") }
            try require(written == (1, 0), "one entry: \(written)")
            try require(try bench.store.versions(of: id).first?.endsAt == before + .days(1), "the new end")
            try bench.requireNothing(of: id, "moving it back") { try !keep(1, before) }
            try bench.requireNothing(of: id, "an end of the current one") { try !keep(2, before + .days(9)) }
        },
    ]
}

/// One store in which every transition that destroys something can be made, each of a token of its own.
private struct BrakedSteps {
    typealias Step = (any Store) throws -> Bool
    let all: [(String, Step)]

    init(_ bench: StoreBench) throws {
        let late = bench.change("later", after: 90_000)
        let now = bench.change()
        let claim = try bench.add("claim").id
        let open = try bench.claimed(try bench.add("arming").id)
        let send = try bench.add("send").id
        let sending = try bench.armed(send).version
        let place = try bench.places(send)[0]
        let fill = try bench.add("fill").id
        let lost = try bench.armed(fill).version
        let empty = try bench.places(fill)[0]
        _ = try bench.send(fill, lost, to: empty)
        let discard = try bench.add("discard").id
        let discarded = try bench.armed(discard).version
        let promote = try bench.add("promote").id
        let promoted = try bench.armed(promote).version
        try bench.pushEverywhere(promote, promoted)
        let (retire, lower, supersede) = (
            try bench.add("retire").id, try bench.add("lower").id, try bench.add("supersede").id
        )
        for id in [retire, lower, supersede] { _ = try bench.rotate(id) }
        let revoke = try bench.add("revoke").id
        let isolate = try bench.add("isolate").id
        let expire = try bench.add("expire") { $0.expiresAt = bench.now + TimeSpan(seconds: 5) }.id
        let digest = try bench.digest("armed later")
        let places = try bench.places(open.tokenID)
        all = [
            (
                "a claim",
                {
                    try $0.claimRotation(
                        of: claim, fromVersion: 1, overlap: .zero, cap: OverlapCap(), trigger: nil, change: now) != nil
                }
            ),
            ("arming", { try $0.arm(open.id, digest: digest, hint: "", destinations: places, change: now) != nil }),
            (
                "sending",
                {
                    try $0.markSending(
                        send, version: sending, destination: place, attempt: 0, base: "1", ordered: false, at: now.at)
                        != nil
                }
            ),
            (
                "filling",
                {
                    try $0.markFilling(
                        fill, with: 1, version: lost, destination: empty, attempt: 1, base: "1", at: now.at) != nil
                }
            ),
            ("discarding", { try $0.discardPending(discard, version: discarded, change: now) }),
            ("promoting", { try $0.promote(promote, version: promoted, change: now) }),
            ("retiring", { try $0.retire(retire, version: 1, evidence: nil, inUse: false, change: late) }),
            ("ending sooner", { try !$0.lowerEnds(of: lower, to: now.at, change: now).isEmpty }),
            ("superseding", { try $0.supersedeOverlap(of: supersede, change: now) }),
            ("revoking", { try $0.revokeToken(revoke, change: now) }),
            (
                "quarantining",
                {
                    try $0.quarantineToken(
                        isolate, by: RuleReference(policy: "unused", rule: "first"), change: now)
                }
            ),
            ("expiring", { try $0.expireToken(expire, change: late) }),
        ]
    }
}

extension StoreBench {
    func freeze(until seconds: Int64? = nil) throws {
        let freeze = Freeze(
            reason: "release", actor: "cli:tester", begunAt: now, endsAt: seconds.map { now + TimeSpan(seconds: $0) })
        try write { try $0.freeze(freeze, change: change("release")) }
    }

    fileprivate func lost(_ id: TokenID, _ value: String) throws -> LostVersion {
        LostVersion(
            tokenID: id, digest: try digest(value), hint: "lost",
            places: try store.destinations(of: id).map { LostVersion.Place(destination: $0, base: "7") },
            issuedAt: now - .days(1))
    }

    /// It throws what holds it, and leaves nothing behind.
    fileprivate func requireHeld(_ name: String, _ step: (any Store) throws -> Bool) throws {
        let before = (try audit(), try events())
        try requireError(name, { if case .held = $0 { true } else { false } }) {
            _ = try write { try step($0) }
        }
        try require(try audit() == before.0 && events() == before.1, "\(name): held, and yet something was written")
    }
}
