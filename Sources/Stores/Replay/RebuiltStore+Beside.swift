import Engine
import JSON
import RotaCore
import SQLite

/// What a report shows that the log does not hold, since it is no change of anything: it is kept by times.
extension RebuiltStore {
    /// Takes over what was known by an instant; answers what is not certain of it.
    func takeOver(from source: SQLStore, at now: Instant, since: Instant, _ replay: Replay) throws -> [String] {
        var remarks: [String] = []
        let last = try source.lastUntoldEntry()
        if last > 0 {
            remarks.append(
                "entries 1 to \(last) were written by an earlier rota, which told less: what it left out, such as "
                    + "which policies were loaded and which tokens were missing from lists, is not known")
        }
        let vague = try store.transaction {
            try takeHorizons(from: source)
            try takeReports(from: source, at: now)
            try takeHeartbeats(from: source, at: now)
            try takeWitnesses(from: source, at: now)
            try takeRunActions(from: source, since: since, until: now)
            try takeNotices(from: source, since: since, until: now)
            return try takeUses(from: source, at: now)
        }
        if vague > 0 {
            remarks.append(
                "uses are known to the day: of \(vague) values that were used before and after \(now) on that day, the "
                    + "last use by then is told as the first of the day")
        }
        let counts = try source.driver.first(.deliveryCountsKnown, [.of(now)]) { row in
            DeliveryCounts(waiting: row.count(0), delivered: row.count(1), dead: row.count(2))
        }
        store.deliveriesThen = counts
        if try source.hasSentAgain(after: now) {
            remarks.append("what had been given up and was sent again after \(now) is told as waiting")
        }
        return remarks
    }

    /// What is taken from the tables may be gone from them; findings are in the log.
    private func takeHorizons(from source: SQLStore) throws {
        for (kind, horizon) in try source.pruned() where kind != .findings { try store.note(horizon, of: kind) }
    }

    private func takeReports(from source: SQLStore, at now: Instant) throws {
        try source.driver.query(.reportsKnown, [.of(now)]) { row in
            try store.driver.execute(
                .reportUseAgain,
                [
                    .text(row.text(0)), .of(row.optionalInstant(1)), .of(row.optionalInstant(2)),
                    .of(row.optionalInstant(3)),
                ])
            return true
        }
    }

    private func takeHeartbeats(from source: SQLStore, at now: Instant) throws {
        try source.driver.query(.heartbeatsKnown, [.of(now)]) { row in
            let beat = Heartbeat(
                tracker: row.text(0), startedAt: row.instant(1), beatAt: row.instant(2), askedAt: row.optionalInstant(3)
            ).notLater(than: now)
            try store.driver.execute(
                .addHeartbeatAgain,
                [.text(beat.tracker), .of(beat.startedAt), .of(beat.beatAt), .of(beat.askedAt)])
            return true
        }
    }

    /// What each had taken last by then.
    private func takeWitnesses(from source: SQLStore, at now: Instant) throws {
        try source.driver.query(.witnessedBy, [.of(now)]) { row in
            let witness = Decode.witness(row)
            if let taken = witness.taken { try store.putTaken(taken, by: witness) }
            return true
        }
    }

    /// Answers of how many values it is not known when they were used last by then.
    private func takeUses(from source: SQLStore, at now: Instant) throws -> Int {
        var vague = 0
        try source.driver.query(.usageKnown, [.of(now)]) { row in
            var tally = Decode.tally(row)
            if let last = tally.accepted.last, last > now {
                let first = row.optionalInstant(12)
                // Where nobody has noted when it began, the uses of that day are not told at all.
                vague += first.map { $0 <= now } ?? true ? 1 : 0
                tally.accepted.last = first.flatMap { $0 <= now ? $0 : nil }
            }
            guard let used = tally.accepted.last else { return true }
            _ = try store.driver.first(.useToken, [.of(tally.key.tokenID), .of(used)]) { _ in true }
            if !tally.accepted.sources.isEmpty || !tally.accepted.agents.isEmpty {
                try store.noteSources(of: tally, beyond: nil)
            }
            return true
        }
        return vague
    }

    /// With their deliveries as they were: what has come to its end since was waiting.
    private func takeNotices(from source: SQLStore, since: Instant, until end: Instant) throws {
        try source.eachSentNotice(from: since, to: end) { notice in
            try store.driver.execute(
                .addEventAgain,
                [.text(notice.id), .text(notice.tokenID.text), .of(notice.at), .text(notice.told.serialized())])
            for delivery in notice.deliveries {
                let isOver = delivery.at.map { $0 <= end } ?? false
                try store.driver.execute(
                    .addDeliveryAgain,
                    [
                        .text(notice.id), .text(delivery.endpoint),
                        .text((isOver ? delivery.state : .waiting).rawValue), .of(delivery.at ?? notice.at),
                    ])
            }
            return true
        }
    }

    private func takeRunActions(from source: SQLStore, since: Instant, until end: Instant) throws {
        try source.eachRunAction(from: since, to: end) { action in
            try store.recordActions([action])
            return true
        }
        // As far as those had come that were under way then, by the log that was done again.
        let running = try store.driver.all(.unfinishedRuns, []) { Decode.run($0).id }
        for run in running {
            try source.driver.query(.runActionsKnown, [.text(run), .of(end)]) { row in
                try store.recordActions([Decode.action(row)])
                return true
            }
        }
    }
}

extension SQLStore {
    fileprivate func hasSentAgain(after now: Instant) throws -> Bool {
        var found = false
        try eachAuditEntry(below: .max, object: nil) { entry in
            if entry.action == "delivery.replay", entry.at > now { found = true }
            return !found && entry.at > now
        }
        return found
    }
}
