import Crypto
import Engine
import HTTPServer
import RotaCore

/// What the store said when it was asked last, for a while.
final class RememberedGauges: Sendable {
    /// A monitoring system asks every fifteen seconds, and several may: what is open is counted once in this time.
    static let freshness = TimeSpan(seconds: 30)

    private struct State {
        var last: (at: Instant, gauges: StoreGauges)?
        var isCounting = false
    }

    private let state = Locked(State())

    /// One who asks counts; whoever else asks meanwhile has what was counted before, where there is anything.
    func gauges(at now: Instant, _ readers: any StoreReaders) throws -> StoreGauges {
        let known = state.withLock { state -> StoreGauges? in
            guard let last = state.last else { return nil }
            if last.at <= now, now - last.at < Self.freshness || state.isCounting { return last.gauges }
            state.isCounting = true
            return nil
        }
        if let known { return known }
        defer { state.withLock { $0.isCounting = false } }
        let gauges = try readers.read { try StoreGauges(from: $0, at: now) }
        state.withLock { $0.last = (now, gauges) }
        return gauges
    }
}

extension API {
    /// `GET /metrics`: how things stand, for Prometheus and whatever reads its format. For those who audit Rota, since
    /// the names of policies and vaults are in it.
    func metrics(_ request: Request) throws -> Answer {
        _ = try requireRole([Role.audit, Role.admin], request)
        return onWorker(request) { try metrics() }
    }

    private func metrics() throws -> Response {
        let now = parts.clock.now()
        var text = MetricsText()
        text.begin("rota_build_info", .gauge, "The version of Rota that answers.")
        text.sample("rota_build_info", [("version", parts.version)], 1)
        let gauges = try remembered.gauges(at: now, parts.readers)
        text.write(gauges, at: now)
        text.write(gauges.witnesses, of: parts.configuration().witnesses, at: now)
        text.write(parts.brake())
        text.write(
            "rota_store_wal_bytes", .gauge, "Length of the store's write-ahead log: it grows while somebody reads on.",
            parts.logSize())
        text.write(meter.readings)
        text.write(parts.vaultMeter.readings)
        return Response(
            200,
            headers: [
                ("Content-Type", MetricsText.contentType), Self.noStore, ("X-Content-Type-Options", "nosniff"),
            ], body: Array(text.text.utf8))
    }
}

extension MetricsText {
    fileprivate mutating func write(_ gauges: StoreGauges, at now: Instant) {
        write("rota_tokens_active", .gauge, "Tokens that are active.", gauges.active)
        begin("rota_tokens_ending", .gauge, "Active tokens that end within so many days.")
        for (within, count) in gauges.ending {
            sample("rota_tokens_ending", [("days", "\(within.seconds / 86_400)")], count)
        }
        write("rota_tokens_missing", .gauge, "Live tokens that their issuers do not list any more.", gauges.missing)
        begin("rota_findings_open", .gauge, "Violations that are open as of the last run: what is overdue.")
        for (rule, count) in gauges.findings {
            sample("rota_findings_open", [("policy", rule.policy), ("rule", rule.rule)], count)
        }
        write("rota_rotations_open", .gauge, "Rotations that are under way.", gauges.openRotations)
        write(
            "rota_rotations_stalled", .gauge, "Rotations that something is in the way of.", gauges.stalledRotations)
        write(
            "rota_rotations_unbegun", .gauge, "Rotations of policies that could not begin when they were tried last.",
            gauges.unbegunRotations)
        begin("rota_actions_blocked", .gauge, "Actions that wait for a person to mend something, by what.")
        for reason in BlockedReason.allCases {
            sample("rota_actions_blocked", [("reason", reason.rawValue)], gauges.blocked[reason] ?? 0)
        }
        write(
            "rota_plans_awaiting_approval", .gauge, "Saved plans that wait for an approval.", gauges.awaitingApproval)
        write("rota_waivers_in_force", .gauge, "Waivers that are in force.", gauges.waivers)
        begin("rota_webhook_deliveries", .gauge, "Deliveries of events that wait, were taken, or were given up.")
        let deliveries = gauges.deliveries
        for (state, count) in [
            ("waiting", deliveries.waiting), ("delivered", deliveries.delivered), ("dead", deliveries.dead),
        ] {
            sample("rota_webhook_deliveries", [("state", state)], count)
        }
        writeLastRun(gauges, at: now)
    }

