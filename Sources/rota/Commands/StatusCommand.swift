import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let status = Command(
        words: ["status"],
        summary: "show the store, the last run, open rotations, findings, drift and deliveries",
        discussion: """
            The next run is that of 'rota serve', by the schedules of the policies; 'rota policy calendar' has all.
            Rotations that a person asked for and that failed are told until the token has a new value. Drift is what
            'rota vault drift' found when somebody looked last, as of then.
            """,
        options: [AbridgedTable.option],
        examples: ["rota status", "rota status --json | jq .rotations"],
        run: showStatus)
}

private func showStatus(_ invocation: Invocation) throws -> ExitCode {
    let composition = try Composition(invocation)
    let store = try composition.openStore()
    defer { store.close() }
    let status = try Status(of: store, composition)
    if invocation.wantsJSON {
        invocation.output.document(status.json)
    } else {
        status.print(
            on: invocation.output, at: invocation.clock.now(), isWhole: invocation.arguments.has("all"))
    }
    return .done
}

private struct Status {
    private let store: String
    private let configuration: String
    private let identity: StoreIdentity
    private let brake: Brake?
    /// Also where something else comes first.
    private let freeze: Freeze?
    /// What the configuration says beforehand.
    private let calendar: FreezeCalendar?
    private let at: Instant
    private let active: Int
    /// Not in their issuers' lists any more.
    private let missing: Int
    private let lastRun: RunRecord?
    /// Nil where they have faults.
    private let policies: [Policy]?
    private let schedule: Schedule
    private let rotations: [OpenRotation]
    /// What persons asked for and did not get.
    private let failed: [FailedRotation]
    /// Nil when nobody has looked.
    private let drift: KnownDrift?
    /// Actions that wait for a person to mend something.
    private let blocked: [(name: String, block: Block)]
    /// Rotations that could not begin.
    private let unbegun: [(name: String, attempts: FailedAttempts)]
    /// Saved plans that wait for an approval.
    private let awaiting: [SavedPlan]
    private let withoutValue: [MissingValue]
    private let findings: Int
    /// In force, the first to end first.
    private let waivers: [Waiver]
    /// How many wait for somebody's yes.
    private let askedWaivers: Int
    private let deliveries: DeliveryCounts
    private let unconfigured: UnconfiguredWebhooks
    /// Webhooks whose receivers want no more events.
    private let disabled: [DisabledEndpoint]
    /// Who has which checkpoint of the audit log.
    private let witnesses: WitnessDocument
    /// The last stretch of each tracker, latest first.
    private let trackers: [Heartbeat]

    init(of store: any Store, _ composition: Composition) throws {
        let configuration = composition.configuration
        self.store = configuration.store
        self.configuration = configuration.file
        identity = try store.identity()
        brake = try store.brake(by: composition.invocation.clock.reading())
        freeze = try store.freeze(at: composition.invocation.clock.now())
        calendar = configuration.freezeCalendar
        at = composition.invocation.clock.now()
        active = try store.countActive()
        missing = try store.countAbsent()
        lastRun = try store.lastRun()
        policies = composition.loadedPolicies?.policies
        schedule = configuration.schedule
        rotations = try store.openRotations().map {
            OpenRotation($0, of: try store.token($0.tokenID))
        }
        failed = try store.failedRotations()
        drift = try store.knownDrift()
        blocked = try store.blocks().filter { !$0.reason.isByDesign }.map {
            (try store.token($0.tokenID)?.name ?? $0.tokenID.text, $0)
        }
        unbegun = try store.failedAttempts().map { (try store.token($0.tokenID)?.name ?? $0.tokenID.text, $0) }
        awaiting = try store.openPlans(at: at).filter { [at] in $0.needsApproval && $0.approval(at: at) == nil }
        withoutValue = try MissingValue.all(in: store)
        var open = 0
        try store.eachOpenFinding { _ in
            open += 1
            return true
        }
        findings = open
        waivers = try store.waiversInForce(at: at)
        var asked = 0
        try store.eachWaiver { waiver in
            if waiver.state(at: composition.invocation.clock.now()) == .requested { asked += 1 }
            return true
        }
        askedWaivers = asked
        deliveries = try store.deliveryCounts()
        unconfigured = try UnconfiguredWebhooks(in: store, configured: configuration.webhooks.map(\.name))
        disabled = composition.disabledWebhooks(in: try store.disabledEndpoints()).values.sorted { $0.name < $1.name }
        witnesses = WitnessDocument(configuration.witnesses, try store.witnesses())
        let stretches = Dictionary(grouping: try store.heartbeats(), by: \.tracker)
        trackers = stretches.values.compactMap { $0.max { $0.beatAt < $1.beatAt } }
            .sorted { ($1.beatAt, $0.tracker) < ($0.beatAt, $1.tracker) }
    }

