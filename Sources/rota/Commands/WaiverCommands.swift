import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let waiverRequest = Command(
        words: ["waiver", "request"],
        summary: "ask for a dated exception of tokens from a policy or a rule",
        discussion: """
            Nothing is waived before somebody else has approved it: 'rota waiver approve'. It is for one token, or for
            whatever matches all the conditions that are given, tokens that come later included. Without --rule it is
            for every rule of the policy. It always ends: in a year at the latest, or what 'waivers: { longest: … }' in
            the configuration says. Who asks is the account, or, with --token-file, whose token that is.
            """,
        options: [
            Option("policy", "NAME", required: true, help: "the policy"),
            Option("rule", "RULE", help: "one rule of it, as it is written: max-age, unused-for; else all"),
            Option("token", "TOKEN", help: "a name or an id"),
        ] + Selector.options + [
            Option("reason", "TEXT", required: true, help: "why, for who approves, reports and the audit log"),
            Option("for", "SPAN", help: "how long it lasts: 30d"),
            Option("until", "TIME", help: "when it ends: 2027-03-31"),
            Option("token-file", "FILE", help: "a token of who asks, with rota:operate or rota:admin"),
        ],
        examples: [
            "rota waiver request --policy production --rule max-age --token ingest --for 30d --reason 'vendor, OPS-7'",
            "rota waiver request --policy baseline --owner 'team-old' --until 2027-03-31 --reason 'replaced by then'",
        ],
        exitCodes: [.done, .failed, .usage, .refused, .outcomeUnknown],
        run: askForWaiver)

    static let waiverApprove = Command(
        words: ["waiver", "approve"],
        summary: "approve a waiver that somebody else asked for, at a running 'rota serve'",
        discussion: """
            An approval is given at a server, with --server and --token-file, or on its pages, and nowhere else. Who
            approves presents a token of Rota that is his own, with the scope rota:operate or rota:admin: from
            --token-file, else from standard input, never on the command line. He is the owner of that token, or its
            name where it has none, and must be another one than who asked. It is in force at once, until its end.

            \(Approval.withoutServer)
            """,
        operand: Operand(name: "WAIVER-ID", help: "as 'rota waiver list' shows it"),
        options: [
            Option("token-file", "FILE", help: "with --server: the approver's token"),
            Option("comment", "TEXT", help: "why, for the audit log"),
        ],
        examples: [
            "rota waiver approve waiver_0123456789ab --server https://rota.internal:8470 --token-file ~/.rota-token",
            "rota waiver approve waiver_0123456789ab --server unix:/run/rota/rota.sock < ~/.rota-token",
        ],
        exitCodes: [.done, .failed, .usage, .refused],
        run: { throw Approval.isElsewhere("rota waiver approve", $0) })

    static let waiverList = Command(
        words: ["waiver", "list"],
        summary: "show the waivers that are in force or asked for",
        options: [
            Option(
                "state", "STATE", repeats: true, help: "requested, active, expired or withdrawn; else the first two"),
            Option("policy", "NAME", help: "only those from this policy"),
        ],
        examples: ["rota waiver list", "rota waiver list --state expired --state withdrawn --json"],
        run: listWaivers)

    static let waiverShow = Command(
        words: ["waiver", "show"],
        summary: "show a waiver: what it is for, who asked, who approved, when it ends",
        operand: Operand(name: "WAIVER-ID", help: "as 'rota waiver list' shows it"),
        examples: ["rota waiver show waiver_0123456789ab"],
        run: showWaiver)

    static let waiverWithdraw = Command(
        words: ["waiver", "withdraw"],
        summary: "end a waiver, or a request for one, before its time",
        discussion: """
            Anybody who may use the store may do so, the one who asked for it, too. What the policy calls for is done by
            its next run.
            """,
        operand: Operand(name: "WAIVER-ID", help: "as 'rota waiver list' shows it"),
        options: [
            Option("token-file", "FILE", help: "say who does it by a token, and not by the account"),
            Option("reason", "TEXT", help: "why, for the audit log"),
        ],
        examples: ["rota waiver withdraw waiver_0123456789ab --reason 'the vendor has mended it'"],
        exitCodes: [.done, .failed, .usage, .refused, .outcomeUnknown],
        run: withdraw)
}

