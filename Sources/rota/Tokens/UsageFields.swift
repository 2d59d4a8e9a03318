import Documents
import Engine
import RotaCore

extension UsageDocument {
    /// The use of a token as a whole, in lines of its own.
    static func addFields(_ usage: UsageSummary, to fields: inout Fields) {
        fields.add("idle", usage.idleness.map { "for \($0.time.spoken)\($0.remark)" })
        fields.add("exercised", usage.scopesExercised.joined(separator: " "))
        fields.add("never exercised", usage.scopesNeverExercised?.joined(separator: " "))
    }
}
