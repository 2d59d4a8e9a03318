import Engine
import RotaCore

extension StoreConformance {
    static let rotation: [StoreClaim] = [
        StoreClaim("who claims a rotation has taken it up, until it lets go") { bench in
            let rotation = try bench.claimed(try bench.add("t").id)
            try require(!bench.store.takeUp(rotation.id), "the claim took it up")
            bench.store.letGo(rotation.id)
            try require(bench.store.takeUp(rotation.id), "it is free")
            try require(!bench.store.takeUp(rotation.id), "once")
        },
        StoreClaim("one unfinished rotation of a token at a time, from the version that is current") {
            bench in
            let id = try bench.add("t").id
            try bench.requireNothing(of: id, "a claim from another version") {
                try bench.write {
                    try $0.claimRotation(
                        of: id, fromVersion: 2, overlap: .zero, cap: OverlapCap(), trigger: nil, change: bench.change())
                        == nil
                }
            }
            let written = try bench.written { _ = try bench.claimed(id, overlap: .hours(3)) }
            try require(written == (1, 0), "one audit entry: \(written)")
            let rotation = try bench.store.rotation(of: id)
            try require(rotation?.phase == .open && rotation?.fromVersion == 1, "open, from version 1")
            try require(rotation?.toVersion == nil && rotation?.overlap == .hours(3), "nothing armed")
            try require(
                rotation?.claim == bench.change("claim") && rotation?.trigger == bench.trigger, "with who and why")
            try require(try bench.stored(id).values.rotationOpen, "the token says so")
            try bench.requireNothing(of: id, "a second claim") {
                try bench.write {
                    try $0.claimRotation(
                        of: id, fromVersion: 1, overlap: .zero, cap: OverlapCap(), trigger: nil, change: bench.change())
                        == nil
                }
            }
        },
        StoreClaim("only an active token of ours is claimed, with or without a current version") { bench in
            let none = bench.token("none") { $0.values = ValueSummary(current: nil, currentIssuedAt: nil) }
            try bench.write { try $0.addToken(none, version: nil, destinations: [], change: bench.change()) }
            _ = try bench.claimed(none.id)
            try require(try bench.store.rotation(of: none.id)?.fromVersion == 0, "from version 0")
            let ended = try bench.add("ended").id
            _ = try bench.write { try $0.revokeToken(ended, change: bench.change()) }
            let foreign = try bench.add("foreign") { $0.issuer = .external(kind: "aws-iam") }.id
            for (id, version) in [(ended, 0), (ended, 1), (foreign, 1), (TokenID("unknown"), 0)] {
                let claim = try bench.write {
                    try $0.claimRotation(
                        of: id, fromVersion: version, overlap: .zero, cap: OverlapCap(), trigger: nil,
                        change: bench.change())
                }
                try require(claim == nil, "\(id) is not claimed")
            }
        },
        StoreClaim("a claim is given up while nothing is armed, and not after") { bench in
            let id = try bench.add("t").id
            let first = try bench.claimed(id)
            try require(
                try bench.write { try $0.closeRotation(first.id, change: bench.change()) }, "given up")
            try require(try !bench.stored(id).values.rotationOpen, "and the token is free again")
            try require(
                try bench.write { try !$0.closeRotation(first.id, change: bench.change()) }, "only once")
            let (second, version) = try bench.armed(id)
            try bench.requireNothing(of: id, "giving up with a pending version") {
                try bench.write { try !$0.closeRotation(second.id, change: bench.change()) }
            }
            _ = try bench.write { try $0.leaveUnconfirmed(id, version: version, change: bench.change()) }
            try bench.requireNothing(of: id, "giving up with an unconfirmed version") {
                try bench.write { try !$0.closeRotation(second.id, change: bench.change()) }
            }
        },
        StoreClaim("arming makes a version that authenticates, and an unsent row for each destination") {
            bench in
            let id = try bench.add("t").id
            let rotation = try bench.claimed(id)
            let places = try bench.places(id)
            let digest = try bench.digest("second")
            let arm = {
                try bench.write {
                    try $0.arm(
                        rotation.id, digest: digest, hint: "hint", destinations: places,
                        change: bench.change())
                }
            }
            let written = try bench.written { try require(try arm() == 2, "it is version 2") }
            try require(written == (1, 0), "one audit entry: \(written)")
            let version = Version(
                number: 2, state: .pending, digest: digest, hint: "hint", issuedAt: bench.now)
            try require(try bench.store.versions(of: id).last == version, "pending with its digest")
            try require(try bench.store.version(with: digest)?.token.id == id, "and found by it")
            try require(
                try bench.store.pushes(of: id) == places.map { Push(version: 2, destinationID: $0) },
                "unsent rows")
            try require(try bench.store.rotation(of: id)?.toVersion == 2, "the rotation names it")
            try bench.requireNothing(of: id, "a second pending version") { try arm() == nil }
        },
        StoreClaim("arming with somebody else's destination or a known value keeps nothing") { bench in
            let id = try bench.add("t").id
            let other = try bench.places(try bench.add("u").id)
            let rotation = try bench.claimed(id)
            for (text, places) in [("new", other), ("u-1", try bench.places(id))] {
                try requireError("refused") {
                    _ = try bench.write {
                        try $0.arm(
                            rotation.id, digest: bench.digest(text), hint: "", destinations: places,
                            change: bench.change())
                    }
                }
                try require(try bench.store.versions(of: id).count == 1, "nothing of it stays")
            }
        },
        StoreClaim("a row is sent while its version is pending, its attempt is the one that was read") {
            bench in
            let id = try bench.add("t").id
            let version = try bench.armed(id).version
            let place = try bench.places(id)[0]
            try require(
                try bench.send(id, version, to: place, attempt: 0, base: "7") == 1, "the first attempt")
            let sent = Push(
                version: version, destinationID: place, state: .sending, base: "7", firstBase: "7", attempt: 1)
            try require(try bench.push(id, version, place) == sent, "sending, with the base of the probe")
            for (attempt, what) in [(0, "an old attempt"), (2, "a coming attempt")] {
                try bench.requireNothing(of: id, what) {
                    try bench.send(id, version, to: place, attempt: attempt) == nil
                }
            }
            try require(
                try bench.send(id, version, to: place, attempt: 1, base: "3") == 2, "bases need no order")
            for attempt in [1, 3] {
                try bench.requireNothing(of: id, "proving attempt \(attempt) instead of 2") {
                    try !bench.verify(id, version, at: place, attempt: attempt)
                }
            }
            try require(try bench.verify(id, version, at: place), "verified")
            try require(try bench.push(id, version, place).verifiedBase == "2", "with the base of the read")
            try bench.requireNothing(of: id, "sending what is verified") {
                try bench.send(id, version, to: place, attempt: 2) == nil
            }
            try bench.requireNothing(of: id, "sending a current version") {
                try bench.send(id, 1, to: place, attempt: 0) == nil
            }
        },
        StoreClaim("the first base stays while attempts follow one another, and a fence begins anew") { bench in
            let id = try bench.add("t").id
            let version = try bench.armed(id).version
            let place = try bench.places(id)[0]
            let bases = {
                let row = try bench.push(id, version, place)
                return "\(row.base ?? "-") \(row.firstBase ?? "-")"
            }
            try require(try bases() == "- -", "unsent")
            for (attempt, base) in ["1", "3", "4"].enumerated() {
                _ = try bench.send(id, version, to: place, attempt: attempt, base: base)
                try require(try bases() == "\(base) 1", "attempt \(attempt + 1)")
            }
            _ = try bench.write {
                try $0.markFenced(id, version: version, destination: place, attempt: 3, at: bench.now)
            }
            try require(try bases() == "4 1", "fenced")
            _ = try bench.send(id, version, to: place, attempt: 3, base: "6")
            _ = try bench.send(id, version, to: place, attempt: 4, base: "8")
            try require(try bases() == "8 6", "from the first attempt after the fence")
        },
        StoreClaim("an ordered base never drops, and is compared as a number") { bench in
            let id = try bench.add("t").id
            let version = try bench.armed(id).version
            let place = try bench.places(id)[0]
            try require(
                try bench.send(id, version, to: place, attempt: 0, base: "9", ordered: true) == 1, "9")
            for base in ["8", "0", "", "x", "-1"] {
                try bench.requireNothing(of: id, "the base '\(base)' after 9") {
                    try bench.send(id, version, to: place, attempt: 1, base: base, ordered: true) == nil
                }
            }
            try require(
                try bench.send(id, version, to: place, attempt: 1, base: "10", ordered: true) == 2, "10")
            try require(
                try bench.write {
                    try $0.markFenced(id, version: version, destination: place, attempt: 2, at: bench.now)
                }, "fenced")
            try bench.requireNothing(of: id, "a lower base after fencing") {
                try bench.send(id, version, to: place, attempt: 2, base: "9", ordered: true) == nil
            }
            try require(
                try bench.send(id, version, to: place, attempt: 2, base: "10", ordered: true) == 3, "again")
        },
        StoreClaim("nothing is sent or promoted once the token is revoked") { bench in
            let id = try bench.add("t").id
            let version = try bench.armed(id).version
            try bench.pushEverywhere(id, version)
            let place = try bench.places(id)[0]
            _ = try bench.write { try $0.revokeToken(id, change: bench.change()) }
            try bench.requireNothing(of: id, "sending") {
                try bench.send(id, version, to: place, attempt: 1) == nil
            }
            try bench.requireNothing(of: id, "verifying") { try !bench.verify(id, version, at: place) }
            try bench.requireNothing(of: id, "promoting") { try !bench.promote(id, version) }
            try bench.requireNothing(of: id, "fencing") {
                try bench.write {
                    try !$0.markFenced(id, version: version, destination: place, attempt: 1, at: bench.now)
                }
            }
        },
        StoreClaim("a version is promoted when every one of its rows is verified") { bench in
            let id = try bench.add("t").id
            let version = try bench.armed(id, overlap: .hours(24)).version
            let places = try bench.places(id)
            try bench.requireNothing(of: id, "promoting what is unsent") { try !bench.promote(id, version) }
            for (index, place) in places.enumerated() {
                _ = try bench.send(id, version, to: place)
                try bench.requireNothing(of: id, "promoting with row \(index) sending") {
                    try !bench.promote(id, version)
                }
                _ = try bench.verify(id, version, at: place)
            }
            let before = try bench.stored(id)
            let written = try bench.written {
                try require(try bench.promote(id, version), "all are verified")
            }
            try require(written == (1, 1), "one audit entry and one event: \(written)")
            try require(try bench.events().last?.type == "token.rotated", "token.rotated")
            try require(
                try bench.state(id, 1) == .previous && bench.state(id, 2) == .current, "they changed places")
            try require(try bench.store.versions(of: id)[0].endsAt == bench.now + .hours(24), "with its end")
            let values = ValueSummary(
                current: 2, currentIssuedAt: bench.now, oldestIssuedAt: before.values.currentIssuedAt,
                rotationOpen: false, awaitingRetirement: true, overlapEndsAt: bench.now + .hours(24))
            try require(
                try bench.stored(id).values == values, "the summary follows: \(try bench.stored(id).values)")
            try require(try bench.store.rotation(of: id)?.phase == .overlap, "the rotation is in its overlap")
            try require(
                try bench.store.rotation(of: id)?.nextAttemptAt == bench.now + .hours(24), "until its end")
            try bench.requireNothing(of: id, "promoting twice") { try !bench.promote(id, version) }
            try bench.requireNothing(of: id, "claiming in the overlap") {
                try bench.write {
                    try $0.claimRotation(
                        of: id, fromVersion: 2, overlap: .zero, cap: OverlapCap(), trigger: nil, change: bench.change())
                        == nil
                }
            }
        },
        StoreClaim("a rotation that renews gives the token its new end at the promotion, and not before") { bench in
            let id = try bench.add("t") { $0.expiresAt = bench.now + .days(5) }.id
            let rotation = try bench.claimed(id, renewal: .days(90))
            try require(try bench.store.rotation(of: id)?.trigger?.renewal == .days(90), "it is known")
            let version = try bench.arm(rotation)
            try bench.pushEverywhere(id, version)
            try require(try bench.stored(id).expiresAt == bench.now + .days(5), "the old end stands")
            try require(try bench.written { _ = try bench.promote(id, version, after: 60) } == (1, 1), "one entry")
            let end = bench.now + TimeSpan(seconds: 60) + .days(90)
            try require(try bench.stored(id).expiresAt == end, "counted from the promotion")
            let entry = try bench.audit(of: id.text).last
            try require(entry?.body.contains("\"expires_at\":") == true, "and audited: \(entry?.body ?? "")")
            var found: [TokenID] = []
            try bench.store.eachCandidate(.lifetimeMoreThan(end - (try bench.stored(id).createdAt) - .days(1))) {
                found.append($0.id)
                return true
            }
            try require(found == [id], "its lifetime follows")
        },
        StoreClaim("an end that was moved or taken away since the claim stays at the promotion") { bench in
            for (name, days) in [("nearer", 3), ("later", 7), ("far", 400), ("none", nil)] as [(String, Int64?)] {
                let id = try bench.add(name) { $0.expiresAt = bench.now + .days(5) }.id
                let rotation = try bench.claimed(id, renewal: .days(90))
                try require(rotation.endAtClaim == bench.now + .days(5), "it is remembered")
                var moved = try bench.stored(id)
                moved.expiresAt = days.map { bench.now + .days($0) }
                _ = try bench.write { try $0.editToken(moved, change: bench.change()) }
                let version = try bench.arm(rotation)
                try bench.pushEverywhere(id, version)
                try require(try bench.promote(id, version), "it is promoted all the same")
                try require(try bench.stored(id).expiresAt == moved.expiresAt, "\(name)")
                let entry = try bench.audit(of: id.text).last
                try require(entry?.body.contains("\"end_kept\":") == true, "and audited: \(entry?.body ?? "")")
            }
        },
        StoreClaim("what the runs of somebody have begun for a policy is known, but not what was given up") { bench in
            func run(_ id: String, by actor: AuditActor, after seconds: Int64) throws {
                let at = bench.now + TimeSpan(seconds: seconds)
                try bench.write {
                    try $0.beginRun(RunRecord(id: id, actor: actor, startedAt: at), change: bench.change())
                }
                for (name, policy) in [("kept", "p"), ("closed", "p"), ("other", "q")] {
                    var trigger = bench.trigger
                    trigger.policy = policy
                    var change = bench.change()
                    change.run = id
                    let token = try bench.add("\(id)-\(name)").id
                    let rotation = try bench.write {
                        try $0.claimRotation(
                            of: token, fromVersion: 1, overlap: .zero, cap: OverlapCap(),
                            trigger: trigger, change: change)
                    }
                    guard let rotation, name == "closed" else { continue }
                    _ = try bench.write { try $0.closeRotation(rotation.id, change: change) }
                }
            }
            try run("early", by: "a", after: 0)
            try run("late", by: "a", after: 60)
            try run("others", by: "b", after: 60)
            func begun(since seconds: Int64) throws -> [String] {
                let since = bench.now + TimeSpan(seconds: seconds)
                return try bench.store.rotations(ofRunsBy: "a", policy: "p", since: since).map(\.tokenID.text)
            }
            try require(try begun(since: 0) == ["early-kept", "late-kept"], "\(try begun(since: 0))")
            try require(try begun(since: 60) == ["late-kept"], "from that very second on")
            try require(try begun(since: 61).isEmpty, "none")
        },
        StoreClaim("a rotation that does not renew leaves the end where it is") { bench in
            let id = try bench.add("t") { $0.expiresAt = bench.now + .days(5) }.id
            _ = try bench.rotate(id)
            try require(try bench.stored(id).expiresAt == bench.now + .days(5), "as it was")
            let endless = try bench.add("u").id
            _ = try bench.rotate(endless)
            try require(try bench.stored(endless).expiresAt == nil, "none")
        },
        StoreClaim("a version without a row is never promoted") { bench in
            let id = try bench.add("t", destinations: 0).id
            let version = try bench.armed(id).version
            try bench.requireNothing(of: id, "promoting") { try !bench.promote(id, version) }
        },
        StoreClaim("a first version has no older one to wait for") { bench in
            let none = bench.token("none") { $0.values = ValueSummary(current: nil, currentIssuedAt: nil) }
            let place = Destination(vault: "v", path: "p")
            try bench.write {
                try $0.addToken(none, version: nil, destinations: [place], change: bench.change())
            }
            try require(try bench.rotate(none.id) == 1, "it is version 1")
            try require(try bench.store.rotation(of: none.id) == nil, "the rotation is done")
            try require(try !bench.stored(none.id).values.awaitingRetirement, "and nothing waits")
        },
        StoreClaim("rejected values are counted until the promotion") { bench in
            let id = try bench.add("t").id
            let (rotation, version) = try bench.armed(id)
            let note = { try bench.write { try $0.noteRejection(rotation.id) } }
            try require(try bench.written { try require(try note() == 1, "one") } == (0, 0), "of no interest to others")
            try require(try note() == 2, "two")
            try require(try bench.store.rotation(of: id)?.rejections == 2, "and it is known")
            try bench.pushEverywhere(id, version)
            try require(try bench.promote(id, version), "one was taken after all")
            try require(try bench.store.rotation(of: id)?.rejections == 0, "nothing is counted any more")
            try require(try note() == 0, "in the overlap nothing is sent")
        },
        StoreClaim("a stalled rotation says why, counts, and waits") { bench in
            let id = try bench.add("t").id
            let rotation = try bench.armed(id).rotation
            for _ in 0..<2 {
                try bench.write {
                    try $0.stall(
                        rotation.id, cause: "sealed", nextAttemptAt: bench.now + .hours(1), tells: false,
                        at: bench.now)
                }
            }
            let stalled = try bench.store.openRotations()
            try require(stalled.count == 1 && stalled[0].failures == 2, "two failures")
            try require(
                stalled[0].cause == "sealed" && stalled[0].nextAttemptAt == bench.now + .hours(1), "and why")
            let told = { try bench.events().filter { $0.type == "token.rotation_stuck" }.count }
            try require(try told() == 0, "nobody is told before it is asked for")
            for _ in 0..<2 {
                try bench.write {
                    try $0.stall(
                        rotation.id, cause: "sealed", nextAttemptAt: bench.now + .hours(1), tells: true, at: bench.now)
                }
            }
            try require(try told() == 1, "once")
            try require(try bench.store.rotation(of: id)?.alarmedAt == bench.now, "and it is known")
            try bench.pushEverywhere(id, 2)
            try require(try bench.promote(id, 2), "promoted after all")
            try require(try bench.store.rotation(of: id)?.alarmedAt == nil, "an alarm in the overlap is another one")
            try require(try bench.store.rotation(of: id)?.cause == nil, "then all is well again")
            try require(try bench.store.rotation(of: id)?.failures == 0, "and nothing is counted")
        },
    ]
}
