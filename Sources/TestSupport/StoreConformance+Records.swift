import Engine
import JSON
import RotaCore

extension StoreConformance {
    static let records: [StoreClaim] = [
        StoreClaim("an audit entry is canonical, says who, what and why, and can be found by its object") {
            bench in
            let id = try bench.add("t").id
            try bench.add("u")
            _ = try bench.write {
                try $0.revokeToken(
                    id, change: Change(actor: "policy:p", at: bench.now, cause: "too old", run: "run-1"))
            }
            let entries = try bench.audit()
            try require(entries.map(\.number) == entries.map(\.number).sorted(), "oldest first")
            for entry in entries {
                let body = try document(entry.body)
                try require(body.canonicalBytes() == Array(entry.body.utf8), "canonical: \(entry.body)")
                try require(
                    body["action"]?.string == entry.action && body["actor"]?.string == entry.actor, "agrees")
                try require(body["object"]?.string == entry.object, "agrees on its object")
                try require(body["at"]?.string == entry.at.description, "agrees on its time")
                try require(body["after"]?.object != nil, "has an after-image")
            }
            let own = try bench.audit(of: id.text)
            try require(own.map(\.action) == ["token.issue", "token.revoke"], "\(own.map(\.action))")
            try require(try document(own[1].body)["run"]?.string == "run-1", "with its run")
            try require(try document(own[1].body)["cause"]?.string == "too old", "with its cause")
            var first: [AuditEntry] = []
            try bench.store.eachAuditEntry(from: own[1].number, object: nil) {
                first.append($0)
                return false
            }
            try require(first == [own[1]], "from a number on, until told to stop")
            func newest(below number: Int64, of object: String?, limit: Int = .max) throws -> [AuditEntry] {
                var found: [AuditEntry] = []
                try bench.store.eachAuditEntry(below: number, object: object) {
                    found.append($0)
                    return found.count < limit
                }
                return found
            }
            try require(try newest(below: .max, of: nil) == entries.reversed(), "newest first")
            try require(try newest(below: .max, of: id.text) == own.reversed(), "of one object")
            try require(try newest(below: own[1].number, of: id.text) == [own[0]], "below a number")
            try require(try newest(below: .max, of: nil, limit: 1) == [entries[entries.count - 1]], "one")
        },
        StoreClaim("an import is one audit entry and one event") { bench in
            let summary = ImportSummary(
                file: "inventory.csv", digest: "sha256:00", rows: 3, added: 1, updated: 1, unchanged: 1)
            let written = try bench.written {
                try bench.write { try $0.recordImport(summary, change: bench.change()) }
            }
            try require(written == (1, 1), "\(written)")
            try require(
                try document(bench.audit().last?.body ?? "")["after"]?["file"]?.string == summary.file, "file"
            )
        },
        StoreClaim("a run is recorded with its actions and announced with its totals") { bench in
            try require(try bench.store.lastRun() == nil, "none yet")
            for (index, aborted) in [nil, "over the limit"].enumerated() {
                let start = bench.now + .hours(Int64(index))
                var record = RunRecord(id: "run-\(index)", acting: ["a", "b"], actor: "timer", startedAt: start)
                let began = try bench.written {
                    try bench.write { try $0.beginRun(record, change: bench.change()) }
                }
                try require(began == (1, 0), "the beginning is audited: \(began)")
                try require(try bench.store.lastRun() == record, "it is the last one")
                let planned = try bench.written {
                    try bench.write {
                        try $0.planRun(record.id, digest: "sha256:p", actions: 2, change: bench.change())
                    }
                }
                try require(planned == (1, 0), "the plan is audited: \(planned)")
                record.plan = "sha256:p"
                record.planned = 2
                try require(try bench.store.lastRun() == record, "with its plan")
                let action = RecordedAction(
                    run: record.id, tokenID: TokenID("t"), name: "n", action: .rotate, policy: "p",
                    rule: "max-age",
                    reason: "max-age-exceeded", message: "m", deadline: start, outcome: .failed,
                    cause: "sealed",
                    at: start)
                try bench.write { try $0.recordActions([action, action]) }
                let end = Change(actor: "timer", at: start + .hours(1), cause: "done")
                let ended = try bench.written {
                    try bench.write {
                        try $0.finishRun(record.id, aborted: aborted, totals: [.failed: 2], change: end)
                    }
                }
                try require(ended == (1, 1), "the end is audited and announced: \(ended)")
                let event = try bench.events().last
                try require(
                    event?.type == (aborted == nil ? "run.completed" : "run.aborted"), "\(event?.type ?? "")")
                try require(
                    try document(event?.data ?? "")["totals"]?["failed"]?.integer == 2, "with its totals")
                try require(try bench.store.lastRun()?.aborted == aborted, "with its reason")
                try require(try bench.store.outcomes(of: record.id) == [.failed: 2], "counted by outcome")
                var found: [RecordedAction] = []
                try bench.store.eachRunAction(from: end.at, to: end.at) {
                    found.append($0)
                    return true
                }
                try require(found == [action, action], "actions of the runs that finished then")
            }
        },
        StoreClaim("a run is not interrupted while its process lives, nor once it is finished") { bench in
            try bench.write {
                try $0.beginRun(
                    RunRecord(id: "r", actor: "a", startedAt: bench.now), change: bench.change())
            }
            try require(try bench.write { try $0.interruptedRuns() } == [], "its process lives")
            try bench.write {
                try $0.finishRun("r", aborted: nil, totals: [:], change: bench.change())
            }
            try require(try bench.write { try $0.interruptedRuns() } == [], "it is finished")
        },
        StoreClaim("a rotation that a run claimed and did not record is told as what it is") { bench in
            let ids = try ["a", "b"].map { try bench.add($0).id }
            for id in ids {
                let claim = Change(actor: "policy:p", at: bench.now, cause: "too old", run: "r")
                _ = try bench.write {
                    try $0.claimRotation(
                        of: id, fromVersion: 1, overlap: .hours(1), cap: OverlapCap(), trigger: bench.trigger,
                        change: claim)
                }
            }
            let later = bench.now + .hours(2)
            var actions = try bench.store.unrecordedRotations(of: "r", at: later)
            try require(actions.map(\.tokenID) == ids, "both: \(actions.map(\.name))")
            try require(
                actions[0].outcome == .started && actions[0].at == later && actions[0].rule == "max-age"
                    && actions[0].deadline == bench.trigger.deadline, "\(actions[0])")
            try require(try bench.store.unrecordedRotations(of: "s", at: later) == [], "of another run: none")
            try bench.write {
                try $0.beginRun(RunRecord(id: "r", actor: "a", startedAt: bench.now), change: bench.change())
                try $0.recordActions([actions[0]])
            }
            actions = try bench.store.unrecordedRotations(of: "r", at: later)
            try require(actions.map(\.tokenID) == [ids[1]], "what is recorded is not among them")
        },
        StoreClaim("a promotion is told within its period, with what called for it") { bench in
            // The first value of a token is no rotation.
            let empty = bench.token("empty")
            try bench.write {
                try $0.addToken(
                    empty, version: nil, destinations: [Destination(vault: "main", path: "empty", field: "token")],
                    change: bench.change())
            }
            _ = try bench.rotate(empty.id)
            let id = try bench.add("t").id
            _ = try bench.rotate(id)
            let promoted = bench.now
            var found: [RecordedAction] = []
            try bench.store.eachPromotion(from: promoted, to: promoted) {
                found.append($0)
                return true
            }
            try require(
                found.map(\.tokenID) == [id] && found.map(\.outcome) == [.done] && found.map(\.at) == [promoted]
                    && found.map(\.policy) == ["p"] && found.map(\.deadline) == [bench.trigger.deadline],
                "\(found)")
            try bench.store.eachPromotion(from: promoted + .hours(1), to: promoted + .hours(2)) { _ in
                throw ConformanceFailure(description: "it was not within that period")
            }
        },
        StoreClaim("a finding of an end that is near tells that its token is expiring, to whom it is announced") {
            bench in
            for (name, isTold) in [("told", true), ("observed", false)] {
                let id = try bench.add(name) { $0.expiresAt = bench.now + .days(3) }.id
                let finding = Finding(
                    tokenID: id, policy: "p", rule: "expires-within", reason: "ends-soon", message: "m",
                    openedAt: bench.now)
                for _ in 0..<2 {
                    _ = try bench.write {
                        try $0.openFinding(finding, blocked: nil, announce: isTold, change: bench.change())
                    }
                }
                let told = try bench.events().filter { $0.type == "token.expiring" }
                try require(told.count == 1, "\(name): once, and to nobody who only observes")
                let end = #""expires_at":"\#(bench.now + .days(3))""#
                try require(told.first?.data.contains(end) == true, "with its end: \(told.first?.data ?? "")")
            }
        },
        StoreClaim("a finding is open once for each token, policy and rule") { bench in
            let id = try bench.add("t").id
            let finding = Finding(
                tokenID: id, policy: "p", rule: "max-age", reason: "r", message: "m", openedAt: bench.now)
            let open = { (announce: Bool) in
                try bench.write {
                    try $0.openFinding(finding, blocked: .noDestination, announce: announce, change: bench.change())
                }
            }
            let revision = try bench.stored(id).revision
            let written = try bench.written { try require(try open(true), "it is new") }
            try require(written == (1, 1), "audited and announced: \(written)")
            try require(try bench.events().last?.type == "policy.violated", "policy.violated")
            try require(
                try bench.events().last?.data.contains(#""blocked":{"code":"no-destination","message":"#) == true,
                "with what is in the way of its cure")
            try bench.requireNothing(of: id, "the same one") { try !open(true) }
            try require(try bench.stored(id).revision == revision, "a plan made before it stays good")
            guard let kept = try bench.store.openFindings().first else {
                throw ConformanceFailure(description: "the finding is not there")
            }
            try require(kept.message == "m" && kept.closedAt == nil, "open")
            let counts = try bench.store.openFindingCounts()
            try require(counts == [RuleReference(policy: "p", rule: "max-age"): 1], "counted by its rule: \(counts)")
            let closed = try bench.written {
                for _ in 0..<2 {
                    try bench.write {
                        try $0.closeFinding(kept.id, how: "rotated", change: bench.change(after: 5))
                    }
                }
            }
            try require(closed == (1, 0), "closed and audited once: \(closed)")
            try require(try bench.store.openFindings().isEmpty, "none is open")
            try require(try bench.store.openFindingCounts().isEmpty, "none is counted")
            try require(
                try bench.store.findings(of: id).map(\.closedAt) == [bench.now + TimeSpan(seconds: 5)], "kept"
            )
            let again = try bench.written { try require(try open(false), "it may open again") }
            try require(again == (1, 0), "without telling anybody: \(again)")
            func closings(from start: TimeSpan, to end: TimeSpan) throws -> [Instant?] {
                var found: [Instant?] = []
                try bench.store.eachFinding(openedBy: bench.now + end, notClosedBefore: bench.now + start) { span in
                    found.append(span.closedAt)
                    return true
                }
                return found
            }
            let end = bench.now + TimeSpan(seconds: 5)
            try require(try closings(from: .zero, to: .hours(1)) == [nil, end], "the open one, and that of the period")
            try require(try closings(from: TimeSpan(seconds: 6), to: .hours(1)) == [nil], "not one that had closed")
            try require(try closings(from: .hours(-2), to: .hours(-1)).isEmpty, "nor one that opened later")
        },
        StoreClaim("a blocked action is told once for each reason, until it is over") { bench in
            let id = try bench.add("t").id
            let block = { (reason: BlockedReason) in
                Block(
                    tokenID: id, action: .rotate, policy: "p", rule: "max-age", reason: reason, cause: "why",
                    since: bench.now)
            }
            let open = { (reason: BlockedReason, announce: Bool) in
                try bench.write { try $0.openBlock(block(reason), announce: announce, change: bench.change()) }
            }
            let first = try bench.written { try require(try open(.noDestination, true), "it is new") }
            try require(first == (1, 1), "audited and told: \(first)")
            try require(try bench.events().last?.type == "token.rotation_stuck", "token.rotation_stuck")
            try bench.requireNothing(of: id, "the same one") { try !open(.noDestination, true) }
            let second = try bench.written { try require(try open(.conflict, false), "another reason") }
            try require(second == (1, 0), "audited, and told elsewhere: \(second)")
            try require(try bench.store.blocks() == [block(.conflict)], "one of a token")
            try bench.requireNothing(of: id, "the end of one that is not there") {
                try bench.write { try !$0.closeBlock(block(.noDestination), change: bench.change()) }
            }
            try require(
                try bench.write { try $0.closeBlock(block(.conflict), change: bench.change()) }, "it is over")
            try require(try bench.store.blocks().isEmpty, "and forgotten")
            try require(try open(.conflict, true), "and may come again")
        },
        StoreClaim("an event goes to the endpoints that want it, and waits until it is delivered or dead") {
            bench in
            let id = try bench.add("t").id
            let run = RunRecord(id: "r", actor: "a", startedAt: bench.now)
            try bench.write {
                try $0.beginRun(run, change: bench.change())
                try $0.finishRun("r", aborted: nil, totals: [:], change: bench.change())
            }
            _ = try bench.write { try $0.revokeToken(id, change: bench.change()) }
            let events = try bench.events()
            try require(
                events.map(\.type) == ["token.issued", "run.completed", "token.revoked"], "oldest first")
            try require(
                try bench.events("tokens").map(\.type) == ["token.issued", "token.revoked"], "only tokens")
            try require(try bench.events("unknown").isEmpty, "nothing for others")
            let store = bench.store
            try require(
                try store.dueDeliveries(endpoint: "all", at: bench.now, limit: 2).count == 2, "a limit")
            let early = bench.now - TimeSpan(seconds: 1)
            try require(
                try store.dueDeliveries(endpoint: "all", at: early, limit: 2).isEmpty, "none before its time")

            let later = bench.now + .hours(1)
            try bench.write {
                try $0.recordFailed(
                    events[0].id, to: "all", status: 503, cause: "busy", nextAttemptAt: later, at: bench.now)
                try $0.recordDelivered(events[1].id, to: "all", status: 204, at: bench.now)
                try $0.recordFailed(
                    events[2].id, to: "all", status: nil, cause: "refused", nextAttemptAt: nil, at: bench.now)
            }
            try require(
                try store.dueDeliveries(endpoint: "all", at: bench.now, limit: 9).isEmpty, "none is due now")
            try require(
                try store.nextDeliveryDue(endpoint: "all") == later, "the first comes back in an hour")
            try require(try store.nextDeliveryDue(endpoint: "unknown") == nil, "nothing waits there")
            let retried = try store.dueDeliveries(endpoint: "all", at: later, limit: 9)
            try require(
                retried == [Delivery(event: events[0], endpoint: "all", attempts: 1)], "with its attempt")
            try require(
                try store.deliveryCounts() == DeliveryCounts(waiting: 3, delivered: 1, dead: 1),
                "all are counted")
            try bench.write {
                try $0.recordFailed(
                    events[1].id, to: "all", status: nil, cause: "late", nextAttemptAt: later, at: bench.now)
            }
            try require(try store.deliveryCounts().delivered == 1, "what was delivered stays delivered")
        },
        StoreClaim("a dead letter is listed with its cause, and waits again when it is replayed, audited once") {
            bench in
            let store = bench.store
            try bench.add("t")
            try bench.add("u")
            let events = try bench.events()
            let listed = { (state: DeliveryRecord.State) in
                var found: [DeliveryRecord] = []
                try store.eachDelivery(state) {
                    found.append($0)
                    return true
                }
                return found
            }
            try require(try listed(.waiting).map(\.endpoint) == ["all", "tokens", "all", "tokens"], "in order")
            try bench.write { store in
                for (event, endpoint) in [(events[0], "all"), (events[1], "all"), (events[0], "tokens")] {
                    try store.recordFailed(
                        event.id, to: endpoint, status: 500, cause: "status 500", nextAttemptAt: nil,
                        at: bench.now)
                }
            }
            let dead = try listed(.dead)
            let expected = DeliveryRecord(
                event: events[0].id, type: "token.issued", at: events[0].at, endpoint: "all", state: .dead,
                attempts: 1, nextAttemptAt: dead[0].nextAttemptAt, status: 500, cause: "status 500")
            try require(dead.count == 3 && dead[0] == expected, "\(dead)")
            let replay = { (letters: DeadLetters) in
                try bench.write { try $0.replay(letters, change: bench.change("mended", after: 60)) }
            }
            let one = try bench.written {
                try require(try replay(.event(events[0].id)) == 2, "to both of its endpoints")
            }
            try require(one.audit == 1, "one audit entry: \(one)")
            let entry = try document(bench.audit(of: events[0].id).last?.body ?? "")
            try require(entry["action"]?.string == "delivery.replay", "\(entry)")
            try require(entry["after"]?["webhooks"]?.array?.count == 2, "says which")
            let waiting = try listed(.waiting).first { $0.event == events[0].id && $0.endpoint == "all" }
            try require(waiting?.attempts == 0 && waiting?.cause == nil, "all attempts before it")
            try require(waiting?.nextAttemptAt == bench.now + TimeSpan(seconds: 60), "to be tried now")
            try require(try replay(.endpoint("tokens")) == 0, "none of that endpoint is dead")
            try require(try replay(.endpoint("all")) == 1, "the rest of the other")
            try require(try listed(.dead).isEmpty, "none is left")
            let again = try bench.written { try require(try replay(.event(events[0].id)) == 0, "nothing") }
            try require(again == (0, 0), "nothing to replay is not audited: \(again)")
        },
        StoreClaim("what waits for one endpoint is given up without an attempt, audited once, and can be replayed") {
            bench in
            let store = bench.store
            try bench.add("t")
            try bench.add("u")
            try require(try store.awaitedEndpoints() == ["all", "tokens"], "both are awaited")
            let giveUp = {
                try bench.write { try $0.giveUpDeliveries(to: "tokens", change: bench.change("it is gone")) }
            }
            let once = try bench.written { try require(try giveUp() == 2, "both events") }
            try require(once == (1, 0), "one audit entry, no event: \(once)")
            try require(try store.awaitedEndpoints() == ["all"], "the other one is as it was")
            var dead: [DeliveryRecord] = []
            try store.eachDelivery(.dead) {
                dead.append($0)
                return true
            }
            try require(dead.map(\.endpoint) == ["tokens", "tokens"], "\(dead)")
            try require(dead.allSatisfy { $0.attempts == 0 && $0.cause == "it is gone" }, "\(dead)")
            let again = try bench.written { try require(try giveUp() == 0, "none is left") }
            try require(again == (0, 0), "nothing to give up is not audited: \(again)")
            let replayed = try bench.write { try $0.replay(.endpoint("tokens"), change: bench.change()) }
            try require(replayed == 2 && bench.events("tokens").count == 2, "nothing is lost")
        },
    ]

    static let transactions: [StoreClaim] = [
        StoreClaim("an endpoint is disabled once, its events wait on, and it is enabled once") { bench in
            _ = try bench.add("t")
            guard let event = try bench.store.dueDeliveries(endpoint: "all", at: bench.now, limit: 1).first else {
                throw ConformanceFailure(description: "nothing waits")
            }
            let disabled = DisabledEndpoint(name: "all", place: "x", at: bench.now, status: 410, cause: "gone")
            let disable = {
                try bench.write { try $0.disableEndpoint(disabled, refusing: event.event.id, change: bench.change()) }
            }
            let before = try bench.audit().count
            try require(try disable(), "it is new")
            try require(try !disable(), "and known then")
            try require(try bench.audit().count == before + 1, "audited once")
            try require(try bench.store.disabledEndpoints() == [disabled], "kept")
            try require(
                try bench.store.dueDeliveries(endpoint: "all", at: bench.now, limit: 1) == [event],
                "it waits, and that was none of its attempts")
            var causes: [String?] = []
            try bench.store.eachDelivery(.waiting) { delivery in
                if delivery.event == event.event.id, delivery.endpoint == "all" { causes.append(delivery.cause) }
                return true
            }
            try require(causes == ["gone"], "with the cause")
            let enable = { try bench.write { try $0.enableEndpoint("all", change: bench.change()) } }
            try require(try enable(), "enabled")
            try require(try !enable(), "only once")
        },
        StoreClaim("a transaction that throws leaves nothing") { bench in
            let id = try bench.add("t").id
            let before = (try bench.audit(), try bench.events(), try bench.stored(id))
            try requireError("undone") {
                try bench.write {
                    _ = try $0.claimRotation(
                        of: id, fromVersion: 1, overlap: .zero, cap: OverlapCap(), trigger: nil, change: bench.change())
                    _ = try $0.revokeToken(id, change: bench.change())
                    throw StoreError.failed("undo")
                }
            }
            try require(try bench.audit() == before.0 && bench.events() == before.1, "nothing was written")
            try require(try bench.stored(id) == before.2, "the token is as it was")
            try bench.add("after")
        },
        StoreClaim("a savepoint that throws undoes itself alone, at any depth") { bench in
            let ids = try ["a", "b", "c", "d"].map { try bench.add($0).id }
            try bench.write { store in
                _ = try store.savepoint { try store.revokeToken(ids[0], change: bench.change()) }
                try requireError("undone") {
                    try store.savepoint {
                        _ = try store.revokeToken(ids[1], change: bench.change())
                        _ = try store.savepoint { try store.revokeToken(ids[2], change: bench.change()) }
                        throw StoreError.failed("undo")
                    }
                }
                _ = try store.savepoint { try store.revokeToken(ids[3], change: bench.change()) }
            }
            try require(
                try ids.map { try bench.stored($0).state } == [.revoked, .active, .active, .revoked],
                "only its own")
        },
        StoreClaim("a change outside a transaction, and one within another, are refused") { bench in
            let id = try bench.add("t").id
            try requireError("outside") { _ = try bench.store.revokeToken(id, change: bench.change()) }
            try requireError("a claim outside") {
                _ = try bench.store.claimRotation(
                    of: id, fromVersion: 1, overlap: .zero, cap: OverlapCap(), trigger: nil, change: bench.change())
            }
            try requireError("a savepoint outside") { try bench.store.savepoint {} }
            try requireError("nested") { try bench.write { store in try store.transaction {} } }
            try require(try bench.stored(id).state == .active, "nothing happened")
            try require(try bench.store.rotation(of: id) == nil, "nothing was claimed")
        },
        StoreClaim("what one writes in a transaction it reads in it") { bench in
            let id = try bench.add("t").id
            try bench.write { store in
                _ = try store.revokeToken(id, change: bench.change())
                try require(try store.token(id)?.state == .revoked, "read back")
            }
        },
        StoreClaim("a closed store says so") { bench in
            bench.store.close()
            try requireError("closed") { _ = try bench.store.countActive() }
        },
    ]
}
