import Engine
import JSON
import RotaCore

extension StoreBench {
    fileprivate func quarantine(
        _ id: TokenID, after seconds: Int64 = 0, by rule: RuleReference? = nil
    ) throws -> Bool {
        try write { try $0.quarantineToken(id, by: rule, change: change("unused", after: seconds)) }
    }

    fileprivate func restore(_ id: TokenID, after seconds: Int64 = 0) throws -> Bool {
        try write { try $0.restoreToken(id, change: change("needed", after: seconds)) }
    }

    fileprivate func inQuarantine(since end: Instant) throws -> [String] {
        var found: [String] = []
        try store.eachQuarantined(since: end) { token, _ in
            found.append(token.id.text)
            return true
        }
        return found
    }
}

extension StoreConformance {
    static let quarantine: [StoreClaim] = [
        StoreClaim("a token in quarantine keeps its versions, and says since when, by whom and why") { bench in
            let id = try bench.add("t").id
            let before = try (bench.stored(id), bench.store.versions(of: id))
            let rule = RuleReference(policy: "p", rule: "unused-for")
            let written = try bench.written { try require(try bench.quarantine(id, after: 5, by: rule), "done") }
            try require(written == (1, 1), "one audit entry and one event: \(written)")
            try require(try bench.events().last?.type == "token.quarantined", "the event")
            try require(try bench.audit(of: id.text).last?.action == "token.quarantine", "the entry")
            let after = try bench.stored(id)
            try require(after.state == .quarantined && after.revision == before.0.revision + 1, "the state")
            try require(!after.canAuthenticate(at: bench.now), "it does not authenticate")
            try require(try bench.store.versions(of: id) == before.1, "no version ends")
            let change = bench.change("unused", after: 5)
            try require(
                try bench.store.quarantine(of: id)
                    == Quarantine(since: change.at, by: change.actor.name, cause: "unused", rule: rule), "all of it")
            try require(try bench.inQuarantine(since: bench.now) == [], "not for so long")
            try require(try bench.inQuarantine(since: change.at) == ["t"], "as long as that")
            try bench.requireNothing(of: id, "a second quarantine") { try !bench.quarantine(id) }
            try requireError("its name", { $0 == .nameTaken(after.name) }) {
                let twin = bench.token("twin", name: after.name)
                try bench.write { try $0.addToken(twin, version: nil, destinations: [], change: bench.change()) }
            }
        },
        StoreClaim("a token that is restored authenticates as before, and is idle since then at the most") { bench in
            let id = try bench.add("t") { $0.usage = .lastUsed(bench.now - .days(60)) }.id
            try bench.requireNothing(of: id, "restoring what is active") { try !bench.restore(id) }
            _ = try bench.quarantine(id)
            let written = try bench.written { try require(try bench.restore(id, after: 100), "done") }
            try require(written == (1, 1), "one audit entry and one event: \(written)")
            try require(try bench.events().last?.type == "token.restored", "the event")
            let after = try bench.stored(id)
            try require(after.state == .active && after.canAuthenticate(at: bench.now), "active")
            try require(after.idleSince == bench.now + TimeSpan(seconds: 100), "idle since then")
            try require(try bench.candidates(idleAt: bench.now).isEmpty, "and the index knows")
            try require(try bench.store.quarantine(of: id) == nil, "and nothing is left of it")
            try require(try bench.inQuarantine(since: bench.now + .days(1)).isEmpty, "nowhere")
        },
        StoreClaim("what is not an active token of ours within its term does not go into quarantine, or out of it") {
            bench in
            let foreign = try bench.add("foreign") { $0.issuer = .external(kind: "aws-iam") }.id
            let over = try bench.add("over") { $0.expiresAt = bench.now }.id
            let ended = try bench.add("ended").id
            _ = try bench.write { try $0.revokeToken(ended, change: bench.change()) }
            for id in [foreign, over, ended] {
                try bench.requireNothing(of: id, "\(id)") { try !bench.quarantine(id) }
            }
            let brief = try bench.add("brief") { $0.expiresAt = bench.now + TimeSpan(seconds: 50) }.id
            _ = try bench.quarantine(brief)
            try bench.requireNothing(of: brief, "restoring what has ended") { try !bench.restore(brief, after: 50) }
        },
        StoreClaim("a token is not quarantined while a new value is on its way, and no rotation begins in quarantine") {
            bench in
            let id = try bench.add("t").id
            let version = try bench.armed(id).version
            try bench.requireNothing(of: id, "with a pending version") { try !bench.quarantine(id) }
            try bench.pushEverywhere(id, version)
            _ = try bench.promote(id, version)
            try require(try bench.quarantine(id), "in the overlap")
            try bench.requireNothing(of: id, "a claim") {
                try bench.write {
                    try $0.claimRotation(
                        of: id, fromVersion: version, overlap: .zero, cap: OverlapCap(), trigger: nil,
                        change: bench.change())
                } == nil
            }
        },
        StoreClaim("an overlap stands still in quarantine: nobody can change over") { bench in
            let id = try bench.add("t").id
            _ = try bench.rotate(id, overlap: .zero)
            let later = bench.now + .days(1)
            try require(try bench.store.dueRotations(at: later).count == 1, "due before")
            _ = try bench.quarantine(id)
            try require(try bench.store.dueRotations(at: later).isEmpty, "nothing is due")
            try bench.requireNothing(of: id, "retiring") { try !bench.retire(id, 1, after: 90_000) }
            _ = try bench.restore(id)
            try require(try bench.store.dueRotations(at: later).count == 1, "due again")
            try require(try bench.retire(id, 1, after: 90_000), "and retired")
        },
        StoreClaim("findings close with a quarantine, and a revocation ends it") { bench in
            let id = try bench.add("t").id
            let finding = Finding(
                tokenID: id, policy: "p", rule: "unused-for", reason: "idle-too-long", message: "m",
                openedAt: bench.now)
            _ = try bench.write {
                try $0.openFinding(finding, blocked: nil, announce: false, change: bench.change())
            }
            _ = try bench.quarantine(id)
            try require(try bench.store.openFindings().isEmpty, "closed")
            try require(try bench.write { try $0.revokeToken(id, change: bench.change()) }, "revoked")
            try require(try bench.store.quarantine(of: id) == nil, "and not quarantined any more")
            try bench.requireNothing(of: id, "restoring what is revoked") { try !bench.restore(id) }
        },
        StoreClaim("a use of a token in quarantine is told once for each source and day") { bench in
            let id = try bench.add("t").id
            func use(_ at: Int64, _ source: String) throws -> (audit: Int, events: Int) {
                try bench.written {
                    try bench.record(bench.tally(id, refusals: 1, refusedAt: at, sources: [source]))
                }
            }
            try require(try use(5, "a") == (0, 0), "nobody is told of a scope that was lacking")
            _ = try bench.quarantine(id, after: 10)
            try require(try use(20, "a") == (1, 1), "told")
            try require(try bench.events().last?.type == "token.refused_use", "as refused")
            try require(try use(30, "a") == (0, 0), "once")
            try require(try use(40, "b") == (1, 1), "and of another one")
            try require(try use(172_800, "a") == (1, 1), "and on another day")
            try require(try bench.stored(id).usage == .unknown, "and it is used by none of it")
            let quarantine = try bench.store.quarantine(of: id)
            let refused = try quarantine.flatMap { try bench.store.refusedUses(of: id, in: $0) }
            try require(refused?.count == 4 && refused?.sources == ["a", "b"], "who calls: \(refused as Any)")
            _ = try bench.restore(id, after: 180_000)
            try require(try use(180_001, "c") == (0, 0), "not when it is restored")
        },
        StoreClaim("sources beyond the bound are told as one") { bench in
            let id = try bench.add("t").id
            _ = try bench.write { try $0.revokeToken(id, change: bench.change()) }
            for number in 0..<ToldUse.mostSources + 20 {
                try bench.record(bench.tally(id, refusals: 1, refusedAt: 5, sources: ["10.0.0.\(number)"]))
            }
            let told = try bench.store.toldUses(of: id)
            try require(told.count == ToldUse.mostSources + 1, "\(told.count)")
            try require(told.contains { $0.source == ToldUse.others }, "the others as one")
            try require(
                try bench.events().count { $0.type == "token.reuse_detected" } == told.count, "an event each")
        },
    ]
}
