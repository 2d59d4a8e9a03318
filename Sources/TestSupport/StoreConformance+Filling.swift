import Engine
import RotaCore

extension StoreConformance {
    static let filling: [StoreClaim] = [
        StoreClaim("a filling gives the current version a row at the empty place, which is proved when it is read back")
        {
            bench in
            let id = try bench.add("t").id
            let version = try bench.armed(id).version
            let place = try bench.places(id)[0]
            _ = try bench.send(id, version, to: place)
            for (count, base) in ["4", "6"].enumerated() {
                let sent = Push(
                    version: 1, destinationID: place, state: .sending, base: base, firstBase: "4", attempt: count + 1)
                let written = try bench.written {
                    try require(try bench.fill(id, version, at: place, base: base) == sent, "sending, over \(base)")
                }
                try require(written == (0, 0), "the row is the record: \(written)")
                try require(try bench.push(id, 1, place) == sent, "and kept")
            }
            try bench.requireNothing(of: id, "proving the filling before") {
                try !bench.verify(id, 1, at: place, attempt: 1)
            }
            try require(try bench.verify(id, 1, at: place), "read back")
            let proved = try bench.push(id, 1, place)
            try require(proved.state == .verified && proved.verifiedBase == "2", "verified: \(proved)")
            try require(try bench.fill(id, version, at: place, base: "9") == proved, "what is proved stays so")
            try bench.requireNothing(of: id, "proving twice") { try !bench.verify(id, 1, at: place) }
        },
        StoreClaim("a filling serves a pending version whose row there is being sent and has not changed") { bench in
            let id = try bench.add("t", destinations: 2).id
            let version = try bench.armed(id).version
            let places = try bench.places(id)
            try bench.requireNothing(of: id, "nothing was sent there") {
                try bench.fill(id, version, at: places[0], attempt: 0) == nil
            }
            _ = try bench.send(id, version, to: places[0])
            let refused: [(String, Int, Int, Int64, Int)] = [
                ("another attempt", 1, version, places[0], 2), ("another place", 1, version, places[1], 1),
                ("another version", 1, 1, places[0], 1), ("what is not current", version, version, places[0], 1),
                ("what there never was", 7, version, places[0], 1),
            ]
            for (what, current, version, place, attempt) in refused {
                try bench.requireNothing(of: id, what) {
                    try bench.fill(id, version, at: place, with: current, attempt: attempt) == nil
                }
            }
            let there = try bench.store.destinations(of: id)[0]
            _ = try bench.write { try $0.removeDestination(there, from: id, change: bench.change()) }
            try bench.requireNothing(of: id, "a place that is gone") {
                try bench.fill(id, version, at: places[0]) == nil
            }
            _ = try bench.write { try $0.leaveUnconfirmed(id, version: version, change: bench.change()) }
            try bench.write { try $0.addDestination(there, to: id, change: bench.change()) }
            try bench.requireNothing(of: id, "a version that is not pending any more") {
                try bench.fill(id, version, at: places[0]) == nil
            }
            try require(try !bench.store.pushes(of: id).contains { $0.version == 1 }, "no row was made")
        },
        StoreClaim("what was filled in is not retired by a successor that was never there") { bench in
            for isFilled in [false, true] {
                let id = try bench.add("t-\(isFilled)", destinations: 2).id
                let (rotation, lost) = try bench.armed(id, overlap: .zero)
                let places = try bench.places(id)
                _ = try bench.send(id, lost, to: places[1])
                if isFilled { try require(try bench.fill(id, lost, at: places[1]) != nil, "filled") }
                _ = try bench.write { try $0.leaveUnconfirmed(id, version: lost, change: bench.change()) }
                let next = try bench.write {
                    try $0.arm(
                        rotation.id, digest: bench.digest("next-\(isFilled)"), hint: "", destinations: [places[0]],
                        change: bench.change())
                }
                try require(next == 3, "a successor is armed")
                try bench.deliver(id, 3, to: places[0])
                try require(try bench.promote(id, 3), "and promoted")
                try require(try bench.retire(id, 1, after: 1) == !isFilled, "version 1, filled in: \(isFilled)")
            }
        },
    ]
}

extension StoreBench {
    /// The current version's row at an empty place; nil when it was refused.
    fileprivate func fill(
        _ id: TokenID, _ version: Int, at place: Int64, with current: Int = 1, attempt: Int? = nil, base: String = "1"
    ) throws -> Push? {
        let attempt = try attempt ?? push(id, version, place).attempt
        return try write {
            try $0.markFilling(
                id, with: current, version: version, destination: place, attempt: attempt, base: base, at: now)
        }
    }
}
