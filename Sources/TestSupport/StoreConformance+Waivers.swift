import Engine
import JSON
import RotaCore

/// Exceptions from policies.
extension StoreConformance {
    static let waivers: [StoreClaim] = [
        StoreClaim("a waiver is asked for, approved by somebody else, and in force until its end") { bench in
            let id = try bench.add("t").id
            let asked = bench.waiver("waiver_1", .token(id), rule: "max-age")
            let written = try bench.written { try bench.ask(asked) }
            try require(written == (1, 1), "audited and told: \(written)")
            try require(try bench.events().last?.type == "waiver.requested", "waiver.requested")
            try require(try bench.store.waiver(asked.id) == asked, "remembered as it was asked for")
            try require(try bench.inForce() == [], "nothing is waived yet")
            try require(try bench.approve(asked.id), "it is asked for")
            try require(try bench.events().last?.type == "waiver.approved", "waiver.approved")
            try require(try bench.events("tokens").last?.type != "waiver.approved", "no event of a token's")
            try require(try bench.inForce() == [asked.id], "in force")
            try require(try bench.store.waiver(asked.id)?.approval == bench.approval, "remembered")
            try require(try bench.inForce(at: asked.endsAt) == [], "at its end it is over")
            try bench.requireNothing(of: id, "a second approval") { try !bench.approve(asked.id) }
        },
        StoreClaim("nobody approves what he asked for, by name or by token, nor what is over") { bench in
            let id = try bench.add("t").id
            try bench.ask(bench.waiver("waiver_1", .token(id), by: Principal(account: "bob")))
            try bench.ask(
                bench.waiver(
                    "waiver_2", .token(id), by: Principal(name: "x", account: "y", tokenID: TokenID("tok_bob"))))
            try bench.ask(bench.waiver("waiver_3", .token(id), lasting: .days(0) + TimeSpan(seconds: 1)))
            try bench.requireNothing(of: id, "his own, by name") { try !bench.approve("waiver_1") }
            try bench.requireNothing(of: id, "his own, by token") { try !bench.approve("waiver_2") }
            try bench.requireNothing(of: id, "one at its end") { try !bench.approve("waiver_3", after: 1) }
            try bench.requireNothing(of: id, "one that is not there") { try !bench.approve("waiver_4") }
        },
        StoreClaim("waivers are found by policy and token, and those for what matches come back as they were") {
            bench in
            let (one, other) = (try bench.add("one").id, try bench.add("other").id)
            let match = Selector(
                labels: ["env": [Glob("prod*"), Glob("dev")]], scopes: [Glob("*:write")], owners: [Glob("team-*")],
                integrations: [Glob("snow*")], names: [Glob("a\"b*")], issuers: [Glob("rota")],
                except: [Selector(labels: ["tier": [Glob("1")]])])
            try bench.ask(bench.waiver("waiver_1", .token(one)))
            try bench.ask(bench.waiver("waiver_2", .matching(match), lasting: .days(9)))
            try bench.ask(bench.waiver("waiver_3", .token(one), policy: "q"))
            for number in 1...3 { try require(try bench.approve("waiver_\(number)"), "asked for") }
            func found(_ id: TokenID, _ policy: String) throws -> [String] {
                try bench.store.waiversInForce(at: bench.now, of: policy, about: id).map(\.id)
            }
            try require(try found(one, "p") == ["waiver_2", "waiver_1"], "the first to end first")
            try require(try found(other, "p") == ["waiver_2"], "not that of another token")
            try require(try found(one, "q") == ["waiver_3"], "by policy")
            try require(try bench.inForce() == ["waiver_2", "waiver_1", "waiver_3"], "all of them")
            try require(try bench.store.waiver("waiver_2")?.subject == .matching(match), "the conditions")
            var all: [String] = []
            try bench.store.eachWaiver { waiver in
                all.append(waiver.id)
                return all.count < 2
            }
            try require(all == ["waiver_3", "waiver_2"], "latest first: \(all)")
        },
        StoreClaim("the end of a waiver is told once for each lead time, then marked, once") { bench in
            let id = try bench.add("t").id
            let asked = bench.waiver("waiver_1", .token(id))
            try bench.ask(asked)
            func open(_ policy: String, after span: TimeSpan = .zero) throws -> [String] {
                try bench.store.waiversAskedFor(at: bench.now + span, of: policy).map(\.id)
            }
            try require(try open("p") == [asked.id], "it waits for an answer")
            try require(
                try open("q").isEmpty && open("p", after: .days(31)).isEmpty, "of this policy, and until its end")
            func told(_ lead: TimeSpan) throws -> Bool {
                try bench.write { try $0.tellWaiverEnd(asked.id, lead: lead, change: bench.change()) }
            }
            try bench.requireNothing(of: id, "the end of one that is not in force") { try !told(.days(14)) }
            try require(try bench.approve(asked.id), "asked for")
            try require(try open("p").isEmpty, "it has its answer")
            let written = try bench.written { try require(try told(.days(14)), "it is new") }
            try require(written == (1, 1), "audited and told: \(written)")
            try require(try bench.events().last?.type == "waiver.expiring", "waiver.expiring")
            try bench.requireNothing(of: id, "the same notice") { try !told(.days(14)) }
            try require(try told(.days(1)), "a nearer one")
            try bench.requireNothing(of: id, "one that is past") { try !told(.days(14)) }
            func expire(after span: TimeSpan) throws -> Bool {
                try bench.write { try $0.expireWaiver(asked.id, change: bench.change(after: span.seconds)) }
            }
            try require(try bench.store.waiversEnding(by: asked.endsAt).map(\.id) == [asked.id], "it ends by then")
            try require(try bench.store.waiversEnding(by: asked.endsAt - .hours(1)).isEmpty, "not sooner")
            try bench.requireNothing(of: id, "its end, too soon") { try !expire(after: .days(29)) }
            try require(try expire(after: .days(30)), "at its end")
            try require(try bench.events().last?.type == "waiver.expired", "waiver.expired")
            try require(try bench.store.waiver(asked.id)?.state == .expired, "marked")
            try bench.requireNothing(of: id, "its end again") { try !expire(after: .days(31)) }
            try require(try bench.store.waiversEnding(by: asked.endsAt).isEmpty, "it has ended")
        },
        StoreClaim("a waiver, or a request for one, is withdrawn once, and waives nothing from then on") { bench in
            let id = try bench.add("t").id
            func withdraw(_ id: String) throws -> Bool {
                try bench.write { try $0.withdrawWaiver(id, by: "carol", change: bench.change("mended")) }
            }
            try bench.ask(bench.waiver("waiver_1", .token(id)))
            try bench.ask(bench.waiver("waiver_2", .matching(.all)))
            try require(try bench.approve("waiver_1"), "asked for")
            for number in 1...2 {
                let written = try bench.written { try require(try withdraw("waiver_\(number)"), "it is open") }
                try require(written == (1, 1), "audited and told: \(written)")
                try require(try bench.events().last?.type == "waiver.withdrawn", "waiver.withdrawn")
                try bench.requireNothing(of: id, "once more") { try !withdraw("waiver_\(number)") }
            }
            try require(try bench.inForce() == [], "nothing is waived")
            let ending = Waiver.Ending(at: bench.now, by: "carol", cause: "mended")
            try require(try bench.store.waiver("waiver_1")?.ending == ending, "by whom and why")
            try bench.requireNothing(of: id, "approving what was withdrawn") { try !bench.approve("waiver_2") }
        },
        StoreClaim("the events of a waiver of one token are numbered among those of the token") { bench in
            let id = try bench.add("t").id
            let before = try bench.sequences(of: id)
            try bench.ask(bench.waiver("waiver_1", .token(id)))
            try bench.ask(bench.waiver("waiver_2", .matching(.all)))
            try require(try bench.approve("waiver_1"), "asked for")
            let sequences = try bench.sequences(of: id)
            try require(sequences == Array(1...Int64(before.count + 2)), "no gap: \(sequences)")
            let data = try bench.events().last?.data ?? ""
            for part in [
                #""id":"waiver_1""#, #""approved_by":"bob""#, #""requested_by":"cli:alice""#, #""reason":"vendor""#,
                #""ends_at":"\#(bench.now + .days(30))""#, #""name":"name-t""#,
            ] { try require(data.contains(part), "\(part) in \(data)") }
        },
    ]
}

