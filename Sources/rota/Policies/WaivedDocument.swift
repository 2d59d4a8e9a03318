import Documents
import JSON
import RotaCore

/// What waivers hold back of a plan or a run, as it is shown.
enum WaivedDocument {
    /// Those that hold back nothing are left out.
    ///
    /// - parameter counts: of how many tokens each waives what is due or violated.
    static func json(_ waivers: ActiveWaivers, _ counts: [Int]) -> JSON {
        .array(
            zip(waivers.list, counts).filter { $0.1 > 0 }.map { waiver, count in
                [
                    "waiver": .string(waiver.id), "policy": .string(waiver.policy),
                    "rule": TokenDocument.text(waiver.rule), "tokens": .integer(count),
                    "reason": .string(waiver.reason), "ends_at": TokenDocument.time(waiver.endsAt),
                ]
            })
    }

    static func print(_ waivers: ActiveWaivers, _ counts: [Int], on output: Output) {
        for (waiver, count) in zip(waivers.list, counts) where count > 0 {
            let rule = waiver.rule.map { "/\($0)" } ?? ""
            output.line(
                printable("\(counted(count, "token")) of what \(waiver.policy)\(rule) calls for \(waiver.sentence)"))
        }
    }
}
