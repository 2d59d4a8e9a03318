import Engine
import RotaCore

extension StoreConformance {
    static let absences: [StoreClaim] = [
        StoreClaim("a token is missing since it was first looked for in vain, until it is there again") { bench in
            let added = try bench.add("t")
            func note(_ file: String, after seconds: Int64) throws -> Bool {
                try bench.write {
                    try $0.noteAbsence(of: added.id, from: file, change: bench.change(after: seconds))
                }
            }
            try require(try bench.store.absence(of: added.id) == nil, "it is not missing")
            try require(try note("first.csv", after: 0), "it is now")
            try require(try !note("second.csv", after: 100), "that is known")
            try require(
                try bench.store.absence(of: added.id) == Absence(since: bench.now, file: "first.csv"),
                "since the first time")
            try require(try bench.stored(added.id) == added, "the token is as it was")
            try require(
                try bench.write { try $0.endAbsence(of: added.id, change: bench.change("it is back")) },
                "it is there again")
            try require(
                try !bench.write { try $0.endAbsence(of: added.id, change: bench.change("again")) },
                "and is not missing any more")
            try require(try bench.store.absence(of: added.id) == nil, "it is not missing")
            try require(try note("third.csv", after: 200), "it may be missing again")
            try require(try bench.store.absence(of: added.id)?.since == bench.now + TimeSpan(seconds: 200), "from then")
        },
        StoreClaim("missing tokens are told the longest first, with all that is known of them") { bench in
            for (index, id) in ["c", "a", "b", "d"].enumerated() {
                let token = try bench.add(id)
                guard id != "d" else { continue }
                try bench.write {
                    _ = try $0.noteAbsence(of: token.id, from: "l", change: bench.change(after: Int64(index / 2)))
                }
            }
            var found: [(Token, Absence)] = []
            try bench.store.eachAbsent {
                found.append(($0, $1))
                return true
            }
            try require(found.map(\.0.id.text) == ["a", "c", "b"], "by time, then by id: \(found.map(\.0.id.text))")
            try require(try found.map(\.0) == ["a", "c", "b"].map { try bench.stored(TokenID($0)) }, "whole tokens")
            try require(found.last?.1 == Absence(since: bench.now + TimeSpan(seconds: 1), file: "l"), "since when")
            try require(try bench.store.countAbsent() == 3, "so many")
            var first: [TokenID] = []
            try bench.store.eachAbsent { token, _ in
                first.append(token.id)
                return false
            }
            try require(first == [TokenID("a")], "no more than is asked for")
        },
        StoreClaim("a token that has ended is not missing, and nobody knows of one that is not there") { bench in
            let added = try bench.add("t")
            try bench.write { _ = try $0.noteAbsence(of: added.id, from: "l", change: bench.change()) }
            try bench.write { _ = try $0.revokeToken(added.id, change: bench.change()) }
            try require(try bench.store.absence(of: added.id) == nil, "its end ends it")
            try require(try bench.store.countAbsent() == 0, "none is")
            for id in [added.id, TokenID("nobody")] {
                try require(
                    try !bench.write { try $0.noteAbsence(of: id, from: "l", change: bench.change()) },
                    "not live: \(id)")
            }
            try require(try bench.store.countAbsent() == 0, "none is")
        },
    ]
}
