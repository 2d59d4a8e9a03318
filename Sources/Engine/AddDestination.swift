package import RotaCore

/// Gives a token one more destination, within a transaction.
///
/// Not while a rotation of it is unfinished: that one works on the destinations that it began with, and the new
/// one would hold neither the value it pushes nor, at its end, the current one.
package func addDestination(
    _ destination: Destination, to id: TokenID, in store: any Store, change: Change
) throws {
    guard try store.rotation(of: id) == nil else {
        throw StoreError.failed("a rotation of '\(id)' is not finished; add \(destination) when it is")
    }
    try store.addDestination(destination, to: id, change: change)
}
