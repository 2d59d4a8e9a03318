import Engine
import JSON
import RotaCore

extension StoreConformance {
    static let tokens: [StoreClaim] = [
        StoreClaim("a store knows which one it is") { bench in
            try require(
                try bench.store.identity() == StoreBench.identity, "the identity is the one it was made with")
        },
        StoreClaim("a token comes back as it was added") { bench in
            let variants: [(String, Usage, Instant?)] = [
                ("t1", .unknown, nil), ("t2", .lastUsed(bench.now), bench.now + .days(5)),
                ("t3", .neverUsed(since: bench.now - .days(3)), bench.now),
            ]
            for (id, usage, expiry) in variants {
                let added = bench.token(id) {
                    $0.usage = usage
                    $0.expiresAt = expiry
                    $0.destinationCount = 1
                    $0.externalID = "ext-\(id)"
                    $0.description = "é ⚙ \"quoted\""
                    $0.issuer = .external(kind: "aws-iam")
                    $0.provenance = .asserted
                }
                let version = Version(
                    number: 1, state: .current, digest: try bench.digest(id), hint: "abcd",
                    issuedAt: added.values.currentIssuedAt)
                let place = Destination(vault: "v", path: "a b/\(id)", baseline: try bench.digest("baseline"))
                try bench.write {
                    try $0.addToken(added, version: version, destinations: [place], change: bench.change())
                }
                var expected = added
                // What is told of a use holds up to now; nobody sees a token of another issuer used.
                expected.usageAssertedUntil = usage == .unknown ? nil : bench.now
                try require(try bench.stored(added.id) == expected, "\(id) is the same")
                try require(try bench.store.versions(of: added.id) == [version], "its version is the same")
                let kept = try bench.store.destinations(of: added.id)
                try require(kept.count == 1 && kept[0].id > 0, "its destination has a number")
                try require(
                    kept[0].baseline == place.baseline && kept[0].field == nil, "the baseline is kept")
                try require(
                    try bench.store.token(issuer: added.issuer, externalID: "ext-\(id)") == expected, "by id")
                try require(try bench.store.version(with: bench.digest(id))?.version == version, "by digest")
            }
        },
        StoreClaim("texts without content are kept as they are") { bench in
            let bare = bench.token("bare") {
                $0.owner = ""
                $0.integration = ""
                $0.scopes = []
                $0.labels = [:]
                $0.values = ValueSummary(current: nil, currentIssuedAt: nil)
            }
            try bench.write { try $0.addToken(bare, version: nil, destinations: [], change: bench.change()) }
            try require(try bench.stored(bare.id) == bare, "it is the same")
            try require(try bench.store.versions(of: bare.id).isEmpty, "it has no version")
        },
        StoreClaim("a label that cannot be told apart from two is refused") { bench in
            for labels in [["a=b": "c"], ["a": "b\nc=d"], ["": "x"]] {
                let token = bench.token("t") { $0.labels = labels }
                try requireError("\(labels)") {
                    try bench.write {
                        try $0.addToken(token, version: nil, destinations: [], change: bench.change())
                    }
                }
            }
            try require(try bench.store.token(TokenID("t")) == nil, "nothing of it stays")
        },
        StoreClaim("a name is unique among live tokens, and free again when its token has ended") { bench in
            try bench.add("t1") { $0.name = "shared" }
            try requireError("a second one", { $0 == .nameTaken("shared") }) {
                try bench.add("t2") { $0.name = "shared" }
            }
            try require(try bench.store.token(TokenID("t2")) == nil, "nothing of it stays")
            try require(
                try bench.write { try $0.revokeToken(TokenID("t1"), change: bench.change()) }, "revoked")
            try require(
                try bench.store.token(named: "shared")?.id == TokenID("t1"), "an ended one is found by name")
            try bench.add("t3") { $0.name = "shared" }
            try require(try bench.store.token(named: "shared")?.id == TokenID("t3"), "a live one comes first")
            try require(try bench.store.token(named: "t1")?.id == TokenID("t1"), "an id is found too")
            _ = try bench.write { try $0.revokeToken(TokenID("t3"), change: bench.change(after: 60)) }
            try require(
                try bench.store.token(named: "shared")?.id == TokenID("t3"), "then the last one that ended")
        },
        StoreClaim("a value, an external id and a place are known once") { bench in
            try bench.add("t1") { $0.externalID = "x" }
            let digest = try bench.digest("t1-1")
            let version = Version(number: 1, state: .current, digest: digest, issuedAt: bench.now)
            let places = [Destination(vault: "v", path: "p"), Destination(vault: "v", path: "p")]
            let second = bench.token("t2")
            let cases: [(Token, Version?, [Destination])] = [
                (second, version, []), (bench.token("t2") { $0.externalID = "x" }, nil, []),
                (second, nil, places),
                (bench.token("t1", name: "other"), nil, []),
            ]
            for (token, version, places) in cases {
                // Even one who goes on in the same transaction must not keep half of it.
                try bench.write { store in
                    try requireError("it is known") {
                        try store.addToken(
                            token, version: version, destinations: places, change: bench.change())
                    }
                }
                try require(try bench.store.token(TokenID("t2")) == nil, "nothing of it stays")
            }
        },
        StoreClaim("adding announces what was issued, not what was imported") { bench in
            let issued = try bench.written { try bench.add("t1") }
            try require(issued == (1, 1), "one audit entry and one event: \(issued)")
            let imported = try bench.written { try bench.add("t2") { $0.provenance = .asserted } }
            try require(imported == (1, 0), "one audit entry and no event: \(imported)")
            try require(try bench.events().map(\.type) == ["token.issued"], "the event is token.issued")
        },
        StoreClaim("tokens stream in the order of name and id, by state, until told to stop") { bench in
            for (id, name) in [("3", "b"), ("1", "ä"), ("2", "B"), ("4", "a")] {
                try bench.add(id) { $0.name = name }
            }
            _ = try bench.write { try $0.revokeToken(TokenID("3"), change: bench.change()) }
            func names(_ states: [TokenState], limit: Int = .max) throws -> [String] {
                var names: [String] = []
                try bench.store.eachToken(states: states) {
                    names.append($0.name)
                    return names.count < limit
                }
                return names
            }
            try require(try names([]) == ["B", "a", "b", "ä"], "all, by the bytes of their names")
            try require(try names([.active]) == ["B", "a", "ä"], "the active ones")
            try require(try names([.revoked, .expired]) == ["b"], "the ended ones")
            try require(try names([], limit: 2) == ["B", "a"], "stopped after two")
            try require(try bench.store.countActive() == 3, "three are active")
            var unsorted: Set<String> = []
            try bench.store.eachToken(states: [.active, .quarantined], in: .unsorted) {
                unsorted.insert($0.name).inserted
            }
            try require(unsorted == ["B", "a", "ä"], "the same without an order, each once")
        },
        StoreClaim("ends are counted later than one instant and no later than another") { bench in
            for (name, end) in [
                ("past", bench.now), ("soon", bench.now + TimeSpan(seconds: 1)), ("then", bench.now + .days(7)),
                ("later", bench.now + .days(7) + TimeSpan(seconds: 1)), ("never", nil),
                ("revoked", bench.now + .days(1)),
            ] {
                try bench.add(name) { $0.expiresAt = end }
            }
            _ = try bench.write { try $0.revokeToken(TokenID("revoked"), change: bench.change()) }
            let count = try bench.store.countEnding(after: bench.now, until: bench.now + .days(7))
            try require(count == 2, "soon and then: \(count)")
        },
        StoreClaim("an edit changes what differs, counts one revision and is audited once") { bench in
            let before = try bench.add("t")
            var edited = before
            edited.name = "renamed"
            edited.scopes = ["x"]
            edited.labels = [:]
            edited.expiresAt = bench.now + .days(9)
            edited.state = .revoked
            edited.createdAt = bench.now
            let written = try bench.written {
                try require(
                    try bench.write { try $0.editToken(edited, change: bench.change()) }, "it differs")
            }
            try require(written == (1, 0), "one audit entry: \(written)")
            var expected = before
            expected.name = "renamed"
            expected.scopes = ["x"]
            expected.labels = [:]
            expected.expiresAt = edited.expiresAt
            expected.revision += 1
            try require(try bench.stored(before.id) == expected, "nothing else changed")
            try bench.requireNothing(of: before.id, "the same again") {
                try bench.write { try !$0.editToken(edited, change: bench.change()) }
            }
            try bench.add("u")
            var taken = expected
            taken.name = "name-u"
            try requireError("a taken name", { $0 == .nameTaken("name-u") }) {
                _ = try bench.write { try $0.editToken(taken, change: bench.change()) }
            }
        },
        StoreClaim("a destination is added once") { bench in
            let token = try bench.add("t", destinations: 0)
            var place = Destination(vault: "v", path: "p", field: "f")
            let add = { (place: Destination) in
                try bench.written {
                    try bench.write { try $0.addDestination(place, to: token.id, change: bench.change()) }
                }
            }
            try require(try add(place).audit == 1, "audited")
            try require(try add(place).audit == 0, "the same again is nothing new")
            place.baseline = try bench.digest("found there")
            try require(try add(place).audit == 0, "and teaches nothing about what is there")
            let kept = try bench.store.destinations(of: token.id)
            try require(kept.count == 1 && kept[0].baseline == nil, "one place")
            try require(try bench.stored(token.id).destinationCount == 1, "counted once")
            try require(try bench.stored(token.id).revision == 2, "one change is one revision")
            try requireError("no such token") {
                try bench.write { try $0.addDestination(place, to: TokenID("none"), change: bench.change()) }
            }
        },
        StoreClaim("every candidate range finds the active tokens in it and no others") { bench in
            let now = bench.now
            try bench.add("old") { $0.values = ValueSummary(currentIssuedAt: now - .days(90)) }
            try bench.add("idle") {
                $0.usage = .lastUsed(now - .days(30))
                $0.values = ValueSummary(currentIssuedAt: now)
            }
            try bench.add("ends") {
                $0.expiresAt = now + .days(10)
                $0.values = ValueSummary(currentIssuedAt: now)
            }
            try bench.add("gone") { $0.values = ValueSummary(currentIssuedAt: now - .days(900)) }
            _ = try bench.write { try $0.revokeToken(TokenID("gone"), change: bench.change()) }
            let table: [(CandidateQuery, [String])] = [
                (.issuedAtOrBefore(now - .days(90)), ["old"]), (.issuedAtOrBefore(now - .days(91)), []),
                (.idleSinceAtOrBefore(now - .days(30)), ["idle"]),
                (.idleSinceAtOrBefore(now - .days(31)), []),
                (.withoutExpiry, ["idle", "old"]),
                (.lifetimeMoreThan(.days(110) - TimeSpan(seconds: 1)), ["ends"]),
                (.lifetimeMoreThan(.days(110)), []),
                (.expiresAfter(now), ["ends"]), (.expiresAfter(now + .days(10)), []),
                (.expiredAtOrBefore(now + .days(10)), ["ends"]), (.expiredAtOrBefore(now + .days(9)), []),
            ]
            for (query, expected) in table {
                var found: [String] = []
                try bench.store.eachCandidate(query) {
                    found.append($0.id.text)
                    return true
                }
                try require(found.sorted() == expected, "\(query) finds \(found)")
            }
        },
        StoreClaim("what is in quarantine past its end is found with what has ended, and by nothing else") { bench in
            let end = bench.now + .days(10)
            for id in ["active", "held"] {
                try bench.add(id) { $0.expiresAt = end }
            }
            let held = TokenID("held")
            try require(
                try bench.write { try $0.quarantineToken(held, by: nil, change: bench.change()) }, "quarantined")
            let find = { (query: CandidateQuery, most: Int) in
                var found: [String] = []
                try bench.store.eachCandidate(query) {
                    found.append($0.id.text)
                    return found.count < most
                }
                return found
            }
            try require(try find(.expiredAtOrBefore(end), 9) == ["active", "held"], "both")
            try require(try find(.expiredAtOrBefore(end), 1) == ["active"], "as many as are asked for")
            try require(try find(.expiredAtOrBefore(end - TimeSpan(seconds: 1)), 9).isEmpty, "not before")
            try require(try find(.expiresAfter(bench.now), 9) == ["active"], "it is not evaluated")
            let expired = try bench.write { try $0.expireToken(held, change: bench.change(after: 864_000)) }
            try require(try expired && bench.store.quarantine(of: held) == nil, "and may expire")
        },
        StoreClaim("a revocation ends the token, its values, its rotation and its findings at once") {
            bench in
            let id = try bench.add("t").id
            _ = try bench.rotate(id)
            let finding = Finding(
                tokenID: id, policy: "p", rule: "max-age", reason: "r", message: "m", openedAt: bench.now)
            _ = try bench.write { try $0.openFinding(finding, blocked: nil, announce: false, change: bench.change()) }
            let written = try bench.written {
                try require(
                    try bench.write { try $0.revokeToken(id, change: bench.change("leaked")) },
                    "it was active")
            }
            try require(written == (1, 1), "one audit entry and one event: \(written)")
            let token = try bench.stored(id)
            try require(token.state == .revoked, "revoked")
            try require(
                token.end == TokenEnd(at: bench.now, by: "cli:tester", cause: "leaked"), "with its cause")
            try require(token.values == ValueSummary(current: nil, currentIssuedAt: nil), "no value is left")
            try require(try bench.store.versions(of: id).allSatisfy { $0.state == .revoked }, "every version")
            try require(
                try bench.store.versions(of: id).allSatisfy { $0.endedAt == bench.now }, "with the time")
            try require(try bench.store.openRotations().isEmpty, "its rotation is closed")
            try require(try bench.store.rotation(of: id) == nil, "and not found as unfinished")
            try require(try bench.store.openFindings().isEmpty, "its findings are closed")
            try require(try bench.store.findings(of: id).count == 1, "and stay listed")
            try require(try bench.events().last?.type == "token.revoked", "token.revoked is announced")
            try bench.requireNothing(of: id, "a second revocation") {
                try bench.write { try !$0.revokeToken(id, change: bench.change()) }
            }
        },
        StoreClaim("a token expires when its end has passed and not before") { bench in
            let id = try bench.add("t") { $0.expiresAt = bench.now }.id
            try bench.requireNothing(of: id, "a second too early") {
                try bench.write { try !$0.expireToken(id, change: bench.change(after: -1)) }
            }
            try require(try bench.write { try $0.expireToken(id, change: bench.change()) }, "past its end")
            try require(try bench.stored(id).state == .expired, "expired")
            try require(try bench.state(id, 1) == .expired, "and its version")
            try bench.requireNothing(of: id, "a second time") {
                try bench.write { try !$0.expireToken(id, change: bench.change(after: 9)) }
            }
            let endless = try bench.add("u").id
            try require(
                try bench.write { try !$0.expireToken(endless, change: bench.change()) }, "no end to pass")
        },
    ]
}
