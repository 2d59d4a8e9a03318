/// What of the dead letters waits again, and what could not.
package struct ReplayedLetters: Hashable, Sendable {
    package var count: Int
    /// Webhooks that are configured no more: what is dead of theirs stays dead.
    package var unknown: [String]
    /// Webhooks that had been disabled, and are sent to again.
    package var enabled: [String]
}

/// Has dead letters wait again, within a transaction: of one event, or all, be they of one webhook.
///
/// - parameters:
///   - configured: the names of the webhooks that there are.
package func replayDeadLetters(
    of event: String?, for webhook: String?, configured: Set<String>, in store: any Store, change: Change
) throws -> ReplayedLetters {
    let enabled = event == nil ? try enable(webhook, in: store, change: change) : []
    let receivers = try receivers(of: event, in: store, for: webhook)
    let known = receivers.intersection(configured).sorted()
    let letters: [DeadLetters] = event.map { known.isEmpty ? [] : [.event($0)] } ?? known.map { .endpoint($0) }
    return ReplayedLetters(
        count: try letters.reduce(0) { try $0 + store.replay($1, change: change) },
        unknown: receivers.subtracting(configured).sorted(), enabled: enabled)
}

/// Answers the webhooks that had been disabled: all of them, or the one that is named.
private func enable(_ webhook: String?, in store: any Store, change: Change) throws -> [String] {
    try store.disabledEndpoints().map(\.name).filter { name in
        try (webhook ?? name) == name && store.enableEndpoint(name, change: change)
    }
}

/// The webhooks that dead letters are for: those of one event, of one webhook, or all.
private func receivers(of event: String?, in store: any Store, for webhook: String?) throws -> Set<String> {
    var names: Set<String> = []
    try store.eachDelivery(.dead) { delivery in
        if event ?? delivery.event == delivery.event, webhook ?? delivery.endpoint == delivery.endpoint {
            names.insert(delivery.endpoint)
        }
        return true
    }
    return names
}
