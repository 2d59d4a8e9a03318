import Engine
import JSON
import RotaCore

extension StoreConformance {
    static let attempts: [StoreClaim] = [
        StoreClaim("rotations that could not begin are counted, told once, and forgotten when one is armed") { bench in
            let id = try bench.add("t").id
            let next = bench.now + .hours(1)
            let note = { (tells: Bool) in
                try bench.write {
                    try $0.noteFailedAttempt(
                        of: id, policy: "p", nextAttemptAt: next, tells: tells, change: bench.change("sealed"))
                }
            }
            try require(try bench.store.failedAttempts().isEmpty, "none")
            try require(try bench.written { try note(false) } == (1, 0), "told to nobody, and audited")
            try require(try bench.written { for _ in 0..<2 { try note(true) } } == (0, 1), "told once")
            let data = try document(bench.events().last?.data ?? "{}")
            try require(data["reason"] == "stalled" && data["failures"] == 2, "\(data)")
            let expected = FailedAttempts(
                tokenID: id, policy: "p", count: 3, since: bench.now, nextAttemptAt: next, cause: "sealed",
                alarmedAt: bench.now)
            try require(try bench.store.failedAttempts() == [expected], "as they were")
            try require(try bench.store.failedAttempts(of: id) == expected, "found by their token")
            _ = try bench.armed(id)
            try require(try bench.store.failedAttempts(of: id) == nil, "something is under way")
            try note(false)
            try require(try bench.store.failedAttempts(of: id)?.count == 1, "counted anew")
        },
        StoreClaim("nothing is remembered of attempts at what has ended, nor of what is not called for") { bench in
            for isEnded in [true, false] {
                let id = try bench.add("t-\(isEnded)").id
                try bench.write {
                    try $0.noteFailedAttempt(
                        of: id, policy: "p", nextAttemptAt: bench.now, tells: false, change: bench.change())
                    if isEnded {
                        _ = try $0.revokeToken(id, change: bench.change())
                    } else {
                        try $0.forgetFailedAttempts(of: id, change: bench.change("over"))
                    }
                }
                try require(try bench.store.failedAttempts().isEmpty, "ended: \(isEnded)")
            }
        },
    ]
}