extension StoreBench {
    fileprivate var approval: Waiver.Approval {
        Waiver.Approval(
            approver: Principal(name: "bob", account: "cli:rota", tokenID: TokenID("tok_bob")), at: now, comment: "ok")
    }

    fileprivate func waiver(
        _ id: String, _ subject: Waiver.Subject, policy: String = "p", rule: String? = nil,
        by requester: Principal = Principal(account: "cli:alice"), lasting span: TimeSpan = .days(30)
    ) -> Waiver {
        Waiver(
            id: id, subject: subject, policy: policy, rule: rule, reason: "vendor", requester: requester,
            requestedAt: now, endsAt: now + span)
    }

    fileprivate func ask(_ waiver: Waiver) throws {
        try write { try $0.requestWaiver(waiver, change: change("vendor")) }
    }

    fileprivate func approve(_ id: String, after seconds: Int64 = 0) throws -> Bool {
        var approval = approval
        approval.at = now + TimeSpan(seconds: seconds)
        return try write { try $0.approveWaiver(id, approval, change: change("ok", after: seconds)) }
    }

    fileprivate func inForce(at instant: Instant? = nil) throws -> [String] {
        try store.waiversInForce(at: instant ?? now).map(\.id)
    }

    /// Of the events about a token, in the order that they were sent in.
    fileprivate func sequences(of id: TokenID) throws -> [Int64] {
        try events().map { try document($0.data) }.filter { $0["token_id"]?.string == id.text }
            .compactMap { $0["seq"]?.integer }
    }
}
