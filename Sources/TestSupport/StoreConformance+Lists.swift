import Engine
import RotaCore

extension StoreConformance {
    static let lists: [StoreClaim] = [
        StoreClaim("pages of a list hold each token that is asked for once, in order, whatever is asked") { bench in
            let tokens = try ListedTokensBench.fill(bench)
            try require(try bench.store.owners(limit: 9) == ["team-a", "team-b"], "each owner once, and nobody's none")
            try require(try bench.store.owners(limit: 1) == ["team-a"], "no more than were asked for")
            for listing in ListedTokensBench.listings(bench.now) {
                var found: [Token] = []
                var position: TokenListing.Position?
                var pages = 0
                repeat {
                    let page = try bench.store.tokens(listing, after: position, limit: 7)
                    try require(page.tokens.count <= 7, "\(listing): no more than were asked for")
                    found += page.tokens
                    position = page.next
                    pages += 1
                } while position != nil && pages < 100
                var expected: [TokenID] = []
                for token in tokens where listing.admits(token) {
                    let isViolating = try !bench.store.openFindings(of: token.id).isEmpty
                    if let status = listing.status, isViolating != (status == .violating) { continue }
                    if let policy = listing.policy,
                        try !bench.store.openFindings(of: token.id).contains(where: { $0.policy == policy })
                    {
                        continue
                    }
                    expected.append(token.id)
                }
                let ids = found.map(\.id)
                try require(Set(ids).count == ids.count, "\(listing): each comes once")
                try require(Set(ids) == Set(expected), "\(listing): \(ids.count) of \(expected.count)")
                if let key = ListedTokensBench.order(of: listing) {
                    try require(found.map(key) == found.map(key).sorted(), "\(listing): in order")
                }
            }
        },
        StoreClaim("the newest runs come first, and what one did in the order in which it came") { bench in
            try bench.write { store in
                for number in 1...5 {
                    let run = RunRecord(id: "run_\(number)", actor: "scheduler", startedAt: bench.now)
                    try store.beginRun(run, change: bench.change())
                    if number < 5 {
                        try store.finishRun(run.id, aborted: nil, totals: [:], change: bench.change())
                    }
                }
            }
            let first = try bench.store.runs(before: nil, limit: 2)
            try require(first.map(\.record.id) == ["run_5", "run_4"], "the newest")
            let rest = try bench.store.runs(before: first.last?.number, limit: 9)
            try require(rest.map(\.record.id) == ["run_3", "run_2", "run_1"], "and those before")
            try require(try bench.store.run("run_3")?.id == "run_3", "one by its id")
            try require(try bench.store.run("run_9") == nil, "or none")
            try require(try bench.store.lastFinishedRun()?.id == "run_4", "the one that ended last")
            try require(try bench.store.unfinishedRunStart() == bench.now, "and one that is under way")
        },
        StoreClaim("a request is answered once for a key, for as long as it is remembered") { bench in
            let caller = TokenID("tok_caller")
            let start = bench.now - .hours(24)
            let answered = AnsweredRequest(request: "digest", status: 201, answer: "{}")
            try bench.write {
                try $0.rememberRequest(answered, of: caller, key: "k", at: bench.now, forgetting: start)
            }
            try require(
                try bench.store.answeredRequest(of: caller, key: "k", since: start) == answered, "it is known")
            try require(
                try bench.store.answeredRequest(of: TokenID("tok_other"), key: "k", since: start) == nil,
                "to who asked alone")
            try require(
                try bench.store.answeredRequest(of: caller, key: "k", since: bench.now) == nil, "and for a time")
            try bench.write {
                try $0.rememberRequest(
                    answered, of: caller, key: "other", at: bench.now + .hours(30), forgetting: bench.now + .hours(6))
            }
            try require(
                try bench.store.answeredRequest(of: caller, key: "k", since: start) == nil, "then it is forgotten")
        },
        StoreClaim("pages by last use leave none out, however lately one was used") { bench in
            let ids = try ["a", "b", "c"].map { name in
                try bench.add(name) { $0.usage = .lastUsed(bench.now - .days(2)) }.id
            }
            // Since what they are sorted by follows the last use by the hour, the two are apart from the second on.
            for offset: Int64 in [0, 600] { try bench.record(bench.tally(ids[0], uses: 1, at: offset)) }
            try bench.record(bench.tally(ids[1], uses: 1, at: 300))
            var found: [String] = []
            var position: TokenListing.Position?
            repeat {
                let page = try bench.store.tokens(TokenListing(order: .used), after: position, limit: 1)
                found += page.tokens.map(\.name)
                position = page.next
            } while position != nil && found.count < 9
            try require(found.sorted() == ["name-a", "name-b", "name-c"], "\(found)")
        },
        StoreClaim("a request that was begun has its answer once, or is forgotten") { bench in
            let caller = TokenID("tok_caller")
            let start = bench.now - .hours(24)
            let begun = AnsweredRequest(request: "digest", status: AnsweredRequest.begun, answer: "")
            let answered = AnsweredRequest(request: "digest", status: 200, answer: "{}")
            try bench.write { store in
                for key in ["kept", "dropped"] {
                    try store.rememberRequest(begun, of: caller, key: key, at: bench.now, forgetting: start)
                }
                try store.finishRequest(answered, of: caller, key: "kept")
                try store.forgetRequest(of: caller, key: "dropped")
            }
            let known = { try bench.store.answeredRequest(of: caller, key: $0, since: start) }
            try require(try known("kept") == answered, "the answer")
            try require(try known("dropped") == nil, "forgotten")
            try bench.write { store in
                try store.finishRequest(begun, of: caller, key: "kept")
                try store.forgetRequest(of: caller, key: "kept")
            }
            try require(try known("kept") == answered, "what was answered stays")
        },
    ]
}

