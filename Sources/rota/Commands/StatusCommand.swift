import Engine
import JSON
import RotaCore

extension Command {
    static let status = Command(
        words: ["status"],
        summary: "show the store, the last run, open rotations, findings and deliveries",
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
        status.print(on: invocation.output, at: invocation.clock.now())
    }
    return .done
}

private struct Status {
    private static let mostListed = 100

    private let store: String
    private let configuration: String
    private let identity: StoreIdentity
    private let brake: Brake?
    /// Also where something else comes first.
    private let freeze: Freeze?
    private let active: Int
    private let lastRun: RunRecord?
    private let rotations: [OpenRotation]
    /// Actions that wait for a person to mend something.
    private let blocked: [(name: String, block: Block)]
    private let withoutValue: [MissingValue]
    private let findings: Int
    private let deliveries: DeliveryCounts
    private let unconfigured: UnconfiguredWebhooks
    /// Webhooks whose receivers want no more events.
    private let disabled: [DisabledEndpoint]
    /// The last stretch of each tracker, latest first.
    private let trackers: [Heartbeat]

    init(of store: any Store, _ composition: Composition) throws {
        let configuration = composition.configuration
        self.store = configuration.store
        self.configuration = configuration.file
        identity = try store.identity()
        brake = try store.brake(by: composition.invocation.clock.reading())
        freeze = try store.freeze(at: composition.invocation.clock.now())
        active = try store.countActive()
        lastRun = try store.lastRun()
        rotations = try store.openRotations().map {
            OpenRotation($0, of: try store.token($0.tokenID))
        }
        blocked = try store.blocks().filter { !$0.reason.isByDesign }.map {
            (try store.token($0.tokenID)?.name ?? $0.tokenID.text, $0)
        }
        withoutValue = try MissingValue.all(in: store)
        var open = 0
        try store.eachOpenFinding { _ in
            open += 1
            return true
        }
        findings = open
        deliveries = try store.deliveryCounts()
        unconfigured = try UnconfiguredWebhooks(in: store, configured: configuration.webhooks.map(\.name))
        disabled = composition.disabledWebhooks(in: try store.disabledEndpoints()).values.sorted { $0.name < $1.name }
        let stretches = Dictionary(grouping: try store.heartbeats(), by: \.tracker)
        trackers = stretches.values.compactMap { $0.max { $0.beatAt < $1.beatAt } }
            .sorted { ($1.beatAt, $0.tracker) < ($0.beatAt, $1.tracker) }
    }

    private var stalled: [OpenRotation] { rotations.filter { $0.rotation.cause != nil } }

    var json: JSON {
        [
            "store": .string(store), "configuration": .string(configuration),
            "instance": .string(identity.instance), "generation": .integer(identity.generation),
            "created_at": TokenDocument.time(identity.createdAt), "held": BrakeDocument.json(brake),
            "freeze": BrakeDocument.json(freeze),
            "active_tokens": .integer(active),
            "open_findings": .integer(findings), "last_run": lastRun.map(json) ?? .null,
            "rotations": .array(
                rotations.map { open in
                    [
                        "token_id": .string(open.rotation.tokenID.text), "name": .string(open.name),
                        "rotation": TokenDocument.json(open.rotation),
                    ]
                }),
            "blocked": .array(
                blocked.map { name, block in
                    [
                        "token_id": .string(block.tokenID.text), "name": .string(name),
                        "action": .string(block.action.rawValue), "policy": .string(block.policy),
                        "rule": .string(block.rule), "blocked": .string(block.reason.rawValue),
                        "cause": .string(block.cause), "since": TokenDocument.time(block.since),
                    ]
                }),
            "tokens_without_value": .array(withoutValue.map(\.json)),
            "trackers": .array(trackers.map(json)),
            "deliveries": [
                "waiting": .integer(deliveries.waiting), "delivered": .integer(deliveries.delivered),
                "dead": .integer(deliveries.dead), "unconfigured": unconfigured.json,
                "disabled": .array(disabled.map { .string($0.name) }),
            ],
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

    private func json(_ run: RunRecord) -> JSON {
        [
            "id": .string(run.id), "plan": TokenDocument.text(run.plan), "actor": .string(run.actor),
            "started": TokenDocument.time(run.startedAt), "finished": TokenDocument.time(run.finishedAt),
            "aborted": TokenDocument.text(run.aborted),
        ]
    }

    func print(on output: Output, at now: Instant) {
        BrakeDocument.warn(of: brake, on: output)
        var fields = Fields()
        fields.add("store", store)
        fields.add("configuration", configuration)
        fields.add("instance", "\(identity.instance), generation \(identity.generation)")
        fields.add("frozen", freeze.map { BrakeDocument.sentence($0, at: now) })
        fields.add("active tokens", String(active))
        fields.add("open findings", String(findings))
        fields.add("last run", lastRun.map { describe($0, at: now) } ?? "never")
        fields.add(
            "rotations",
            "\(rotations.count) not finished" + (stalled.isEmpty ? "" : ", \(stalled.count) stuck"))
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
        fields.print(on: output)
        var table = Table(["token", "phase", "since", "next", "cause"], on: output, title: "Rotations")
        for open in rotations.sorted(by: { ($0.nextAt, $0.name) < ($1.nextAt, $1.name) }) {
            table.add([
                open.name, open.rotation.phase.rawValue, distance(to: open.rotation.claimedAt, from: now),
                open.next(at: now), open.rotation.cause ?? "-",
            ])
        }
        table.finish()
        var stuck = Table(["token", "action", "policy", "since", "cause"], on: output, title: "Blocked actions")
        for (name, block) in blocked.prefix(Self.mostListed) {
            stuck.add([
                name, block.action.rawValue, block.policy, distance(to: block.since, from: now), block.cause,
            ])
        }
        stuck.finish()
        if blocked.count > Self.mostListed { output.line("… and \(blocked.count - Self.mostListed) more") }
        var missing = Table(
            ["token", "made", "cause", "what to do"], on: output, title: "Tokens without a value")
        for entry in withoutValue {
            missing.add([
                entry.token.name, distance(to: entry.token.createdAt, from: now), entry.why, entry.remedy,
            ])
        }
        missing.finish()
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

    /// When something comes.
    var nextAt: Instant { overlapEnd ?? rotation.nextAttemptAt }

    /// What comes, and when.
    func next(at now: Instant) -> String {
        guard let overlapEnd else { return "tried \(distance(to: rotation.nextAttemptAt, from: now))" }
        return overlapEnd > now ? "ends \(distance(to: overlapEnd, from: now))" : "ends with the next run"
    }
}
