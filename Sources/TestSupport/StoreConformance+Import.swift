import Engine
import JSON
import RotaCore

extension StoreConformance {
    static let imports: [StoreClaim] = [
        StoreClaim("tokens that are loaded are found like others, and unique like others") { bench in
            try bench.add("before")
            try bench.write { store in
                try store.load {
                    for number in 0..<50 {
                        try bench.addSampleInTransaction("t\(49 - number)")
                    }
                }
            }
            try require(try bench.store.token(named: "name-t7")?.id == TokenID("t7"), "by name")
            try require(try bench.store.version(with: bench.digest("t7"))?.token.id == TokenID("t7"), "by digest")
            try require(try bench.store.countActive() == 51, "all of them")
            try requireError("a second one of that name", { $0 == .nameTaken("name-t7") }) {
                try bench.add("other") { $0.name = "name-t7" }
            }
            try requireError("a second one of that value") { try bench.addSample("t7") }
        },
        StoreClaim("a load with two of one name fails as a whole") { bench in
            try bench.add("before")
            try requireError("its indexes cannot be made") {
                try bench.write { store in
                    try store.load {
                        try store.addToken(
                            bench.token("t1", name: "x"), version: nil, destinations: [], change: bench.change())
                        try store.addToken(
                            bench.token("t2", name: "x"), version: nil, destinations: [], change: bench.change())
                    }
                }
            }
            try require(try bench.store.token(TokenID("t1")) == nil, "nothing of it stays")
            // The indexes are there again.
            try requireError("a name is unique still", { $0 == .nameTaken("name-before") }) {
                try bench.add("other") { $0.name = "name-before" }
            }
        },
        StoreClaim("a token is loaded within a transaction only") { bench in
            try requireError("there is none") { try bench.store.load { try bench.addSampleInTransaction("t") } }
        },
        StoreClaim("what an issuer says of its token is taken over, and audited where it is a change") { bench in
            let added = try bench.add("t") { $0.issuer = .external(kind: "crm") }
            func report(_ facts: ReportedFacts) throws -> (audit: Int, events: Int) {
                try bench.written {
                    try bench.write { try $0.recordReport(facts, of: added.id, change: bench.change()) }
                }
            }
            try require(try report(ReportedFacts(usage: .unknown)) == (0, 0), "nothing new")
            try require(try report(ReportedFacts(usage: .unknown, state: .quarantined)) == (1, 0), "switched off")
            try require(try bench.stored(added.id).state == .quarantined, "it is quarantined")
            try require(try report(ReportedFacts(usage: .unknown)) == (1, 0), "switched on")
            try require(try bench.stored(added.id).revision == added.revision + 2, "two changes")
            let end = bench.now - .days(1)
            let ended = ReportedFacts(usage: .unknown, state: .expired, endedAt: end)
            try require(try report(ended) == (1, 0), "it has ended, without an event of its own")
            try require(try bench.stored(added.id).end?.at == end, "when its issuer says")
            try require(try bench.store.versions(of: added.id).map(\.state) == [.expired], "with its values")
            try require(try report(ReportedFacts(usage: .unknown)) == (0, 0), "and does not come back")
            try require(try bench.stored(added.id).state == .expired, "it stays ended")
        },
        StoreClaim("a reported use moves forward, and is no change of the token") { bench in
            let added = try bench.add("t") { $0.issuer = .external(kind: "crm") }
            func report(_ usage: Usage, until: Instant? = nil) throws -> Token {
                let written = try bench.written {
                    try bench.write {
                        try $0.recordReport(
                            ReportedFacts(usage: usage, usageUntil: until), of: added.id, change: bench.change())
                    }
                }
                try require(written == (0, 0), "no audit entry: \(written)")
                return try bench.stored(added.id)
            }
            let since = bench.now - .days(50)
            let never = try report(.neverUsed(since: since), until: bench.now - .days(2))
            try require(never.usage == .neverUsed(since: since), "never used")
            try require(never.usageAssertedUntil == bench.now - .days(2), "up to the report")
            let used = bench.now - .days(9)
            try require(try report(.lastUsed(used)).usage == .lastUsed(used), "used")
            try require(try report(.lastUsed(used - .days(1))).usage == .lastUsed(used), "not earlier")
            try require(try report(.neverUsed(since: since)).usage == .lastUsed(used), "not never")
            try require(try report(.unknown).usage == .lastUsed(used), "not unknown")
            let later = try report(.lastUsed(used), until: bench.now + .days(1))
            try require(later.usageAssertedUntil == bench.now, "a report cannot know what is to come")
            try require(later.revision == added.revision, "no revision")
            var found: [TokenID] = []
            try bench.store.eachCandidate(.idleSinceAtOrBefore(used)) {
                found.append($0.id)
                return true
            }
            try require(found == [added.id], "it is a candidate from then on")
        },
        StoreClaim("nobody else says anything of a token of our own") { bench in
            let added = try bench.add("t")
            try bench.write {
                for state in TokenState.allCases {
                    try $0.recordReport(
                        ReportedFacts(usage: .lastUsed(bench.now), usageUntil: bench.now, state: state), of: added.id,
                        change: bench.change())
                }
            }
            try require(try bench.stored(added.id) == added, "it is the same")
        },
        StoreClaim("an audit entry names the line of the file that asserts it") { bench in
            var change = bench.change()
            change.source = FileLine(digest: "sha256:00", line: 7)
            let token = bench.token("t") { $0.provenance = .asserted }
            try bench.write { try $0.addToken(token, version: nil, destinations: [], change: change) }
            let body = try document(bench.audit().last?.body ?? "")
            try require(body["source"]?["digest"]?.string == "sha256:00", "the file")
            try require(body["source"]?["line"]?.integer == 7, "the line")
            try require(
                String(decoding: body.canonicalBytes(), as: UTF8.self) == (try bench.audit().last?.body),
                "in canonical bytes")
        },
    ]
}
