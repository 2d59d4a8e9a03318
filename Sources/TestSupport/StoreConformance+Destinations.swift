import Engine
import JSON
import RotaCore

extension StoreConformance {
    static let destinations: [StoreClaim] = [
        StoreClaim("a place belongs to one live token, and is free again when that one has ended") { bench in
            let first = try bench.add("t1", destinations: 1)
            let place = try bench.store.destinations(of: first.id)[0]
            let other = try bench.add("t2", destinations: 0)
            let taken: (StoreError) -> Bool = {
                $0 == .placeTaken("main:t1/0#token", by: "name-t1")
            }
            try requireError("added to another", taken) {
                try bench.write { try $0.addDestination(place, to: other.id, change: bench.change()) }
            }
            let third = bench.token("t3")
            try requireError("made with a third", taken) {
                try bench.write {
                    try $0.addToken(third, version: nil, destinations: [place], change: bench.change())
                }
            }
            try require(try bench.store.token(third.id) == nil, "nothing of it stays")
            try require(try bench.store.holder(of: place, otherThan: nil) == first, "it is found by its place")
            try require(try bench.store.holder(of: place, otherThan: first.id) == nil, "its own is no other's")
            for (path, field) in [("t1/1", "token"), ("t1/0", "other"), ("t1/0", nil)] {
                let near = Destination(vault: "main", path: path, field: field)
                try require(try bench.store.holder(of: near, otherThan: nil) == nil, "\(near) is free")
            }
            let ended = bench.token("t4") {
                $0.state = .revoked
                $0.end = TokenEnd(at: bench.now, by: "theirs", cause: "gone")
                $0.provenance = .asserted
            }
            try bench.write {
                try $0.addToken(ended, version: nil, destinations: [place], change: bench.change())
            }
            _ = try bench.write { try $0.revokeToken(first.id, change: bench.change()) }
            try require(try bench.store.holder(of: place, otherThan: nil) == nil, "ended tokens hold nothing")
            try bench.write { try $0.addDestination(place, to: other.id, change: bench.change()) }
        },
        StoreClaim("a destination is removed with its push rows, audited, and not while a rotation works on it") {
            bench in
            let id = try bench.add("t").id
            _ = try bench.rotate(id, overlap: .zero)
            let places = try bench.store.destinations(of: id)
            let remove = { (place: Destination) in
                try bench.write { try $0.removeDestination(place, from: id, change: bench.change()) }
            }
            try bench.requireNothing(of: id, "while an older version is valid") { try !remove(places[0]) }
            try require(try bench.retire(id, 1, after: 0), "the old version is retired")
            let elsewhere = Destination(vault: "main", path: "elsewhere")
            try bench.requireNothing(of: id, "one that it has not") { try !remove(elsewhere) }
            let revision = try bench.stored(id).revision
            let written = try bench.written { try require(try remove(places[0]), "removed") }
            try require(written == (1, 0), "one audit entry: \(written)")
            let entry = try document(bench.audit(of: id.text).last?.body ?? "")
            try require(entry["action"]?.string == "token.destination.remove", "\(entry)")
            try require(entry["after"]?["destination"]?.string == places[0].description, "says which")
            try require(try bench.store.destinations(of: id) == [places[1]], "the other one stays")
            let rows = try bench.store.pushes(of: id)
            try require(rows.map(\.destinationID) == [places[1].id], "with its push row alone")
            let token = try bench.stored(id)
            try require(token.destinationCount == 1 && token.revision == revision + 1, "counted again")
            try bench.requireNothing(of: id, "a second time") { try !remove(places[0]) }
            // The version that was pushed there is retired by what is left.
            let next = try bench.rotate(id, overlap: .zero)
            try require(try bench.retire(id, next - 1, after: 0), "the next rotation comes to its end")
        },
        StoreClaim("active tokens without a value are found by name, and no others") { bench in
            let empty = ValueSummary(current: nil, currentIssuedAt: nil)
            for id in ["c", "a", "b"] {
                let token = bench.token(id) { $0.values = empty }
                try bench.write {
                    try $0.addToken(token, version: nil, destinations: [], change: bench.change())
                }
            }
            try bench.add("d")
            _ = try bench.write { try $0.revokeToken(TokenID("b"), change: bench.change()) }
            let names = { try bench.store.tokensWithoutValue(limit: $0).map(\.name) }
            try require(try names(9) == ["name-a", "name-c"], "both: \(try names(9))")
            try require(try names(1) == ["name-a"], "at most so many")
        },
    ]
}
