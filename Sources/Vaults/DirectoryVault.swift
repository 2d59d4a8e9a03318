package import Crypto
import Dispatch
package import Engine
package import RotaCore

/// A folder with a file for each destination, which holds the value's bytes and nothing else: what systemd,
/// Docker and Kubernetes mount. Files have mode 0600, folders that are made 0700.
///
/// Beside a file `name` stand `.rota.counter.name` and `.rota.lock.name`. The counter is the base; it goes up
/// with each accepted write, and under an exclusive lock a write
///
/// 1. compares the counter and the content with what was observed (others who write here know no counter),
/// 2. makes the new file beside the old one and syncs it,
/// 3. replaces the counter by the next one and syncs the folder,
/// 4. renames the new file over the old one and syncs the folder.
///
/// Dying before 3 leaves all as it was. Dying between 3 and 4 leaves the old value under a new base: the
/// write has not happened, nobody was told that it had, and no other write under its base can succeed. So a
/// base is never used for two contents, and a reader finds the old value or the new one, never half. A fence
/// is step 3 alone, and works without a file. The counter's file also tells which of these was the last write, so
/// that `held` can say that nothing was shown since, whatever others have put there.
package final class DirectoryVault: Vault {
    package let name: String
    package var capabilities: VaultCapabilities { Self.capabilities }

    /// Bases do not order: a folder that is deleted and made again starts a new count.
    package static let capabilities = VaultCapabilities(
        conditionalWrite: true, orderedBases: false, fenceable: true, fencesEmptiness: true, readable: true)

    /// Why no secret can lie at a path, such as one that is kept for our own files; nil when one can.
    package static func objection(to path: String) -> String? { DirectoryPlace.objection(to: path) }

    /// The longest value, in bytes.
    static let largestValue = 64 << 10

    private enum Change: Sendable {
        case write(Secret), fence, remove
    }

    let root: String
    private let lockPatience: Int
    let interruption: Folder.Interruption?
    // File calls block, and so never run on the cooperative pool. Serial queues, since a concurrent one gets
    // no further threads while those that it has are blocked.
    private let queues = (0..<4).map { DispatchQueue(label: "rota.vault.directory.\($0)", qos: .utility) }

    /// - parameter root: must exist; folders within it are made as they are needed.
    package convenience init(name: String, root: String) {
        self.init(name: name, root: root, lockPatience: 3000, interruption: nil)
    }

    init(name: String, root: String, lockPatience: Int, interruption: Folder.Interruption?) {
        self.name = name
        self.root = root
        self.lockPatience = lockPatience
        self.interruption = interruption
    }

    package func check() async throws(VaultError) {
        try await onFileThread(of: root) { () throws(VaultError) in
            try Folder.root(self.root, interruption: self.interruption).checkAccess(self.root)
        }
    }

    package func probe(_ destination: Destination) async throws(VaultError) -> Observation {
        let place = try DirectoryPlace(destination)
        return try await onFileThread(of: destination.path) { () throws(VaultError) in
            guard let folder = try self.folder(of: place, creating: false) else {
                return Observation(base: "0", value: nil, context: AbsentFolder())
            }
            // Without a lock file none of us has ever written here, and there is nobody to wait for.
            let lock = try folder.sharedLock(place.lock, patience: self.lockPatience)
            defer { _ = lock }
            let count = try self.count(of: place, in: folder)
            return Observation(base: String(count.number), value: try self.value(of: place, in: folder))
        }
    }

    package func requireWritable(_ destination: Destination) async throws(VaultError) {
        let place = try DirectoryPlace(destination)
        try await onFileThread(of: destination.path) { () throws(VaultError) in
            var folder = try Folder.root(self.root, interruption: nil)
            var path = self.root
            for name in place.folders {
                // What is not there is made at the first write.
                guard let inner = try folder.folder(name, creating: false) else { break }
                folder = inner
                path += "/" + name
            }
            try folder.requireWritable(path)
        }
    }

    package func write(
        _ value: Secret, to destination: Destination, over observation: Observation
    ) async throws(VaultError) {
        guard (1...Self.largestValue).contains(value.count) else {
            throw VaultError(
                .rejected, "a value here has 1 to \(Self.largestValue) bytes, not \(value.count)")
        }
        try await change(destination, observation, .write(value))
    }

    package func fence(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await change(destination, observation, .fence)
    }

    package func remove(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        try await change(destination, observation, .remove)
    }

    /// No values are kept, but when the last one was put there: `never` where that was not since `base`.
    package func held(
        _ matches: @Sendable (Secret) -> Bool, in destination: Destination, after base: String,
        through observation: Observation
    ) async throws(VaultError) -> PastValue {
        guard let first = UInt64(base), let last = UInt64(observation.base), first <= last else { return .unknown }
        let place = try DirectoryPlace(destination)
        return try await onFileThread(of: destination.path) { () throws(VaultError) in
            guard let folder = try self.folder(of: place, creating: false) else { return .unknown }
            let lock = try folder.sharedLock(place.lock, patience: self.lockPatience)
            defer { _ = lock }
            let count = try self.count(of: place, in: folder)
            guard count.number == last else { return .unknown }
            if count.lastWrite <= first { return .never }
            // One write since, and it died before its file was in its place.
            let isUnseen = count.lastWrite == last && first + 1 == last && folder.has(place.newValue(over: first))
            return isUnseen ? .never : .unknown
        }
    }
}

