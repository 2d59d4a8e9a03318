import Synchronization

/// Requests that bring a file: it is put on the disk while it comes, and never held in memory.
package struct FileReception: Sendable {
    package var folder: SpoolFolder
    /// Whether a request brings one, by its first line.
    package var isFor: @Sendable (_ method: String, _ target: String) -> Bool
    /// Asked before the first byte of it is taken, with a request that has no body yet: why it is not taken; nil where
    /// it is.
    package var refusal: @Sendable (Request) -> Response?

    package init(
        folder: SpoolFolder, isFor: @escaping @Sendable (_ method: String, _ target: String) -> Bool,
        refusal: @escaping @Sendable (Request) -> Response?
    ) {
        self.folder = folder
        self.isFor = isFor
        self.refusal = refusal
    }
}

/// How many files are on their way.
final class FileSlots: Sendable {
    private let most: Int
    private let taken = Atomic(0)

    init(_ most: Int) { self.most = most }

    /// Nil where too many are.
    func take() -> FileSlot? {
        guard taken.wrappingAdd(1, ordering: .relaxed).newValue <= most else {
            taken.wrappingSubtract(1, ordering: .relaxed)
            return nil
        }
        return FileSlot(self)
    }

    fileprivate func giveBack() { taken.wrappingSubtract(1, ordering: .relaxed) }
}

/// One of them, given back when it goes.
final class FileSlot {
    private let slots: FileSlots

    fileprivate init(_ slots: FileSlots) { self.slots = slots }

    deinit { slots.giveBack() }
}

/// A file that is on its way.
struct ComingFile {
    let body: SpooledBody
    private let slot: FileSlot
    private let most: Int
    private var count = 0
    /// Whether there was room for all of it.
    private(set) var isWhole = true

    /// - throws: `Refusal` where too many are on their way, or there is no place for it.
    init(in folder: SpoolFolder, _ slots: FileSlots, most: Int) throws(Refusal) {
        guard let slot = slots.take() else {
            throw Refusal(status: 503, title: "Unavailable", detail: "too many files are on their way: try again")
        }
        self.slot = slot
        self.most = most
        do { body = try SpooledBody(in: folder) } catch { throw Self.noRoom }
    }

    /// - returns: whether it is still within its length.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        count += bytes.count
        // What comes after the disk was full is let go by: then the sender hears of it.
        if isWhole { do { try body.write(Array(bytes)) } catch { isWhole = false } }
        return count <= most
    }

    static let noRoom = Refusal(
        status: 507, title: "Insufficient storage", detail: "there is no room for the file")
}
