import Engine
import JSON
import RotaCore
import SQLite

/// Does again, in a store of its own, what the entries of an audit log say: entry by entry, so that memory stays flat.
///
/// What is not in the log is not guessed: an entry that lacks what it would take is left out, and told of.
struct Replay {
    /// Where everything is done again.
    let target: SQLStore
    private(set) var remarks = ReplayRemarks()
    /// The policies that were loaded last.
    private(set) var policies: ReplayedEntry?
    /// Before when records were removed, as the log says.
    private(set) var horizons: [RecordKind: Instant] = [:]
    /// Whether anything was sent again that had been given up.
    private(set) var hasReplayedDeliveries = false

    init(into target: SQLStore) { self.target = target }

    mutating func take(_ entry: AuditEntry) throws {
        let parsed: ReplayedEntry
        do {
            parsed = try ReplayedEntry(entry)
        } catch {
            remarks.note("entry \(entry.number) cannot be read")
            return
        }
        do {
            if Self.isTold.contains(parsed.action) { try keep(entry) }
            let isKnown =
                try replayToken(parsed) || replayVersion(parsed) || replayRotation(parsed) || replayRecord(parsed)
                || replayWaiver(parsed) || replayStore(parsed)
            if !isKnown, !Self.changesNothing.contains(parsed.action) { remarks.leftOut(parsed.action) }
        } catch StoreError.failed(let why) {
            remarks.note("entry \(parsed.number) (\(parsed.action)) could not be done again: \(why)")
        }
    }

    /// What tells of something without changing what reports are made of, or is looked up elsewhere.
    private static let changesNothing: Set<String> = [
        "inventory.import", "usage.import", "usage.track", DriftLook.action, ClockLag.confirmation,
        RefusedAccess.action, "audit.key", "configuration.load", "delivery.give_up", "delivery.hasten",
        "webhook.disable",
        "webhook.enable", "schedule.set", "schedule.fire",
        "schedule.miss", "schedule.forget", "plan.save", "plan.approve", "plan.withdraw", "plan.apply",
        "rotation.stuck", "token.reuse_detected", "token.refused_use",
        "witness.begin", "witness.fail", "witness.recover",
    ]

    /// What a report tells of out of the log itself.
    private static let isTold: Set<String> = [
        "inventory.import", "usage.import", "policies.load", "plan.save", "plan.approve",
    ]

    private func keep(_ entry: AuditEntry) throws {
        try target.driver.execute(
            .addAuditEntry,
            [.of(entry.at), .text(entry.actor), .text(entry.action), .text(entry.object), .text(entry.body)])
    }

    // MARK: - What stands beside tokens

    private func replayRecord(_ entry: ReplayedEntry) throws -> Bool {
        switch entry.action {
        case "run.begin":
            let acting = entry.after["policies"]?.array?.compactMap(\.string)
            try target.driver.execute(
                .addRun,
                [.text(entry.object), .of(acting?.joined(separator: "\n")), .text(entry.actor), .of(entry.at)])
        case "run.plan":
            try target.driver.execute(
                .planRun, [.text(entry.object), .of(entry.text("plan")), .of(entry.integer("actions").map { Int($0) })])
        case "run.completed", "run.aborted":
            try target.driver.execute(
                .finishRun, [.text(entry.object), .of(entry.at), .of(entry.text("reason"))])
        case "finding.open":
            let number = try entry.needed(entry.integer("finding"), "finding")
            let texts = ["policy", "rule", "reason", "message"].map { Value.text(entry.text($0) ?? "") }
            try target.driver.execute(
                .addFindingAgain, [.integer(number), .of(entry.token)] + texts + [.of(entry.at)])
        case "finding.close":
            try target.driver.execute(
                .closeFinding,
                [
                    .integer(try entry.needed(entry.integer("finding"), "finding")), .of(entry.at),
                    .text(entry.text("how") ?? ""),
                ])
        case "action.block":
            let texts = ["action", "policy", "rule", "reason"].map { Value.text(entry.text($0) ?? "") }
            try target.driver.execute(
                .addBlockAgain,
                [.of(entry.token)] + texts
                    + [.text(entry.text("in_the_way") ?? entry.cause), .of(entry.instant("since") ?? entry.at)])
        case "action.unblock": try target.driver.execute(.removeBlock, [.of(entry.token)])
        case "notice.send": try sendNotice(entry)
        case "notice.withdraw":
            let key = ["policy", "rule", "action"].map { Value.text(entry.text($0) ?? "") }
            try target.driver.execute(.removeNotice, [.of(entry.token)] + key)
        case "token.vanish":
            try target.driver.execute(
                .noteAbsence, [.of(entry.token), .of(entry.at), .text(entry.text("file") ?? "")])
        case "token.return": try target.driver.execute(.endAbsence, [.of(entry.token)])
        case "rotation.fail":
            try target.driver.execute(
                .addFailedAgain,
                [.of(entry.token), .text(entry.text("policy") ?? ""), .of(entry.at), .text(entry.cause)])
        case "rotation.fail_no_more": try target.driver.execute(.forgetFailedAttempts, [.of(entry.token)])
        default: return false
        }
        return true
    }

