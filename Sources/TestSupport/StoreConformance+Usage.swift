import Engine
import JSON
import RotaCore

extension StoreBench {
    func tally(
        _ id: TokenID, _ version: Int = 1, uses: Int = 0, at offset: Int64 = 0, refusals: Int = 0,
        refusedAt: Int64 = 0, sources: [String] = [], scopes: [String] = []
    ) -> UseTally {
        let (used, refused) = (now + TimeSpan(seconds: offset), now + TimeSpan(seconds: refusedAt))
        let day = (uses > 0 ? used : refused).midnight
        let seen = Sightings(texts: sources, more: false)
        return UseTally(
            key: UseTally.Key(tokenID: id, version: version, day: day),
            accepted: uses > 0 ? UseTally.Side(count: uses, last: used, sources: seen) : UseTally.Side(),
            refused: refusals > 0 ? UseTally.Side(count: refusals, last: refused, sources: seen) : UseTally.Side(),
            scopes: Sightings(texts: scopes, more: false))
    }

    func record(_ tallies: UseTally...) throws {
        try write { try $0.recordUses(tallies, by: "serve", at: now) }
    }

    func candidates(idleAt instant: Instant) throws -> [String] {
        var found: [String] = []
        try store.eachCandidate(.idleSinceAtOrBefore(instant)) { token in
            found.append(token.id.text)
            return true
        }
        return found
    }

    fileprivate func beat(_ from: Int64, _ to: Int64, asked: Int64?) -> Heartbeat {
        Heartbeat(
            tracker: "serve", startedAt: now + TimeSpan(seconds: from), beatAt: now + TimeSpan(seconds: to),
            askedAt: asked.map { now + TimeSpan(seconds: $0) })
    }
}

