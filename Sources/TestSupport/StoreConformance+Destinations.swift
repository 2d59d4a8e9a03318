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
        StoreClaim("a look at destinations is one audit entry, and no event") { bench in
            let id = try bench.add("t", destinations: 1).id
            let look = DriftLook(
                token: nil, vault: "main", destinations: 2, unreadable: 1,
                places: [DriftLook.Place(tokenID: id, destination: "main:t/0#token", drift: .ended, version: 1)])
            let written = try bench.written { try bench.write { try $0.recordDrift(look, change: bench.change()) } }
            try require(written == (1, 0), "one audit entry: \(written)")
            guard let known = try bench.store.knownDrift() else {
                throw ConformanceFailure(description: "nothing is known of it")
            }
            try require(known.places.map(\.destination) == ["main:t/0#token"], "the place is known")
            try require((known.unreadable, known.allLookedAt) == (1, nil), "and that not all was looked at")
        },
        StoreClaim("a destination is removed, audited, but not the last while a rotation is open") {
            bench in
            let id = try bench.add("t").id
            _ = try bench.rotate(id, overlap: .zero)
            let places = try bench.store.destinations(of: id)
            let remove = { (place: Destination) in
                try bench.write { try $0.removeDestination(place, from: id, change: bench.change()) }
            }
            let lonely = try bench.add("lonely", destinations: 1).id
            _ = try bench.armed(lonely)
            let only = try bench.store.destinations(of: lonely)[0]
            try bench.requireNothing(of: lonely, "the only one of a rotation that is open") {
                try !bench.write { try $0.removeDestination(only, from: lonely, change: bench.change()) }
            }
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
            try require(rows.map(\.state) == [.verified, .verified], "its push row stays: \(rows)")
            let token = try bench.stored(id)
            try require(token.destinationCount == 1 && token.revision == revision + 1, "counted again")
            try bench.requireNothing(of: id, "a second time") { try !remove(places[0]) }
            // The version that was pushed there is retired by what is left.
            let next = try bench.rotate(id, overlap: .zero)
            try require(try bench.retire(id, next - 1, after: 0), "the next rotation comes to its end")
        },
        StoreClaim("a destination that comes while a version is pending gets it, too") { bench in
            let id = try bench.add("t", destinations: 1).id
            let (_, version) = try bench.armed(id, overlap: .zero)
            let late = Destination(vault: "late", path: "p")
            try bench.write { try $0.addDestination(late, to: id, change: bench.change()) }
            let rows = try bench.store.pushes(of: id).filter { $0.version == version }
            try require(rows.map(\.state) == [.unsent, .unsent], "a row of its own: \(rows)")
            let places = try bench.places(id)
            try bench.deliver(id, version, to: places[0])
            try require(try !bench.promote(id, version), "not promoted before it is there")
            try bench.deliver(id, version, to: places[1])
            try require(try bench.promote(id, version), "and then it is")
        },
        StoreClaim("a destination that goes while a version is pending is waited for no longer") { bench in
            let id = try bench.add("t", destinations: 2).id
            let (_, version) = try bench.armed(id, overlap: .zero)
            let places = try bench.store.destinations(of: id)
            try bench.deliver(id, version, to: places[0].id)
            _ = try bench.send(id, version, to: places[1].id)
            try require(try !bench.promote(id, version), "the second one is not verified")
            try require(
                try bench.write { try $0.removeDestination(places[1], from: id, change: bench.change()) }, "removed")
            try require(try bench.promote(id, version), "the first one is all that there is")
            try require(try bench.retire(id, 1, after: 0), "and the older version goes")
        },
        StoreClaim("a destination that comes back is the one that it was, with what was sent there") { bench in
            let id = try bench.add("t", destinations: 3).id
            let (_, version) = try bench.armed(id, overlap: .zero)
            let places = try bench.store.destinations(of: id)
            _ = try bench.send(id, version, to: places[0].id)
            try bench.deliver(id, version, to: places[1].id)
            let discard = { try bench.write { try $0.discardPending(id, version: version, change: bench.change()) } }
            for place in places[...1] {
                try require(
                    try bench.write { try $0.removeDestination(place, from: id, change: bench.change()) }, "removed")
            }
            try require(try bench.store.destinations(of: id).map(\.id) == [places[2].id], "gone")
            try require(try bench.store.destinationCounts() == ["main": 1], "and not counted")
            try require(try bench.store.holder(of: places[0], otherThan: nil) == nil, "free for another token")
            var known = places[0]
            known.baseline = try bench.digest("found there")
            try bench.write {
                try $0.addDestination(known, to: id, change: bench.change())
                try $0.addDestination(places[1], to: id, change: bench.change())
            }
            let back = try bench.store.destinations(of: id)
            try require(back.map(\.id) == places.map(\.id), "the same ones")
            try require(back[0].baseline == known.baseline && back[1].baseline == nil, "with what is known of them now")
            let rows = try bench.store.pushes(of: id).filter { $0.version == version }
            try require(rows.map(\.state) == [.sending, .sending, .unsent], "what was proved is not any more: \(rows)")
            try require(rows.map(\.attempt) == [2, 2, 0], "and another attempt: \(rows)")
            try bench.requireNothing(of: id, "proving it by what was read before") {
                try !bench.verify(id, version, at: places[1].id, attempt: 1)
            }
            try bench.requireNothing(of: id, "discarding what may arrive") { try !discard() }
        },
        StoreClaim("a place of a token that ended while a value was on its way goes to no other for an hour") { bench in
            let id = try bench.add("t", destinations: 2).id
            let (_, version) = try bench.armed(id, overlap: .zero)
            let places = try bench.store.destinations(of: id)
            try bench.deliver(id, version, to: places[0].id)
            _ = try bench.send(id, version, to: places[1].id)
            try require(
                try bench.write { try $0.revokeToken(id, isEmergency: true, change: bench.change(after: 10)) },
                "revoked")
            let other = try bench.add("other", destinations: 0).id
            let add = { (place: Int, seconds: Int64) in
                let change = bench.change(after: seconds)
                try bench.write { try $0.addDestination(places[place], to: other, change: change) }
            }
            try add(0, 10)
            try requireError("what is on its way") { try add(1, 10 + 3_599) }
            try add(1, 10 + 3_600)
            try require(try bench.store.destinations(of: other).count == 2, "and then it is to be had")
        },
        StoreClaim("a place where an older value was proved comes back an hour after it went, if that has ended since")
        {
            bench in
            let id = try bench.add("t").id
            for _ in 1...2 {
                let version = try bench.rotate(id, overlap: .zero)
                try require(try bench.retire(id, version - 1, after: 0), "the older version is retired")
            }
            let place = try bench.store.destinations(of: id)[0]
            let remove = { (seconds: Int64) in
                let change = bench.change(after: seconds)
                return try bench.write { try $0.removeDestination(place, from: id, change: change) }
            }
            let add = { (seconds: Int64) in
                let change = bench.change(after: seconds)
                try bench.write { try $0.addDestination(place, to: id, change: change) }
            }
            try require(try remove(59), "removed")
            // That it ended before is what another clock may have said.
            try requireError("what ended in the same minute") { try add(59) }
            try add(59 + 3_600)
            try require(try remove(4_000), "removed again")
            // What had ended before can arrive no more: it comes back at once.
            try add(4_000)
            try require(try remove(4_010), "and again")
            let version = try bench.rotate(id, overlap: .zero)
            try require(try bench.retire(id, version - 1, after: 4_010), "retired while the place is away")
            // Something may have been sent there after it was proved: a fill (decision 0022).
            try requireError("what is on its way") { try add(4_010 + 3_599) }
            try add(4_010 + 3_600)
            try require(try bench.store.destinations(of: id).contains { $0.id == place.id }, "and then it comes")
        },
        StoreClaim("nothing is armed for a destination that is not there any more") { bench in
            let id = try bench.add("t", destinations: 2).id
            let rotation = try bench.claimed(id)
            let places = try bench.store.destinations(of: id)
            let isGone = try bench.write { try $0.removeDestination(places[1], from: id, change: bench.change()) }
            try require(isGone, "removed")
            try requireError("one of two") {
                _ = try bench.write {
                    try $0.arm(
                        rotation.id, digest: bench.digest("x"), hint: "x", destinations: places.map(\.id),
                        change: bench.change())
                }
            }
            try require(try bench.store.versions(of: id).count == 1, "nothing was begun")
            try require(try bench.arm(rotation) == 2, "and for what is left it is")
        },
        StoreClaim("what a destination holds is adopted once, audited, over what was known of it") { bench in
            let id = try bench.add("t", destinations: 1).id
            let found = try bench.digest("found there")
            let adopt = { (place: Destination, digest: Digest) in
                try bench.write { try $0.adopt(place, of: id, holding: digest, change: bench.change()) }
            }
            let place = try bench.store.destinations(of: id)[0]
            let revision = try bench.stored(id).revision
            let written = try bench.written { try require(try adopt(place, found), "adopted") }
            try require(written == (1, 0), "one audit entry: \(written)")
            let entry = try document(bench.audit(of: id.text).last?.body ?? "")
            try require(entry["action"]?.string == "token.destination.adopt", "\(entry)")
            try require(entry["after"]?["baseline"]?.string == found.description, "with the digest")
            try require(try bench.store.destinations(of: id).map(\.baseline) == [found], "kept")
            try require(try bench.stored(id).revision == revision + 1, "a change is a revision")
            try require(try bench.stored(id).destinationCount == 1, "no new place")
            let later = try bench.digest("found later")
            try bench.requireNothing(of: id, "read before the other") { try !adopt(place, later) }
            try require(try adopt(try bench.store.destinations(of: id)[0], later), "over the one before")
            let last = try document(bench.audit(of: id.text).last?.body ?? "")
            try require(last["after"]?["replaced"]?.string == found.description, "which it names")
        },
        StoreClaim("no value of a token is adopted, nothing elsewhere, and nothing for who is not ours or has ended") {
            bench in
            let first = try bench.add("t1", destinations: 1)
            let second = try bench.add("t2", destinations: 1)
            let external = try bench.add("t3", destinations: 1) {
                $0.issuer = .external(kind: "aws-iam")
                $0.provenance = .asserted
            }
            let ended = try bench.add("t4", destinations: 1)
            _ = try bench.write { try $0.revokeToken(ended.id, change: bench.change()) }
            let found = try bench.digest("found there")
            let cases: [(String, Token, Token, Digest)] = [
                ("its own value", first, first, try bench.digest("t1-1")),
                ("another's value", first, first, try bench.digest("t2-1")),
                ("another's place", first, second, found), ("an external token", external, external, found),
                ("an ended token", ended, ended, found),
            ]
            for (what, token, holder, digest) in cases {
                let place = try bench.store.destinations(of: holder.id)[0]
                try bench.requireNothing(of: token.id, what) {
                    try bench.write {
                        try !$0.adopt(place, of: token.id, holding: digest, change: bench.change())
                    }
                }
                try require(try bench.store.destinations(of: holder.id)[0].baseline == nil, "\(what): no baseline")
            }
            // Nobody can be locked out by writing over it.
            let (place, dead) = (try bench.store.destinations(of: first.id)[0], try bench.digest("t4-1"))
            let isAdopted = try bench.write {
                try $0.adopt(place, of: first.id, holding: dead, change: bench.change())
            }
            try require(isAdopted, "an ended value of another token")
        },
        StoreClaim("destinations of live tokens are counted by vault") { bench in
            try bench.add("t1", destinations: 2)
            try bench.add("t2", destinations: 1)
            try bench.add("gone", destinations: 3)
            _ = try bench.write { try $0.revokeToken(TokenID("gone"), change: bench.change()) }
            let other = Destination(vault: "other", path: "p")
            try bench.write { try $0.addDestination(other, to: TokenID("t1"), change: bench.change()) }
            try require(try bench.store.destinationCounts() == ["main": 3, "other": 1], "counted")
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
