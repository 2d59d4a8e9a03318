package import RotaCore

/// Takes a destination away from a token, within a transaction. What the vault holds there stays.
///
/// Also while a rotation works on it: whoever takes it away says that nobody reads there any more, and a vault that is
/// gone for good must not hold a rotation up for ever. But not the last one of a rotation that has not been promoted:
/// its value would be nowhere.
package func removeDestination(
    _ destination: Destination, from id: TokenID, in store: any Store, change: Change
) throws {
    if try store.rotation(of: id)?.phase == .open, try store.destinations(of: id).count == 1 {
        let name = try store.token(id)?.name ?? id.text
        throw StoreError.refused(
            "a rotation of '\(name)' is not finished, and \(destination) is the only destination",
            hint: "add another one first; see 'rota token show \(name)'")
    }
    guard try store.removeDestination(destination, from: id, change: change) else {
        throw StoreError.failed("'\(id)' has no destination \(destination)")
    }
}