private func askForWaiver(_ invocation: Invocation) throws -> ExitCode {
    let arguments = invocation.arguments
    let now = invocation.clock.now()
    let reason = try reason(arguments)
    let end = try end(arguments, from: now)
    let selector = try selector(arguments)
    let composition = try Composition(invocation)
    let policies = try composition.policies().policies
    let store = try composition.openStore()
    defer { store.close() }
    let token = try arguments.value("token").map { try store.requireToken($0) }
    guard let subject = token.map({ .token($0.id) }) ?? selector.map(Waiver.Subject.matching) else {
        throw Failure.usage(
            "it does not say for which tokens", hint: "give --token TOKEN, or conditions such as --owner 'team-legacy'")
    }
    let request = WaiverRequest(
        subject: subject, policy: arguments.value("policy") ?? "", rule: arguments.value("rule"), reason: reason,
        endsAt: end, longest: composition.configuration.longestWaiver)
    let requester =
        try arguments.value("token-file").map {
            try authenticate($0, in: store, at: now, hint: "rota waiver request --token-file FILE ...")
        } ?? Principal(account: Process.actor.name)
    let waiver = try store.transaction {
        try requestWaiver(request, by: requester, policies: policies, in: store, random: invocation.random, at: now)
    }
    if let token, let policy = policies.first(where: { $0.name == waiver.policy }),
        let mismatch = policy.mismatch(with: token, at: now, tracking: try store.tracking())
    {
        invocation.output.warning(
            printable("policy '\(policy.name)' does not select '\(token.name)' now: \(mismatch.description)"))
    }
    guard !invocation.wantsJSON else {
        invocation.output.document(["waiver": waiver.json(at: now, name: token?.name)])
        return .done
    }
    invocation.output.line(
        printable(
            "asked for as \(waiver.id), until \(spoken(waiver.endsAt, from: now)); "
                + "\(requester.others) approves it: rota waiver approve \(waiver.id) --server URL"))
    return .done
}

private func reason(_ arguments: Arguments) throws(Failure) -> String {
    let reason = arguments.value("reason") ?? ""
    guard !reason.allSatisfy(\.isWhitespace) else {
        throw .usage("--reason is empty", hint: "say why in a few words")
    }
    return try arguments.remark("reason")
}

private func end(_ arguments: Arguments, from now: Instant) throws(Failure) -> Instant {
    guard !(arguments.has("for") && arguments.has("until")) else {
        throw .usage("--for and --until are given", hint: "give one of them")
    }
    if let span = try arguments.span("for") { return now + span }
    if let end = try arguments.instant("until") { return end }
    throw .usage("it does not say when it ends, and no waiver is for ever", hint: "give --for 30d or --until TIME")
}

/// Nil where no condition is given.
private func selector(_ arguments: Arguments) throws(Failure) -> Selector? {
    let selector = try Selector(arguments)
    guard selector != .all else { return nil }
    guard !arguments.has("token") else {
        throw .usage("--token and conditions are given", hint: "it is for one token, or for what matches: give one")
    }
    return selector
}

private func withdraw(_ invocation: Invocation) throws -> ExitCode {
    let arguments = invocation.arguments
    let (id, now) = (arguments.operands[0], invocation.clock.now())
    let store = try Composition(invocation).openStore()
    defer { store.close() }
    let hint = "rota waiver withdraw \(printable(id)) --token-file FILE"
    let person =
        try arguments.value("token-file").map { try authenticate($0, in: store, at: now, hint: hint) }
        ?? Principal(account: Process.actor.name)
    let waiver = try store.transaction {
        try withdrawWaiver(id, by: person, reason: try arguments.remark("reason"), in: store, at: now)
    }
    try tell(waiver, "withdrawn by \(person.name); \(waiver.id) waives nothing any more", invocation, store)
    return .done
}

