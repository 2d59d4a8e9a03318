package import RotaCore

/// Gives a token one more destination, within a transaction.
///
/// Not while a rotation of it is unfinished: that one works on the destinations that it began with, and the new
/// one would hold neither the value it pushes nor, at its end, the current one.
package func addDestination(
    _ destination: Destination, to id: TokenID, in store: any Store, change: Change
) throws {
    try requireAtRest(id, in: store, to: "add \(destination)")
    try store.addDestination(destination, to: id, change: change)
}

/// Takes a destination away from a token, within a transaction. What the vault holds there stays.
///
/// Not while a rotation of it is unfinished, for the same reason.
package func removeDestination(
    _ destination: Destination, from id: TokenID, in store: any Store, change: Change
) throws {
    try requireAtRest(id, in: store, to: "take \(destination) away")
    guard try store.removeDestination(destination, from: id, change: change) else {
        throw StoreError.failed("'\(id)' has no destination \(destination)")
    }
}

private func requireAtRest(_ id: TokenID, in store: any Store, to act: String) throws {
    guard try store.rotation(of: id) != nil else { return }
    let name = try store.token(id)?.name ?? id.text
    throw StoreError.refused(
        "a rotation of '\(name)' is not finished; \(act) when it is",
        hint: "'rota run' brings it to its end; see 'rota token show \(name)'")
}
