import Engine

/// The address of a server, without a slash at its end.
///
/// Throws `rejected` for anything but scheme, host and port: a path would be a mistake, and a user name or a query
/// a place where secrets get into logs.
func serverAddress(_ text: String, of vault: String) throws(VaultError) -> String {
    guard let scheme = ["https://", "http://"].first(where: { text.lowercased().hasPrefix($0) }) else {
        throw VaultError(.rejected, "the address of vault '\(vault)' does not start with https:// or http://")
    }
    var rest = text.dropFirst(scheme.count)
    if rest.hasSuffix("/") { rest.removeLast() }
    let isPlain = rest.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    guard !rest.isEmpty, isPlain, !rest.contains(where: { "/?#@\\".contains($0) }) else {
        throw VaultError(
            .rejected, "the address of vault '\(vault)' is not scheme, host and port; write https://host:8200")
    }
    return scheme + rest
}
