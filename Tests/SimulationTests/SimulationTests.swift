import Crypto
import TestSupport
import Testing

/// Histories in which everything fails that may, and nothing may be lost. `make test-simulation` runs a million steps.
@Suite struct SimulationTests {
    @Test func `nothing is broken in any history`() async throws {
        // Of each history, while things fail.
        let steps = ProcessEnvironment.value("ROTA_SIMULATION_STEPS").flatMap(Int.init) ?? 1_000
        if let seed = ProcessEnvironment.value("ROTA_SIMULATION_SEED").flatMap(UInt64.init) {
            let outcome = try Simulation(seed: seed).run(steps: steps)
            #expect(outcome.violation == nil, "\(outcome.violation ?? "")")
            return
        }
        let seeds = ProcessEnvironment.value("ROTA_SIMULATION_SEEDS").flatMap(UInt64.init) ?? 12
        // A long run is taken in parts, each of which may be stopped and begun again.
        let first = ProcessEnvironment.value("ROTA_SIMULATION_FIRST").flatMap(UInt64.init) ?? 1
        let totals = Locked((steps: 0, kills: 0, rotations: 0, fillings: 0, histories: 0))
        try await withThrowingTaskGroup { group in
            for worker in 0..<2 {
                group.addTask {
                    for seed in (first..<first + seeds).filter({ $0 % 2 == UInt64(worker) }) {
                        let outcome = try Simulation(seed: seed).run(steps: steps)
                        #expect(outcome.violation == nil, "\(outcome.violation ?? "")")
                        totals.withLock {
                            $0.steps += outcome.steps
                            $0.kills += outcome.kills
                            $0.rotations += outcome.rotations
                            $0.fillings += outcome.fillings
                            $0.histories += 1
                        }
                        if outcome.violation != nil { return }
                    }
                }
            }
            try await group.waitForAll()
        }
        let sum = totals.withLock { $0 }
        #expect(sum.histories == Int(seeds) && sum.steps >= steps * Int(seeds) && sum.rotations > 3 * sum.histories)
        // They are rare, and a long run that meets none says nothing of them.
        #expect(sum.histories < 1_000 || sum.fillings > 0)
        print(
            "simulation: \(sum.histories) histories, \(sum.steps) steps, \(sum.kills) kills,"
                + " \(sum.rotations) values became current, \(sum.fillings) empty places were filled")
    }

    @Test func `one seed gives one history`() throws {
        let first = try Simulation(seed: 7).run(steps: 500)
        let second = try Simulation(seed: 7).run(steps: 500)
        #expect(first.steps == second.steps && first.kills == second.kills && first.rotations == second.rotations)
    }
}
