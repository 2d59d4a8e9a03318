import Engine
import JSON
import RotaCore

extension StoreConformance {
    static let schedules: [StoreClaim] = [
        StoreClaim("a schedule is settled once, replaced only as it was found, and listed by policy") { bench in
            let first = bench.entry("b", due: 3600)
            try require(try bench.settle(first), "a new one is written")
            try require(try !bench.settle(first), "and not written again")
            try require(try bench.settle(bench.entry("a", due: 60)), "another one")
            let changed = bench.entry("b", "cron @daily UTC", due: 7200)
            try require(try !bench.settle(changed, replacing: bench.entry("b", due: 60)), "it was due otherwise")
            try require(
                try !bench.settle(changed, replacing: bench.entry("b", "every 1h", due: 3600)), "it read otherwise")
            try require(try bench.settle(changed, replacing: first), "what was found is replaced")
            try require(try !bench.settle(changed, replacing: first), "once")
            try require(
                try bench.store.schedules() == [bench.entry("a", due: 60), changed], "as written, by policy")
            try require(
                try bench.audit(of: "policy:b").map(\.action) == ["schedule.set", "schedule.set"], "audited")
        },
        StoreClaim("each fire of a policy is claimed once, and none after a later one") { bench in
            try require(try bench.settle(bench.entry("p", due: 3600)), "settled")
            try require(try !bench.claim(fire: 3599, next: 7200), "not before it is due")
            try require(try !bench.claim("q", fire: 3600, next: 7200), "not of another policy")
            try require(
                try !bench.claim(schedule: "every 1h", fire: 3600, next: 7200), "not of a schedule that has changed")
            try require(try bench.claim(fire: 10_800, next: 14_400), "one fire for all that were missed")
            try require(try !bench.claim(fire: 10_800, next: 14_400), "the same is not claimed again")
            try require(try !bench.claim(fire: 7200, next: 10_800), "nor an earlier one")
            try require(
                try bench.store.schedules() == [bench.entry("p", due: 14_400, last: 10_800)], "due after it fired")
            let entries = try bench.audit(of: "policy:p")
            try require(entries.map(\.action) == ["schedule.set", "schedule.fire"], "only the claim is audited")
            try require(
                try document(entries[1].body)["after"]?["fire"]?.string == (bench.now + .hours(3)).description,
                "with its fire")
        },
        StoreClaim("a fire that is passed by moves on without having fired") { bench in
            try require(try bench.settle(bench.entry("p", due: 3600, last: 0)), "settled")
            let written = try bench.written {
                try require(try bench.pass(fire: 3600, next: 7200), "passed")
                try require(try !bench.pass(fire: 3600, next: 7200), "once")
                try require(try !bench.claim(fire: 3600, next: 7200), "and not claimed any more")
            }
            try require(written == (1, 0), "audited once: \(written)")
            try require(
                try bench.store.schedules() == [bench.entry("p", due: 7200, last: 0)], "the last fire stays")
            try require(try bench.audit().last?.action == "schedule.miss", "as a miss")
        },
        StoreClaim("a next fire that is not later than the one before it is an error") { bench in
            try require(try bench.settle(bench.entry("p", due: 3600)), "settled")
            for next in [3600, 3599] as [Int64] {
                try requireError("claimed with \(next)") { _ = try bench.claim(fire: 3600, next: next) }
                try requireError("passed with \(next)") { _ = try bench.pass(fire: 3600, next: next) }
            }
            try require(try bench.store.schedules() == [bench.entry("p", due: 3600)], "as it was")
        },
        StoreClaim("a forgotten schedule is new when it comes back") { bench in
            try require(try bench.settle(bench.entry("p", due: 3600)), "settled")
            let forget = { entry in try bench.write { try $0.forgetSchedule(entry, change: bench.change()) } }
            try require(try !forget(bench.entry("p", due: 60)), "only as it was found")
            try require(try forget(bench.entry("p", due: 3600)), "forgotten")
            try require(try !forget(bench.entry("p", due: 3600)), "once")
            try require(try bench.store.schedules().isEmpty, "gone")
            try require(try bench.settle(bench.entry("p", due: 3600)), "new again")
        },
    ]
}

extension StoreBench {
    /// An entry with its instants in seconds from `now`.
    fileprivate func entry(
        _ policy: String, _ schedule: String = "every 6h", due: Int64, last: Int64? = nil
    ) -> ScheduleEntry {
        ScheduleEntry(
            policy: policy, schedule: schedule, nextDue: now + TimeSpan(seconds: due),
            lastFired: last.map { now + TimeSpan(seconds: $0) })
    }

    fileprivate func settle(_ entry: ScheduleEntry, replacing replaced: ScheduleEntry? = nil) throws -> Bool {
        try write {
            try $0.settleSchedule(ScheduleSettlement(entry: entry, replaced: replaced), change: change())
        }
    }

    fileprivate func claim(
        _ policy: String = "p", schedule: String = "every 6h", fire: Int64, next: Int64
    ) throws -> Bool {
        try write {
            try $0.claimFire(
                policy, schedule: schedule, fireInstant: now + TimeSpan(seconds: fire),
                next: now + TimeSpan(seconds: next), change: change())
        }
    }

    fileprivate func pass(fire: Int64, next: Int64) throws -> Bool {
        try write {
            try $0.passFire(
                "p", schedule: "every 6h", fireInstant: now + TimeSpan(seconds: fire),
                next: now + TimeSpan(seconds: next), change: change())
        }
    }
}