    private var stalled: [OpenRotation] { rotations.filter { $0.rotation.cause != nil } }

    var json: JSON {
        let failedRotations: [JSON] = failed.map { json($0) }
        let knownDrift: JSON = drift.map { json($0) } ?? .null
        return [
            "store": .string(store), "configuration": .string(configuration),
            "instance": .string(identity.instance), "generation": .integer(identity.generation),
            "generation_id": .string(identity.generationID),
            "created_at": TokenDocument.time(identity.createdAt), "held": BrakeDocument.json(brake),
            "freeze": BrakeDocument.json(freeze), "freeze_calendar": FreezeCalendarDocument.json(calendar, at: at),
            "active_tokens": .integer(active), "missing_tokens": .integer(missing),
            "open_findings": .integer(findings), "last_run": lastRun.map { RunRecordDocument.json($0) } ?? .null,
            "schedules": policies.map {
                ScheduleDocument.json($0, otherwise: schedule, calendar: calendar, after: at, fires: 1)
            } ?? .null,
            "rotations": .array(
                rotations.map { open in
                    [
                        "token_id": .string(open.rotation.tokenID.text), "name": .string(open.name),
                        "rotation": TokenDocument.json(open.rotation),
                    ]
                }),
            "failed_rotations": .array(failedRotations), "drift": knownDrift,
            "waivers": [
                "in_force": .integer(waivers.count), "requested": .integer(askedWaivers),
                "next_end": TokenDocument.time(waivers.first?.endsAt),
            ],
            "blocked": .array(
                blocked.map { name, block in
                    [
                        "token_id": .string(block.tokenID.text), "name": .string(name),
                        "action": .string(block.action.rawValue), "policy": .string(block.policy),
                        "rule": .string(block.rule), "blocked": .string(block.reason.rawValue),
                        "cause": .string(block.cause), "since": TokenDocument.time(block.since),
                    ]
                }),
            "failed_attempts": .array(
                unbegun.map { name, attempts in
                    [
                        "token_id": .string(attempts.tokenID.text), "name": .string(name),
                        "attempts": TokenDocument.json(attempts),
                    ]
                }),
            "awaiting_approval": .array(awaiting.map { SavedPlanDocument.json($0, at: at) }),
            "tokens_without_value": .array(withoutValue.map(\.json)),
            "trackers": .array(trackers.map(json)), "witnesses": witnesses.json,
            "deliveries": [
                "waiting": .integer(deliveries.waiting), "delivered": .integer(deliveries.delivered),
                "dead": .integer(deliveries.dead), "unconfigured": unconfigured.json,
                "disabled": .array(disabled.map { .string($0.name) }),
            ],
        ]
    }

    private func json(_ failed: FailedRotation) -> JSON {
        [
            "token_id": .string(failed.token.id.text), "name": .string(failed.token.name),
            "asked_by": .string(failed.rotation.claim.actor.name), "at": TokenDocument.time(failed.rotation.claimedAt),
            "cause": .string(failed.cause),
        ]
    }

    private func json(_ drift: KnownDrift) -> JSON {
        [
            "looked_at": TokenDocument.time(drift.lookedAt), "all_looked_at": TokenDocument.time(drift.allLookedAt),
            "drifted": .integer(drift.places.count + drift.untold), "unreadable": .integer(drift.unreadable),
            "places": .array(
                drift.places.map { place in
                    [
                        "token_id": .string(place.token.id.text), "name": .string(place.token.name),
                        "destination": .string(place.destination), "finding": .string(place.drift.rawValue),
                        "seen_at": TokenDocument.time(place.seenAt),
                    ]
                }),
        ]
    }

    private func json(_ tracker: Heartbeat) -> JSON {
        [
            "tracker": .string(tracker.tracker), "started_at": TokenDocument.time(tracker.startedAt),
            "beat_at": TokenDocument.time(tracker.beatAt), "asked_at": TokenDocument.time(tracker.askedAt),
        ]
    }

    /// Whether uses are seen: idle clocks stand still while they are not.
    private func watching(at now: Instant) -> String {
        guard let latest = trackers.first else { return "by nobody yet; what is known of them is as imported" }
        let asked = latest.askedAt.map { "last asked \(distance(to: $0, from: now))" } ?? "never asked"
        return "until \(spoken(latest.beatAt, from: now)) by \(latest.tracker), \(asked)"
    }