    /// Nothing of the last run before the first one has ended: there is no number for that.
    private mutating func writeLastRun(_ gauges: StoreGauges, at now: Instant) {
        write(
            "rota_run_duration_seconds", .gauge, "How long the run that is under way has taken; 0 where none is.",
            gauges.unfinishedRunStart.map { max(0, (now - $0).seconds) } ?? 0)
        guard let run = gauges.lastRun else { return }
        if let finished = run.finishedAt {
            write(
                "rota_last_run_age_seconds", .gauge, "Seconds since a run has come to its end.",
                (now - finished).seconds)
        }
        if let planned = run.planned {
            write("rota_last_run_actions_due", .gauge, "Actions that were due in the last run.", planned)
        }
        write("rota_last_run_failed", .gauge, "Whether the last run was broken off.", run.aborted == nil ? 0 : 1)
        begin("rota_last_run_actions", .gauge, "What became of the actions of the last run.")
        for outcome in Outcome.allCases {
            sample("rota_last_run_actions", [("outcome", outcome.rawValue)], gauges.lastOutcomes[outcome] ?? 0)
        }
    }

    /// Of those that are configured; no age where nothing was taken yet.
    fileprivate mutating func write(_ records: [WitnessRecord], of names: [String], at now: Instant) {
        begin(
            "rota_witness_checkpoint_age_seconds", .gauge,
            "Seconds since a witness has last taken a checkpoint of the audit log.")
        for name in names {
            guard let taken = records.lazy.compactMap({ $0.name == name ? $0.taken : nil }).first else { continue }
            sample("rota_witness_checkpoint_age_seconds", [("witness", name)], (now - taken.at).seconds)
        }
        begin("rota_witness_failures", .gauge, "Attempts in a row in which a witness took no checkpoint.")
        for name in names {
            let count = records.lazy.compactMap { $0.name == name ? $0.failure?.count : nil }.first ?? 0
            sample("rota_witness_failures", [("witness", name)], count)
        }
    }

    fileprivate mutating func write(_ brake: Brake?) {
        begin("rota_held", .gauge, "Whether nothing destructive is done, by why.")
        for code in Brake.codes { sample("rota_held", [("reason", code)], code == brake?.code ? 1 : 0) }
    }

    fileprivate mutating func write(_ readings: [(endpoint: Meter.Endpoint, counts: Meter.Counts)]) {
        begin("rota_http_requests_total", .counter, "Requests that were answered, by endpoint and status.")
        for (endpoint, counts) in readings {
            for (status, count) in counts.answers.enumerated() where count > 0 {
                sample("rota_http_requests_total", [("endpoint", endpoint.name), ("code", "\(status)")], count)
            }
        }
        let name = "rota_verification_duration_seconds"
        begin(name, .histogram, "How long it took to answer what a value is worth.")
        for (endpoint, counts) in readings where endpoint.verifies {
            let label = (name: "endpoint", value: endpoint.name)
            var sum = 0
            for (bound, count) in zip(Meter.bounds.map { "\($0)" } + ["+Inf"], counts.durations) {
                sum += count
                sample("\(name)_bucket", [label, ("le", bound)], sum)
            }
            sample("\(name)_sum", [label], Double(counts.nanoseconds) / 1e9)
            sample("\(name)_count", [label], sum)
        }
    }

    fileprivate mutating func write(_ readings: [(key: VaultMeter.Key, count: Int)]) {
        begin("rota_vault_requests_total", .counter, "What vaults were asked for, and what came of it.")
        for (key, count) in readings {
            sample(
                "rota_vault_requests_total",
                [("vault", key.vault), ("operation", key.operation), ("outcome", key.outcome)], count)
        }
    }
}