/// Tokens of all kinds, and what is asked of their list.
private enum ListedTokensBench {
    static func fill(_ bench: StoreBench) throws -> [Token] {
        var tokens: [Token] = []
        for number in 0..<60 {
            // Many of one name's beginning, of one end and of one idle time, so that ties have to be told apart.
            let token = bench.token("t\(number * 37 % 60)") {
                $0.name = "\(["Export", "ingest", "a_b%c"][number % 3])-\(number)"
                $0.owner = ["", "team-a", "team-b"][number / 3 % 3]
                $0.scopes = [["a"], ["a", "b"], ["b"], []][number % 4]
                $0.createdAt = bench.now - .days(Int64(number / 10))
                $0.expiresAt = number % 5 == 0 ? nil : bench.now + .days(Int64(1 + number / 20))
                $0.usage = number % 7 == 0 ? .unknown : .lastUsed(bench.now - .days(Int64(number / 15)))
            }
            let version = Version(
                number: 1, state: .current, digest: try bench.digest("v\(number)"), hint: "",
                issuedAt: token.values.currentIssuedAt)
            try bench.write { store in
                try store.addToken(token, version: version, destinations: [], change: bench.change())
                if number % 11 == 0 { _ = try store.revokeToken(token.id, change: bench.change()) }
                for policy in ["p", "q"] where number % 3 == 0 || policy == "q" && number % 4 == 0 {
                    let finding = Finding(
                        tokenID: token.id, policy: policy, rule: "max-age", reason: "r", message: "m",
                        openedAt: bench.now)
                    _ = try store.openFinding(finding, blocked: nil, announce: false, change: bench.change())
                }
            }
            tokens.append(try bench.stored(token.id))
        }
        return tokens
    }

    static func listings(_ now: Instant) -> [TokenListing] {
        [
            TokenListing(), TokenListing(state: nil), TokenListing(state: .revoked),
            TokenListing(owner: "team-a"), TokenListing(owner: "nobody"), TokenListing(state: nil, owner: "team-b"),
            TokenListing(scope: "a"), TokenListing(scope: "b"), TokenListing(scope: "none"),
            TokenListing(search: "EXPORT"), TokenListing(search: "_"), TokenListing(search: "%"),
            TokenListing(search: "t3"), TokenListing(state: nil, search: "ingest-5", owner: "team-a"),
            TokenListing(status: .violating), TokenListing(status: .clean), TokenListing(policy: "q"),
            TokenListing(state: nil, owner: "team-a", policy: "p"), TokenListing(endsBy: now + .days(2)),
            TokenListing(idleSince: now - .days(2)), TokenListing(order: .created), TokenListing(order: .expires),
            TokenListing(order: .used), TokenListing(scope: "a", order: .expires),
            TokenListing(owner: "team-a", order: .created), TokenListing(endsBy: now + .days(2), order: .used),
        ]
    }

    /// What they are ordered by, where all of the list is.
    static func order(of listing: TokenListing) -> ((Token) -> String)? {
        guard listing.status == nil, listing.policy == nil else { return nil }
        guard listing.state == .active else { return { $0.name } }
        func padded(_ number: Int64) -> String { String(String(1_000_000_000_000 + number).suffix(13)) }
        switch listing.order {
        case .expires: return { padded($0.expiresAt?.seconds ?? 9_000_000_000) + $0.id.text }
        case .used:
            return { token in
                token.idleSince.map { padded($0.seconds) + token.id.text } ?? padded(9_000_000_000) + token.name
            }
        case .created: return listing.owner == nil ? { padded(-$0.createdAt.seconds) } : nil
        case .name:
            return listing.endsBy == nil && listing.idleSince == nil && listing.scope == nil ? { $0.name } : nil
        }
    }
}
