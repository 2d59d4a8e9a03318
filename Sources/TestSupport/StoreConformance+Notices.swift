import Engine
import RotaCore

/// Notices of coming actions.
extension StoreConformance {
    static let notices: [StoreClaim] = [
        StoreClaim("a notice is sent once for each stage, with its event and audit entry, and remembered") { bench in
            let id = try bench.add("t").id
            let first = bench.notice(stage: 1, .days(14), at: 0, firstAt: 0)
            let sent = try bench.written { try require(try bench.send(first, to: id), "it is new") }
            try require(sent == (1, 1), "audited and told: \(sent)")
            try require(try bench.events().last?.type == "token.action_due", "token.action_due")
            try require(try bench.store.notices(of: id) == [first.standing], "remembered as it was sent")
            try bench.requireNothing(of: id, "the same stage again") { try !bench.send(first, to: id) }
            let nearer = bench.notice(stage: 2, .days(3), at: 60, firstAt: 0)
            try require(try bench.send(nearer, to: id), "a nearer stage")
            try require(try bench.store.notices(of: id) == [nearer.standing], "one row for an action of a rule")
            try bench.requireNothing(of: id, "a stage that is past") {
                try !bench.send(bench.notice(stage: 1, .days(14), at: 120, firstAt: 0), to: id)
            }
            let anew = bench.notice(stage: 1, .days(14), at: 180, firstAt: 180)
            try require(try bench.send(anew, to: id), "a first notice of another deadline")
            try require(try bench.store.notices(of: id) == [anew.standing], "takes the place of the old one")
        },
        StoreClaim("a notice says what, when, and which one it is") { bench in
            let id = try bench.add("t").id
            try require(try bench.send(bench.notice(stage: 2, .days(3), at: 0, firstAt: 0), to: id), "sent")
            let data = try bench.events().last?.data ?? ""
            for part in [
                #""action":"revoke""#, #""policy":"p""#, #""rule":"unused-for""#, #""mode":"enforce""#,
                #""reason":"used-recently""#, #""days_left":2"#, #""deadline":"\#(bench.now + .days(2))""#,
                #""rule_deadline":"\#(bench.now + .days(5))""#,
                #""stage":{"index":2,"of":3,"before":"3d","before_seconds":259200}"#, #""owner":""#,
                #""integration":""#,
            ] { try require(data.contains(part), "\(part) in \(data)") }
        },
        StoreClaim("notices of other actions, rules and tokens stand apart, and one that is withdrawn is forgotten") {
            bench in
            let (one, other) = (try bench.add("one").id, try bench.add("other").id)
            let revoke = bench.notice(stage: 1, .days(14), at: 0, firstAt: 0)
            let quarantine = bench.notice(stage: 1, .days(14), at: 0, firstAt: 0, action: .quarantine)
            for notice in [revoke, quarantine] { try require(try bench.send(notice, to: one), "new") }
            try require(try bench.send(revoke, to: other), "new")
            var all: [TokenID] = []
            for policy in ["p", "q"] {
                try bench.store.eachNotice(of: policy) { id, _ in
                    all.append(id)
                    return true
                }
            }
            try require(all == [one, one, other].sorted(), "of that policy, by their tokens: \(all)")
            var elsewhere = revoke
            elsewhere.coming.rule.policy = "a"
            try require(try bench.send(elsewhere, to: other), "new")
            try require(try bench.store.policiesOfNotices() == ["a", "p"], "whose they are")
            let withdraw = { (notice: StandingNotice) in
                try bench.write { try $0.withdrawNotice(notice, of: one, change: bench.change()) }
            }
            var later = revoke.standing
            later.sentAt = later.sentAt + .hours(1)
            try bench.requireNothing(of: one, "one that was sent again meanwhile") { try !withdraw(later) }
            let written = try bench.written { try require(try withdraw(revoke.standing), "it is there") }
            try require(written == (1, 0), "audited, and told to nobody: \(written)")
            try require(try bench.store.notices(of: one) == [quarantine.standing], "the other one holds")
            try require(
                try bench.store.notices(of: other) == [elsewhere.standing, revoke.standing], "and the other token's")
            try bench.requireNothing(of: one, "one that is gone") { try !withdraw(revoke.standing) }
        },
    ]
}

extension StoreBench {
    /// Of a revocation two days after the bench's instant.
    fileprivate func notice(
        stage: Int, _ lead: TimeSpan, at seconds: Int64, firstAt first: Int64, action: Action = .revoke
    ) -> DueNotice {
        let verdict = Verdict(
            .compliant, .usedRecently(idle: Idleness(time: .days(25)), limit: .days(30)), deadline: now + .days(5),
            start: now + .days(2))
        let coming = ComingAction(
            rule: RuleReference(policy: "p", rule: "unused-for"), action: action, verdict: verdict,
            origin: now - .days(25))
        return DueNotice(
            coming, mode: .enforce, stage: stage, stages: 3, lead: lead, begins: now + .days(2),
            firstSentAt: now + TimeSpan(seconds: first), at: now + TimeSpan(seconds: seconds))
    }

    fileprivate func send(_ notice: DueNotice, to id: TokenID) throws -> Bool {
        try write { try $0.sendNotice(notice, of: id, change: change()) }
    }
}
