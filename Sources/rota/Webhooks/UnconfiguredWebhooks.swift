import Engine
import JSON

/// Webhooks that the configuration does not have any more, while deliveries to them are not over well.
struct UnconfiguredWebhooks {
    /// How many were given up, by webhook.
    private var dead: [String: Int] = [:]
    /// Those that deliveries still wait for: the next run gives them up.
    private let awaited: Set<String>

    init(in store: any Store, configured: [String]) throws {
        let configured = Set(configured)
        var dead: [String: Int] = [:]
        try store.eachDelivery(.dead) { delivery in
            if !configured.contains(delivery.endpoint) { dead[delivery.endpoint, default: 0] += 1 }
            return true
        }
        self.dead = dead
        awaited = Set(try store.awaitedEndpoints()).subtracting(configured)
    }

    private var names: [String] { awaited.union(dead.keys).sorted() }

    /// Empty when there are none.
    var sentence: String {
        names.map { name in
            let waiting = awaited.contains(name) ? "what waits is given up by the next run" : nil
            let dead = dead[name].map { "\($0) given up" }
            return "'\(name)': " + [dead, waiting].compactMap(\.self).joined(separator: ", ")
        }.joined(separator: "; ")
    }

    var json: JSON {
        .array(
            names.map { name in
                ["webhook": .string(name), "waiting": .bool(awaited.contains(name)), "dead": .integer(dead[name] ?? 0)]
            })
    }
}
