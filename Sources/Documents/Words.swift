package import Engine
package import RotaCore

/// `1 token`, `3 tokens`; with its plural where that has another ending.
package func counted(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
}

/// How far an instant is from now: `in 3 days`, `2 hours ago`.
package func distance(to instant: Instant, from now: Instant) -> String {
    if instant == now { return "now" }
    return instant > now ? "in \((instant - now).spoken)" : "\((now - instant).spoken) ago"
}

/// An instant for people: the time, and how far it is.
package func spoken(_ instant: Instant, from now: Instant) -> String {
    "\(instant) (\(distance(to: instant, from: now)))"
}

extension StoreIdentity {
    /// With the beginning of what it was drawn as, where it was.
    package var spokenGeneration: String {
        "generation \(generation)" + (generationID.isEmpty ? "" : " (\(generationID.prefix(8)))")
    }
}