extension DirectoryVault {
    private func change(
        _ destination: Destination, _ observation: Observation, _ change: Change
    ) async throws(VaultError) {
        let place = try DirectoryPlace(destination)
        try await onFileThread(of: destination.path) { () throws(VaultError) in
            guard let folder = try self.folder(of: place, creating: true) else {
                throw VaultError(.transient, "its folder was removed meanwhile")
            }
            let lock = try folder.lock(place.lock, patience: self.lockPatience)
            defer { _ = lock }
            try self.change(place, in: folder, observation, change)
        }
    }

    /// The four steps, with the lock held.
    private func change(
        _ place: DirectoryPlace, in folder: borrowing Folder, _ observation: Observation, _ change: Change
    ) throws(VaultError) {
        let count = try count(of: place, in: folder)
        let current = try value(of: place, in: folder)
        guard String(count.number) == observation.base, Self.same(current, observation.value) else {
            throw VaultError(.refused, "the file has changed since it was read")
        }
        let newValue = place.newValue(over: count.number)
        do throws(VaultError) {
            var putsValue = false
            if case .write(let value) = change {
                try folder.create(newValue, value)
                putsValue = true
            }
            try replace(count.next(putsValue: putsValue), of: place, in: folder)
            // What a write left that died before step 4 has told `held` all that it can.
            try? folder.remove(place.newValue(over: count.number + 1))
            switch change {
            case .write: try folder.rename(newValue, to: place.file)
            case .remove: try folder.remove(place.file)
            case .fence: return
            }
        } catch {
            // What was begun holds the value; it must not lie about.
            try? folder.remove(newValue)
            throw error
        }
        do throws(VaultError) {
            try folder.sync()
        } catch {
            throw VaultError(.unknownOutcome, error.message)
        }
    }

    private func replace(
        _ count: DirectoryCount, of place: DirectoryPlace, in folder: borrowing Folder
    ) throws(VaultError) {
        try folder.create(place.newCounter, Secret(utf8: count.text))
        try folder.rename(place.newCounter, to: place.counter)
        try folder.sync()
    }

    private func count(of place: DirectoryPlace, in folder: borrowing Folder) throws(VaultError) -> DirectoryCount {
        guard let text = try folder.read(place.counter, atMost: 48) else { return DirectoryCount() }
        guard let count = DirectoryCount(text: String(decoding: text.copyBytes(), as: UTF8.self)) else {
            throw VaultError(
                .garbled,
                "'\(place.counter)' is damaged; remove it when no run is under way, to begin a new count")
        }
        return count
    }

    /// An empty file is an empty destination.
    private func value(of place: DirectoryPlace, in folder: borrowing Folder) throws(VaultError) -> Secret? {
        guard let value = try folder.read(place.file, atMost: Self.largestValue), value.count > 0 else {
            return nil
        }
        return value
    }

    private func folder(of place: DirectoryPlace, creating: Bool) throws(VaultError) -> Folder? {
        var folder = try Folder.root(root, interruption: interruption)
        for name in place.folders {
            guard let inner = try folder.folder(name, creating: creating) else { return nil }
            folder = inner
        }
        return folder
    }

    private static func same(_ left: Secret?, _ right: Secret?) -> Bool {
        switch (left, right) {
        case (nil, nil): true
        case (let left?, let right?): left.isEqual(to: right)
        default: false
        }
    }

    func onFileThread<R: Sendable>(
        of path: String, _ body: @escaping @Sendable () throws(VaultError) -> R
    ) async throws(VaultError) -> R {
        // Calls for one place stand in one line instead of waiting for each other's lock.
        let queue = queues[Int(UInt(bitPattern: path.hashValue) % UInt(queues.count))]
        let result = await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { () throws(VaultError) -> R in try body() })
            }
        }
        return try result.get()
    }
}
