package import Engine
package import RotaCore

/// Says that not even the folder was there.
struct AbsentFolder: Sendable {}

extension DirectoryVault {
    package func erase(_ destination: Destination, since first: Observation) async throws(VaultError) {
        try await remove(destination, at: probe(destination))
        guard first.base == "0" else { return }
        let place = try DirectoryPlace(destination)
        let isFolderOurs = first.context is AbsentFolder
        try await onFileThread(of: destination.path) { () throws(VaultError) in
            let root = try Folder.root(self.root, interruption: self.interruption)
            try self.clear(place, place.folders[...], in: root, isFolderOurs: isFolderOurs)
        }
    }

    /// Removes the counter and the lock, then the folders that this leaves empty.
    private func clear(
        _ place: DirectoryPlace, _ rest: ArraySlice<String>, in folder: borrowing Folder, isFolderOurs: Bool
    ) throws(VaultError) {
        guard let name = rest.first else {
            try folder.remove(place.counter)
            return try folder.remove(place.lock)
        }
        guard let inner = try folder.folder(name, creating: false) else { return }
        try clear(place, rest.dropFirst(), in: inner, isFolderOurs: isFolderOurs)
        if isFolderOurs { folder.removeIfEmpty(name) }
    }
}