    private func sendNotice(_ entry: ReplayedEntry) throws {
        let key = ["policy", "rule", "action"].map { Value.text(entry.text($0) ?? "") }
        let lead = try entry.needed(entry.after["stage"]?["before_seconds"]?.integer, "stage")
        let first = try entry.needed(entry.instant("first_sent_at"), "first_sent_at")
        try target.driver.execute(
            .addNoticeAgain,
            [.of(entry.token)] + key
                + [
                    .of(entry.instant("origin")), .of(entry.instant("start")), .integer(lead), .of(first),
                    .of(entry.instant("sent_at") ?? entry.at),
                ])
    }

    // MARK: - Waivers

    private func replayWaiver(_ entry: ReplayedEntry) throws -> Bool {
        guard entry.action.hasPrefix("waiver.") else { return false }
        let waiver = try entry.needed(entry.after["waiver"], "waiver")
        let driver = target.driver
        switch entry.action {
        case "waiver.request":
            // In the order of the log members are sorted, and in that of the table they are not.
            let match = waiver["match"].flatMap { Selector($0)?.json.serialized() }
            try driver.execute(
                .requestWaiver,
                [
                    .text(entry.object), .of(waiver["token_id"]?.string), .of(match),
                    .text(waiver["policy"]?.string ?? ""), .of(waiver["rule"]?.string),
                    .text(waiver["reason"]?.string ?? ""), .text(waiver["requested_by"]?.string ?? ""),
                    .text(waiver["account"]?.string ?? ""), .of(entry.text("requester_token")),
                    .of(try entry.needed(waiver.instant("requested_at"), "requested_at")),
                    .of(try entry.needed(waiver.instant("ends_at"), "ends_at")),
                ])
        case "waiver.approve":
            try driver.execute(
                .approveWaiver,
                [
                    .text(entry.object), .of(waiver["approved_by"]?.string),
                    .text(entry.text("approver_account") ?? ""), .of(entry.text("approver_token")),
                    .of(try entry.needed(waiver.instant("approved_at"), "approved_at")),
                    .text(waiver["comment"]?.string ?? ""),
                ])
        case "waiver.notice":
            try driver.execute(
                .tellWaiverEnd,
                [.text(entry.object), .of(entry.integer("before_seconds").map { Int($0) }), .of(entry.at)])
        case "waiver.expire", "waiver.withdraw":
            let ended = waiver["ended"] ?? .null
            try driver.execute(
                .setWaiverEnd,
                [
                    .text(entry.object), .text(entry.action == "waiver.expire" ? "expired" : "withdrawn"),
                    .of(ended.instant("at") ?? entry.at), .of(ended["by"]?.string ?? entry.actor),
                    .of(ended["cause"]?.string ?? entry.cause),
                ])
        default: return false
        }
        return true
    }

    // MARK: - The store itself

    private mutating func replayStore(_ entry: ReplayedEntry) throws -> Bool {
        let driver = target.driver
        switch entry.action {
        case "store.freeze":
            try driver.execute(.endFreeze, [.of(entry.at)])
            try driver.execute(
                .beginFreeze,
                [
                    .text(entry.text("reason") ?? ""), .text(entry.text("actor") ?? entry.actor),
                    .of(entry.instant("begun_at") ?? entry.at), .of(entry.instant("ends_at")),
                ])
        case "store.unfreeze": try driver.execute(.endFreeze, [.of(entry.at)])
        case "store.init":
            try driver.execute(.setFact, [.text("instance"), .text(entry.object)])
            try driver.execute(.setFact, [.text("created_at"), .text(String(entry.at.seconds))])
            if let generation = entry.integer("generation") {
                try driver.execute(.setFact, [.text("generation"), .text(String(generation))])
            }
        case "store.reconcile":
            for key in ["generation_id", "instance"] {
                if let value = entry.text(key) { try driver.execute(.setFact, [.text(key), .text(value)]) }
            }
            if let generation = entry.integer("generation") {
                try driver.execute(.setFact, [.text("generation"), .text(String(generation))])
            }
        case "policies.load": policies = entry
        // What the log says of them can be done again all the same.
        case SQLStore.pruningAction:
            for kind in RecordKind.allCases {
                if let horizon = entry.after["horizons"]?.instant(kind.rawValue) { horizons[kind] = horizon }
            }
        case "delivery.replay": hasReplayedDeliveries = true
        default: return false
        }
        return true
    }
}

/// What a replay could not do, some of it one by one and all of it counted.
struct ReplayRemarks {
    private static let mostTold = 20

    private var told: [String] = []
    private var untold = 0
    private var unknown: [String: Int] = [:]

    mutating func note(_ remark: String) {
        if told.count < Self.mostTold { told.append(remark) } else { untold += 1 }
    }

    mutating func leftOut(_ action: String) { unknown[action, default: 0] += 1 }

    var all: [String] {
        let kinds = unknown.sorted { $0.key < $1.key }.map {
            "\($0.value) of the entries are of a kind that this rota does not know, '\($0.key)', and were left out"
        }
        return told + (untold > 0 ? ["\(untold) more entries could not be done again"] : []) + kinds
    }
}