extension StoreConformance {
    static let usage: [StoreClaim] = [
        StoreClaim("uses of one version on one day add up, and others are apart") { bench in
            let id = try bench.add("t").id
            try bench.record(bench.tally(id, uses: 3, at: 50, sources: ["a"], scopes: ["read"]))
            try bench.record(
                bench.tally(id, uses: 2, at: 20, sources: ["b", "a"], scopes: ["write"]),
                bench.tally(id, 2, uses: 1), bench.tally(id, uses: 1, at: 86_400))
            let sums = try bench.store.usage(of: id, since: bench.now)
            try require(sums.map(\.accepted.count) == [5, 1, 1], "\(sums.map(\.accepted.count))")
            try require(sums[0].accepted.last == bench.now + TimeSpan(seconds: 50), "the last of them")
            try require(sums[0].accepted.sources.texts == ["a", "b"], "from both places")
            try require(sums[0].scopes.texts == ["read", "write"], "and the scopes of both")
            try require(sums[1].key.day == (bench.now + .days(1)).midnight, "by version, then by day")
            try require(
                try bench.store.usage(of: id, since: bench.now + .days(1)).count == 1, "from a day on")
            try require(
                try bench.store.lastUses(of: id)
                    == [1: bench.now + .days(1), 2: bench.now], "the last use of each version")
        },
        StoreClaim("places of use are kept by the day on which each was seen last, and found by their number") {
            bench in
            let (id, other) = (try bench.add("t").id, try bench.add("u").id)
            let today = bench.now.midnight
            try bench.record(
                bench.tally(id, uses: 3, sources: ["a", "b"]), bench.tally(other, uses: 1, sources: ["a"]))
            try bench.record(bench.tally(id, 2, uses: 1, at: -86_400, sources: ["b", "c"]))
            let seen = try bench.store.token(id)?.seenFrom
            try require(
                seen == SeenFrom(addresses: [today, today, today - .days(1)], agents: []), "\(seen?.text ?? "none")")
            try require(
                try bench.store.token(other)?.seenFrom.text == SeenFrom(addresses: [today], agents: []).text, "one")
            var found: [TokenID] = []
            for limit in 1...3 {
                try bench.store.eachCandidate(.seenFromMoreThan(limit, .address)) { token in
                    found.append(token.id)
                    return true
                }
            }
            try require(found == [id, id], "more than one and more than two: \(found)")
            try bench.store.eachCandidate(.seenFromMoreThan(1, .agent)) { _ in
                try require(false, "no agent was told"); return false
            }
            // Refused uses come from anywhere.
            try bench.record(bench.tally(id, refusals: 1, sources: ["thief"]))
            try require(try bench.store.token(id)?.seenFrom == seen, "of accepted uses alone")
        },
        StoreClaim("no more places of use are kept than a rule may ask for, the newest") { bench in
            let id = try bench.add("t").id
            for day in 0..<30 {
                let places = (0..<8).map { "\(day)-\($0)" }
                try bench.record(bench.tally(id, uses: 1, at: Int64(day - 500) * 86_400, sources: places))
            }
            try bench.record(bench.tally(id, uses: 1, at: -30 * 86_400, sources: ["late"]))
            let newest = (bench.now - .days(30)).midnight
            let seen = try bench.store.token(id)?.seenFrom
            try require(
                seen?.count(.address, after: .beginning) == 1, "those of more than a year before: \(seen?.text ?? "")")
            try require(seen == SeenFrom(addresses: [newest], agents: []), "\(seen?.text ?? "")")
            for day in 0..<20 {
                let places = (0..<8).map { "\(day)-\($0)" }
                try bench.record(bench.tally(id, uses: 1, at: Int64(day - 20) * 86_400, sources: places))
            }
            let many = try bench.store.token(id)?.seenFrom
            try require(many?.count(.address, after: .beginning) == SeenFrom.most, "\(many?.text ?? "")")
            try require(many?.count(.address, after: bench.now - .days(2)) == 8, "the newest of them")
        },
        StoreClaim("a use moves the last use forward, never back, and is no change of the token") { bench in
            let id = try bench.add("t").id
            let before = try bench.stored(id)
            let written = try bench.written {
                try bench.record(bench.tally(id, uses: 1, at: 100))
                try bench.record(bench.tally(id, uses: 1, at: 40))
            }
            var expected = before
            expected.usage = .lastUsed(bench.now + TimeSpan(seconds: 100))
            try require(try bench.stored(id) == expected, "the last use, and nothing else")
            try require(written == (0, 0), "neither audited nor announced: \(written)")
        },
        StoreClaim("idleness in the index lags by an hour at the most, and never runs ahead") { bench in
            let id = try bench.add("t").id
            try bench.record(bench.tally(id, uses: 1))
            try require(try bench.candidates(idleAt: bench.now) == ["t"], "idle since the first use")
            try bench.record(bench.tally(id, uses: 1, at: 3600))
            try require(try bench.candidates(idleAt: bench.now) == ["t"], "an hour may pass")
            try bench.record(bench.tally(id, uses: 1, at: 3601))
            try require(
                try bench.candidates(idleAt: bench.now + TimeSpan(seconds: 3600)).isEmpty, "not more")
        },
        StoreClaim("a refused use is counted apart and makes no token used") { bench in
            let id = try bench.add("t").id
            let before = try bench.stored(id)
            try bench.record(bench.tally(id, refusals: 4, refusedAt: 10, sources: ["x"]))
            try require(try bench.stored(id) == before, "the token is as it was")
            let sum = try bench.store.usage(of: id, since: bench.now).first
            try require(sum?.accepted == UseTally.Side(), "nothing was accepted")
            try require(sum?.refused.count == 4 && sum?.refused.sources.texts == ["x"], "but refused")
            try require(try bench.store.lastUses(of: id).isEmpty, "no version was used")
        },
        StoreClaim("a use of a revoked version is told once for each source, with where it came from") {
            bench in
            let id = try bench.add("t").id
            _ = try bench.rotate(id)
            _ = try bench.retire(id, 1, after: 90_000)
            let type = "token.reuse_detected"
            let early = try bench.written {
                try bench.record(bench.tally(id, refusals: 1, refusedAt: 89_999), bench.tally(id, 2, uses: 1))
            }
            try require(early == (0, 0), "it was not revoked by then")
            let first = try bench.written {
                try bench.record(bench.tally(id, refusals: 2, refusedAt: 90_000, sources: ["10.0.0.9"]))
            }
            try require(first == (1, 1), "one audit entry and one event: \(first)")
            let event = try bench.events().last
            try require(event?.type == type, "\(type), and not \(event?.type ?? "nothing")")
            let data = try document(event?.data ?? "{}")
            try require(data["version"] == 1 && data["sources"] == ["10.0.0.9"], "which, and from where")
            try require(data["source"] == "10.0.0.9", "this one")
            let again = try bench.written {
                try bench.record(bench.tally(id, refusals: 5, refusedAt: 90_100, sources: ["10.0.0.9"]))
                try bench.record(bench.tally(id, refusals: 1, refusedAt: 200_000, sources: ["10.0.0.9"]))
            }
            try require(again == (0, 0), "once, and not again on another day: \(again)")
            let other = try bench.written {
                try bench.record(bench.tally(id, refusals: 1, refusedAt: 200_001, sources: ["10.0.0.9", "10.0.0.8"]))
            }
            try require(other == (1, 1), "and once for another source: \(other)")
            let untold = try bench.written {
                try bench.record(bench.tally(id, refusals: 1, refusedAt: 200_002))
                try bench.record(bench.tally(id, refusals: 1, refusedAt: 200_003))
            }
            try require(untold == (1, 1), "and once where nobody says from where: \(untold)")
            try require(
                try bench.store.toldUses(of: id).map(\.source) == ["", "10.0.0.8", "10.0.0.9"], "all are remembered")
            try require(try bench.stored(id).state == .active, "and nothing is revoked for it")
        },
        StoreClaim("a revoked token in use is told; one that merely expired is not") { bench in
            let revoked = try bench.add("revoked").id
            _ = try bench.write { try $0.revokeToken(revoked, change: bench.change()) }
            let expired = try bench.add("expired") { $0.expiresAt = bench.now }.id
            _ = try bench.write { try $0.expireToken(expired, change: bench.change()) }
            let written = try bench.written {
                try bench.record(
                    bench.tally(revoked, refusals: 1, refusedAt: 5), bench.tally(expired, refusals: 1, refusedAt: 5))
            }
            try require(written == (1, 1), "one of them: \(written)")
        },
        StoreClaim("uses of a token that is not there are left out, and the others kept") { bench in
            let id = try bench.add("t").id
            try bench.record(bench.tally(TokenID("gone"), uses: 1, refusals: 1), bench.tally(id, uses: 1))
            try require(try bench.store.usage(of: id, since: bench.now).count == 1, "kept")
            try require(try bench.store.usage(of: TokenID("gone"), since: bench.now).isEmpty, "left out")
        },
        StoreClaim("a stretch of heartbeats is one row that grows") { bench in
            for beat in [bench.beat(0, 0, asked: nil), bench.beat(50, 60, asked: 55), bench.beat(50, 120, asked: 70)] {
                try bench.write { try $0.recordHeartbeat(beat) }
            }
            try require(
                try bench.store.heartbeats() == [bench.beat(0, 0, asked: nil), bench.beat(50, 120, asked: 70)],
                "in order: \(try bench.store.heartbeats())")
            try require(
                try bench.store.tracking().watched(from: bench.now, to: bench.now + .days(1)).seconds == 70, "70 s")
        },
        StoreClaim("a use that an import told is known to be told, and no later import takes that back") { bench in
            let id = try bench.add("t").id
            try bench.record(bench.tally(id, uses: 1, at: 50))
            for (end, expected) in [(50, 50), (40, 50), (60, 60)] as [(Int64, Int64)] {
                try bench.write { try $0.assertUsage(until: [id: bench.now + TimeSpan(seconds: end)], at: bench.now) }
                let told = try bench.stored(id).usageAssertedUntil
                try require(told == bench.now + TimeSpan(seconds: expected), "\(end): \(String(describing: told))")
            }
        },
        StoreClaim("a log of uses that was imported is among what the inventory was built from") { bench in
            let log = [Array("token,time\nt,\(bench.now - .days(1))\n".utf8), []]
            let summary = try importUsage(
                UsageImportRequest(file: "gateway.log", format: .csv),
                from: {
                    var rest = log
                    return { rest.removeFirst() }
                }, into: bench.store, change: bench.change())
            func found(to end: Instant) throws -> [String] {
                var found: [String] = []
                try bench.store.eachOrigin(to: end) { entry in
                    found.append("\(entry.action) \(entry.object)")
                    return true
                }
                return found
            }
            try require(try found(to: bench.now) == ["usage.import \(summary.digest)"], "\(try found(to: bench.now))")
            try require(try found(to: bench.now - TimeSpan(seconds: 1)).isEmpty, "not before it was imported")
        },
        StoreClaim("what nobody knew of is never used since a tracker that can see it began to watch") { bench in
            let old = try bench.add("old").id
            let foreign = try bench.add("foreign") { $0.issuer = .external(kind: "aws-iam") }.id
            let used = try bench.add("used") { $0.usage = .lastUsed(bench.now - .days(9)) }.id
            let bare = bench.token("bare")
            let unknownValue = Version(number: 1, state: .current, digest: nil, issuedAt: bench.now - .days(50))
            try bench.write {
                try $0.addToken(bare, version: unknownValue, destinations: [], change: bench.change())
            }
            let before = try [foreign, used, bare.id].map(bench.stored)
            let began = bench.beat(-500, 60, asked: 0)
            let begin = { (limit: Int) in
                try bench.write { try $0.beginTracking(began, limit: limit, at: bench.now) }
            }
            let written = try bench.written { try require(try begin(10) == 1, "one of the four") }
            try require(written == (1, 0), "one audit entry: \(written)")
            // Its value came into the store after the tracker began.
            try require(try bench.stored(old).usage == .neverUsed(since: bench.now), "since its value is known")
            try require(try bench.stored(old).usageAssertedUntil == nil, "as seen, not as told")
            try require(try bench.candidates(idleAt: bench.now).contains("old"), "and the index knows")
            try require(try [foreign, used, bare.id].map(bench.stored) == before, "the others stay as they are")
            let nothing = try bench.written { try require(try begin(10) == 0, "only once") }
            try require(nothing == (0, 0), "and nothing is written: \(nothing)")
            for name in ["x", "y", "z"] { try bench.add(name) }
            try require(try begin(2) == 2 && begin(2) == 1, "no more than asked for")
        },
        StoreClaim("a value is watched from when its digest is known") { bench in
            let id = try bench.add("t").id
            try require(try bench.stored(id).watchedSince == bench.now, "since it was added")
            let bare = bench.token("bare")
            try bench.write {
                try $0.addToken(
                    bare, version: Version(number: 1, state: .current, digest: nil, issuedAt: nil),
                    destinations: [Destination(vault: "v", path: "bare")], change: bench.change())
            }
            try require(try bench.stored(bare.id).watchedSince == nil, "not before")
            _ = try bench.rotate(bare.id)
            try require(try bench.stored(bare.id).watchedSince == bench.now, "the first one that we made")
        },
        StoreClaim("an older version is retired once it is silent, and a newer one was seen if it was in use") {
            bench in
            let id = try bench.add("t").id
            _ = try bench.rotate(id, overlap: .zero)
            func evidence(silent: Int64, inUse: Int64) -> OverlapEvidence {
                var evidence = OverlapEvidence(overlap: .zero, at: bench.now, tracking: .none)
                evidence.silentSince = bench.now + TimeSpan(seconds: silent)
                evidence.inUseSince = bench.now + TimeSpan(seconds: inUse)
                return evidence
            }
            func refuse(_ what: String, _ evidence: OverlapEvidence) throws {
                try bench.requireNothing(of: id, what) { try !bench.retire(id, 1, after: 9, evidence: evidence) }
            }
            try bench.record(bench.tally(id, uses: 1, at: 5))
            try refuse("retiring what was used since", evidence(silent: 4, inUse: 0))
            try refuse("retiring what was in use, with no newer one seen", evidence(silent: 5, inUse: 4))
            // A refused use of the newer one shows nothing.
            try bench.record(bench.tally(id, 2, refusals: 1))
            try refuse("retiring what was in use, with a newer one refused", evidence(silent: 5, inUse: 4))
            try bench.record(bench.tally(id, 2, uses: 1))
            try refuse("retiring what was used since, though a newer one was", evidence(silent: 4, inUse: 4))
            try require(try bench.retire(id, 1, after: 9, evidence: evidence(silent: 5, inUse: 4)), "silent")
        },
        StoreClaim("an older version is retired by time where its use is not known, or does not matter") { bench in
            let cautious = OverlapEvidence(overlap: .hours(1), at: bench.now, tracking: .none)
            for (name, used, evidence) in [("unknown", false, cautious), ("forgotten", true, nil)] {
                let id = try bench.add(name).id
                _ = try bench.rotate(id, overlap: .zero)
                if used { try bench.record(bench.tally(id, uses: 1)) }
                try require(try bench.retire(id, 1, after: 0, evidence: evidence), name)
            }
        },
        StoreClaim("an older version that is retired while it is in use says who used it, in the log and the event") {
            bench in
            let id = try bench.add("t").id
            _ = try bench.rotate(id, overlap: .zero)
            try bench.record(bench.tally(id, uses: 1, at: 5, sources: ["10.0.0.7"]))
            try require(try bench.retire(id, 1, after: 9, inUse: true), "retired")
            var body = ""
            try bench.store.eachAuditEntry(below: .max, object: id.text) { entry in
                body = entry.body
                return false
            }
            for text in [try bench.events().last?.data ?? "{}", body] {
                let all = try document(text)
                let data = all["after"] ?? all
                try require(data["reason"] == "previous-in-use" && data["sources"] == ["10.0.0.7"], "who: \(text)")
            }
        },
        StoreClaim("an overlap that goes on says when to look again, and alarms once") { bench in
            let id = try bench.add("t").id
            _ = try bench.rotate(id)
            try bench.record(bench.tally(id, uses: 1, at: 5, sources: ["10.0.0.7"]))
            guard let rotation = try bench.store.rotation(of: id)?.id else { return }
            let silent = try bench.written {
                try bench.write {
                    try $0.prolongOverlap(rotation, cause: nil, nextAttemptAt: bench.now + .days(8), at: bench.now)
                }
            }
            try require(silent == (0, 0), "nothing was in the way: \(silent)")
            let quiet = try bench.written {
                try bench.write {
                    try $0.prolongOverlap(rotation, cause: "why", nextAttemptAt: bench.now + .days(9), at: bench.now)
                }
            }
            try require(quiet == (1, 0), "what is in the way is audited: \(quiet)")
            try require(try bench.store.rotation(of: id)?.nextAttemptAt == bench.now + .days(9), "when")
            try require(try bench.store.rotation(of: id)?.cause == "why", "why")
            let alarm = { try bench.write { try $0.raiseAlarm(rotation, version: 1, change: bench.change("stuck")) } }
            let loud = try bench.written { try require(try alarm(), "raised") }
            try require(loud == (1, 1), "one audit entry and one event: \(loud)")
            let event = try bench.events().last
            try require(event?.type == "token.rotation_stuck", "token.rotation_stuck")
            let data = try document(event?.data ?? "{}")
            try require(
                data["version"] == 1 && data["sources"] == ["10.0.0.7"] && data["reason"] == "previous-in-use", "who")
            try require(try bench.store.rotation(of: id)?.useAlarmedAt == bench.now, "and when it was told")
            try bench.requireNothing(of: id, "a second alarm") { try !alarm() }
        },
        StoreClaim("who was told of a stall is told of the use, too") { bench in
            let id = try bench.add("t").id
            _ = try bench.rotate(id)
            guard let rotation = try bench.store.rotation(of: id)?.id else { return }
            let stall = {
                try bench.write {
                    try $0.stall(rotation, cause: "down", nextAttemptAt: bench.now, tells: true, at: bench.now)
                }
            }
            let alarm = { try bench.write { try $0.raiseAlarm(rotation, version: 1, change: bench.change("stuck")) } }
            try require(try bench.written(stall) == (1, 1), "told of the stall")
            try require(try bench.written { try require(try alarm(), "raised") } == (1, 1), "and of the use")
            try require(try bench.written(stall) == (1, 0), "each once")
            try bench.requireNothing(of: id, "a second alarm") { try !alarm() }
        },
        StoreClaim("the cap of an overlap is kept with its rotation") { bench in
            for (name, cap) in [("a", OverlapCap()), ("b", OverlapCap(.days(3), revokes: true))] {
                let id = try bench.add(name).id
                _ = try bench.write {
                    try $0.claimRotation(
                        of: id, fromVersion: 1, overlap: .hours(1), cap: cap, trigger: nil, change: bench.change())
                }
                try require(try bench.store.rotation(of: id)?.cap == cap, "\(cap)")
            }
        },
    ]
}