    func print(on output: Output, at now: Instant, isWhole: Bool) {
        BrakeDocument.warn(of: brake, on: output)
        printFields(on: output, at: now)
        printRotations(on: output, at: now, isWhole)
        printDrift(on: output, at: now, isWhole)
        var stuck = AbridgedTable(
            ["token", "action", "policy", "since", "cause"], on: output, title: "Blocked actions", isWhole: isWhole)
        for (name, block) in blocked {
            stuck.add(
                kind: "\(block.policy): \(block.action.rawValue), \(block.reason.rawValue)",
                [name, block.action.rawValue, block.policy, distance(to: block.since, from: now), block.cause])
        }
        stuck.finish()
        printUnbegun(on: output, at: now, isWhole)
        var missing = Table(
            ["token", "made", "cause", "what to do"], on: output, title: "Tokens without a value")
        for entry in withoutValue {
            missing.add([
                entry.token.name, distance(to: entry.token.createdAt, from: now), entry.why, entry.remedy,
            ])
        }
        missing.finish()
    }

    private func printFields(on output: Output, at now: Instant) {
        var fields = Fields()
        fields.add("store", store)
        fields.add("configuration", configuration)
        fields.add("instance", "\(identity.instance), \(identity.spokenGeneration)")
        fields.add("frozen", freeze.map { BrakeDocument.sentence($0, at: now) })
        fields.add("freeze calendar", FreezeCalendarDocument.sentence(calendar, at: now))
        fields.add("active tokens", String(active))
        fields.add(
            "missing tokens",
            missing == 0 ? nil : "\(missing) not in their issuers' lists any more: rota token list --missing")
        fields.add("open findings", spokenFindings)
        fields.add("waivers", spokenWaivers(at: now))
        fields.add("last run", lastRun.map { describe($0, at: now) } ?? "never")
        fields.add("next run", spokenNextRun(at: now))
        fields.add(
            "rotations",
            "\(rotations.count) not finished" + (stalled.isEmpty ? "" : ", \(stalled.count) stuck")
                + (failed.isEmpty ? "" : "; \(failed.count) asked for and failed"))
        for plan in awaiting {
            fields.add(
                "approval",
                "\(plan.id) waits for one since \(spoken(plan.at, from: now)), with "
                    + "\(counted(plan.actions, "action")) of \(plan.policy.map { "'\($0)'" } ?? "all policies")")
        }
        fields.add("drift", drift.map { describe($0, at: now) } ?? "nobody has looked; see 'rota vault drift'")
        fields.add("uses watched", watching(at: now))
        fields.add(
            "deliveries",
            "\(deliveries.waiting) waiting, \(deliveries.delivered) delivered, \(deliveries.dead) given up")
        fields.add("webhooks gone", unconfigured.sentence)
        for endpoint in disabled {
            fields.add(
                "webhook off",
                "\(endpoint.name), since \(spoken(endpoint.at, from: now)): \(endpoint.cause); when that is mended: "
                    + "rota webhook test \(endpoint.name)")
        }
        for line in witnesses.lines(at: now) { fields.add("witness", line) }
        fields.print(on: output)
    }

    /// Of the policy that 'rota serve' runs first.
    private func spokenNextRun(at now: Instant) -> String {
        guard let policies else { return "not known: the policies have faults; see 'rota policy check'" }
        let next = policies.compactMap { policy in
            (policy.schedule ?? schedule).nextActing(after: now, calendar: calendar).map { (policy, $0) }
        }
        guard let (policy, _) = next.min(by: { $0.1 < $1.1 }) else { return "none within \(Schedule.farthest)" }
        let others =
            policies.count == 1
            ? "" : "; of \(counted(policies.count, "policy", "policies")), see 'rota policy calendar'"
        return printable("'\(policy.name)' ")
            + ScheduleDocument.next(policy, otherwise: schedule, calendar: calendar, after: now) + others
    }

    /// Only a run opens findings: before the first one there being none says nothing.
    private var spokenFindings: String {
        if findings > 0 { return "\(findings); 'rota report' tells each" }
        return lastRun == nil ? "not known: no run has looked yet; see 'rota plan'" : "0"
    }

    /// Nil where there is none.
    private func spokenWaivers(at now: Instant) -> String? {
        guard !waivers.isEmpty || askedWaivers > 0 else { return nil }
        let next = waivers.first.map { ", the next ends \(distance(to: $0.endsAt, from: now))" } ?? ""
        let asked = askedWaivers > 0 ? "; \(askedWaivers) asked for and not approved" : ""
        return "\(waivers.count) in force\(next)\(asked): rota waiver list"
    }