private func tell(_ waiver: Waiver, _ sentence: String, _ invocation: Invocation, _ store: any Store) throws {
    guard invocation.wantsJSON else { return invocation.output.line(printable(sentence)) }
    let name = try store.tokenName(of: waiver)
    invocation.output.document(["waiver": waiver.json(at: invocation.clock.now(), name: name)])
}

private func listWaivers(_ invocation: Invocation) throws -> ExitCode {
    let arguments = invocation.arguments
    let now = invocation.clock.now()
    let states = try states(arguments)
    let store = try Composition(invocation).openStore()
    defer { store.close() }
    var waivers: [(waiver: Waiver, name: String?)] = []
    try store.eachWaiver { waiver in
        if states.contains(waiver.state(at: now)), arguments.value("policy").map({ $0 == waiver.policy }) ?? true {
            waivers.append((waiver, try store.tokenName(of: waiver)))
        }
        return true
    }
    // The first to end first.
    waivers.sort { ($0.waiver.endsAt, $0.waiver.id) < ($1.waiver.endsAt, $1.waiver.id) }
    guard !invocation.wantsJSON else {
        invocation.output.document(["waivers": .array(waivers.map { $0.waiver.json(at: now, name: $0.name) })])
        return .done
    }
    var table = Table(
        ["waiver", "state", "policy", "rule", "for", "ends", "asked for by", "approved by", "reason"],
        on: invocation.output)
    for (waiver, name) in waivers {
        table.add([
            waiver.id, waiver.state(at: now).rawValue, waiver.policy, waiver.rule ?? "(all)",
            name ?? waiver.subject(named: nil), waiver.endsAt.description, waiver.requester.name,
            waiver.approval?.approver.name ?? "-", waiver.reason,
        ])
    }
    table.finish()
    if waivers.isEmpty { invocation.output.line("there is no such waiver; see 'rota waiver request --help'") }
    return .done
}

private func states(_ arguments: Arguments) throws(Failure) -> [Waiver.State] {
    var states: [Waiver.State] = []
    for text in arguments.all("state") {
        guard let state = Waiver.State(rawValue: text) else {
            let words = Waiver.State.allCases.map(\.rawValue)
            throw .usage(
                "--state: '\(printable(text))' is none of \(words.joined(separator: ", "))",
                hint: nearest(to: text, among: words).map { "did you mean '\($0)'?" })
        }
        states.append(state)
    }
    return states.isEmpty ? [.requested, .active] : states
}

private func showWaiver(_ invocation: Invocation) throws -> ExitCode {
    let now = invocation.clock.now()
    let store = try Composition(invocation).openStore()
    defer { store.close() }
    let waiver = try store.requireWaiver(invocation.arguments.operands[0])
    let name = try store.tokenName(of: waiver)
    guard !invocation.wantsJSON else {
        invocation.output.document(["waiver": waiver.json(at: now, name: name)])
        return .done
    }
    func at(_ principal: Principal, _ instant: Instant) -> String {
        let account = principal.name == principal.account ? "" : ", from \(principal.account)"
        return "\(principal.name)\(account), \(spoken(instant, from: now))"
    }
    var fields = Fields()
    fields.add("waiver", waiver.id)
    fields.add("state", waiver.state(at: now).rawValue)
    fields.add("policy", waiver.policy)
    fields.add("rule", waiver.rule ?? "all of it")
    fields.add("for", waiver.subject(named: name))
    fields.add("reason", waiver.reason)
    fields.add("asked for by", at(waiver.requester, waiver.requestedAt))
    fields.add("approved by", waiver.approval.map { at($0.approver, $0.at) } ?? "nobody: nothing is waived")
    fields.add("comment", waiver.approval?.comment)
    fields.add("until", spoken(waiver.endsAt, from: now))
    fields.add("ended", waiver.ending.map { "\(spoken($0.at, from: now)) by \($0.by): \($0.cause)" })
    fields.print(on: invocation.output)
    return .done
}
