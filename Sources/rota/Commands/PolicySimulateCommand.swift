import Crypto
import Documents
import Engine
import JSON
import Reports
import RotaCore

extension Command {
    static let policySimulate = Command(
        words: ["policy", "simulate"],
        summary: "show how many actions the policies take on each of the coming days",
        discussion: """
            Changes nothing. Every token is followed through the days to come as 'rota serve' would act on it:
            schedules, windows, spread and pace, the freeze calendar, notices, overlaps, and what follows an action.
            Taken for granted is that nobody uses, changes or adds a token, that rotations succeed and consumers change
            over within the overlap, and that no plan is refused: where one would be for its limit, it is said.

            A changed file takes the place of the configured one of its name, and comes beside the others where there
            is none; a directory takes the place of all. Days are those of UTC, and today is what is left of it.
            """,
        operand: Operand(
            name: "CHANGED", help: "a policy file or a directory; else the configured policies", count: .optional),
        options: [
            Option("days", "COUNT", help: "how many days, today included; 90"),
            Option("enforced", help: "as if every policy had the mode enforce"),
            Option("html", "FILE", help: "write a page with a chart here, too"),
        ],
        examples: [
            "rota policy simulate", "rota policy simulate /tmp/production.yaml --days 180 --html chart.html",
            "rota policy simulate --enforced --json | jq .worst",
        ],
        run: simulate)
}

/// What is done for others must not take the server for hours.
private func requireModesty(of days: Int, _ store: any Store, _ invocation: Invocation) throws {
    guard invocation.surroundings != nil else { return }
    let tokens = try store.countActive()
    guard tokens * days > ServedCommands.mostTokenDays else { return }
    throw Failure.usage(
        "\(counted(tokens, "token")) over \(counted(days, "day")) are too much for a server that has others to serve",
        hint: "ask for \(max(1, ServedCommands.mostTokenDays / tokens)) days at the most, or do it where the store is")
}

private func simulate(_ invocation: Invocation) throws -> ExitCode {
    let (arguments, output, now) = (invocation.arguments, invocation.output, invocation.clock.now())
    let days = try arguments.integer("days", in: 1...366) ?? 90
    let path = arguments.value("html")
    if let path, kindOfFile(at: path) == .directory {
        throw Failure.usage("\(path) is a directory", hint: "give a file: --html \(path)/simulation.html")
    }
    let composition = try Composition(invocation)
    let configuration = composition.configuration
    var policies = try arguments.operands.first.map { try composition.policies(with: $0) } ?? composition.policies()
    if arguments.has("enforced") { for place in policies.policies.indices { policies.policies[place].mode = .enforce } }
    let store = try composition.openStore()
    defer { store.close() }
    try requireModesty(of: days, store, invocation)
    var simulation = PolicySimulation(
        of: policies, vaults: configuration.vaultNames, tracking: try store.tracking(),
        otherwise: configuration.schedule, calendar: configuration.freezeCalendar, limits: configuration.limits,
        waivers: ActiveWaivers(try store.waiversInForce(at: now)), from: now, days: days)
    let progress = TokenProgress("following", store, on: output)
    try simulatePolicies(&simulation, in: store, progress: progress.show)
    let document = ForecastDocument(simulation, policies.policies)
    if let path {
        let file = try NewFile(at: path, suffix: Hex.encode(invocation.random.bytes(4)))
        let page = ForecastPage(
            simulation.forecast, remarks: document.remarks, store: try store.identity(),
            generator: "rota \(Program.version)")
        try file.write(page.bytes)
        try file.place()
        output.note("\(path) is written")
    }
    if invocation.wantsJSON {
        output.document(document.json)
    } else {
        BrakeDocument.warn(of: try store.brake(by: invocation.clock.reading(), at: now), on: output)
        document.print(on: output)
    }
    return .done
}