    private func printRotations(on output: Output, at now: Instant, _ isWhole: Bool) {
        var open = AbridgedTable(
            ["token", "phase", "since", "next", "cause"], on: output, title: "Rotations", isWhole: isWhole)
        for entry in rotations.sorted(by: { ($0.nextAt, $0.name) < ($1.nextAt, $1.name) }) {
            open.add(
                kind: entry.kind,
                [
                    entry.name, entry.rotation.phase.rawValue, distance(to: entry.rotation.claimedAt, from: now),
                    entry.next(at: now), entry.rotation.cause ?? "-",
                ])
        }
        open.finish()
        var given = AbridgedTable(
            ["token", "asked", "by", "cause"], on: output,
            title: "Failed rotations: asked for by a person, and not tried again; 'rota token rotate' does",
            isWhole: isWhole)
        for entry in failed {
            let actor = entry.rotation.claim.actor.name
            given.add(
                kind: actor,
                [entry.token.name, distance(to: entry.rotation.claimedAt, from: now), actor, entry.cause])
        }
        given.finish()
    }

    private func printDrift(on output: Output, at now: Instant, _ isWhole: Bool) {
        guard let drift else { return }
        var table = AbridgedTable(
            ["token", "destination", "drift", "seen"], on: output,
            title: "Drift: as it was seen; 'rota vault drift' looks again", isWhole: isWhole)
        for place in drift.places {
            table.add(
                kind: place.drift.rawValue,
                [place.token.name, place.destination, place.drift.rawValue, distance(to: place.seenAt, from: now)])
        }
        table.finish()
        if drift.untold > 0 { output.line("… and \(drift.untold) more that were only counted") }
    }

    private func describe(_ drift: KnownDrift, at now: Instant) -> String {
        let count = drift.places.count + drift.untold
        let unread = drift.unreadable > 0 ? ", \(drift.unreadable) not readable" : ""
        let reach =
            switch drift.allLookedAt {
            case nil: "; never at all of them"
            case drift.lookedAt: ""
            case let all?: "; at all of them \(spoken(all, from: now))"
            }
        return "\(counted(count, "destination"))\(unread), seen \(spoken(drift.lookedAt, from: now))\(reach)"
    }

    private func printUnbegun(on output: Output, at now: Instant, _ isWhole: Bool) {
        var table = AbridgedTable(
            ["token", "policy", "failures", "since", "not before", "cause"], on: output,
            title: "Rotations that could not begin", isWhole: isWhole)
        for (name, attempts) in unbegun {
            table.add(
                kind: attempts.policy,
                [
                    name, attempts.policy, String(attempts.count), distance(to: attempts.since, from: now),
                    distance(to: attempts.nextAttemptAt, from: now), attempts.cause,
                ])
        }
        table.finish()
    }

    private func describe(_ run: RunRecord, at now: Instant) -> String {
        let begun = "\(spoken(run.startedAt, from: now)) by \(run.actor)"
        if let aborted = run.aborted { return "\(begun), aborted: \(aborted)" }
        return run.finishedAt == nil ? "\(begun), not finished" : begun
    }
}

/// A rotation that is not finished, with what comes next.
private struct OpenRotation {
    let name: String
    let rotation: Rotation
    /// When the last of the older values ends; nil outside an overlap.
    private let overlapEnd: Instant?

    init(_ rotation: Rotation, of token: Token?) {
        name = token?.name ?? rotation.tokenID.text
        self.rotation = rotation
        overlapEnd = rotation.phase == .overlap && rotation.cause == nil ? token?.values.overlapEndsAt : nil
    }

    /// What it is counted as where it is not shown.
    var kind: String {
        let what = rotation.cause == nil ? rotation.phase.rawValue : "\(rotation.phase.rawValue), stuck"
        return "\(rotation.trigger?.policy ?? rotation.claim.actor.name): rotate, \(what)"
    }

    /// When something comes.
    var nextAt: Instant { overlapEnd ?? rotation.nextAttemptAt }

    /// What comes, and when.
    func next(at now: Instant) -> String {
        guard let overlapEnd else { return "tried \(distance(to: rotation.nextAttemptAt, from: now))" }
        if overlapEnd > now { return "ends \(distance(to: overlapEnd, from: now))" }
        // Looked at and kept, for what is known of its use.
        return rotation.nextAttemptAt > now
            ? "kept until its consumers have changed over: next look \(distance(to: rotation.nextAttemptAt, from: now))"
            : "ends with the next run"
    }
}
