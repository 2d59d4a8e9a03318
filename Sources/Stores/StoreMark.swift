import Crypto
import Engine
import JSON
import RotaCore
import SQLite

/// What is written down beside a store, so that one that was restored or copied is told from the one that was left.
///
/// A store that was set back does not have the newest audit entry that is named here; one that was copied is another
/// file, or on another machine; and where all of the folder was put back, the mark itself is another file than it says.
struct StoreMark: Hashable {
    /// An audit entry, by its number and the digest of its body.
    struct Entry: Hashable {
        var number: Int64
        var digest: String
    }

    var instance: String
    var generation: Int64
    /// The newest one at the last commit that was marked: never beyond what is durable.
    var newest: Entry
    /// The store's file.
    var store: FileIdentity
    /// The file that this is written in.
    var own: FileIdentity
    /// Empty where it has no name.
    var machine: String
    var clock: ClockMark?

    static let ending = ".mark"

    /// Why a store is not the one that was marked; nil where it is.
    ///
    /// - Parameters:
    ///   - entry: gives the digest of the audit entry with a number; nil where there is none.
    ///   - file: of the store, as it is.
    ///   - own: of the mark, as it is.
    func doubt(
        of identity: StoreIdentity, entry: (Int64) throws -> String?, file: FileIdentity?, own: FileIdentity,
        machine: String
    ) rethrows -> StoreDoubt? {
        guard instance == identity.instance else { return .copied("what lies beside it is of another store") }
        guard try entry(newest.number) == newest.digest, generation <= identity.generation else {
            return .restored("it does not have the audit entry \(newest.number) that was written last")
        }
        guard machine.isEmpty || self.machine.isEmpty || machine == self.machine else {
            return .copied("it was on another machine")
        }
        guard file == store else { return .copied("its file is not the one that it was") }
        return own == self.own ? nil : .copied("what lies beside it is not the file that it was")
    }
}

extension StoreMark {
    var bytes: [UInt8] {
        var document: JSON.Object = [
            "audit": ["digest": .string(newest.digest), "number": .integer(newest.number)],
            "generation": .integer(generation), "instance": .string(instance), "machine": .string(machine),
            "own": Self.json(own), "store": Self.json(store),
        ]
        if let clock {
            document["clock"] = Self.json(clock.trusted)
            if let doubted = clock.doubted { document["doubted_clock"] = Self.json(doubted) }
        }
        return Array(JSON.object(document).serialized().utf8)
    }

    /// Nil where they are no mark.
    init?(bytes: [UInt8]) {
        guard let document = try? JSON.parse(bytes, maximumBytes: 4096),
            let instance = document["instance"]?.string, let generation = document["generation"]?.integer,
            let number = document["audit"]?["number"]?.integer, let digest = document["audit"]?["digest"]?.string,
            let store = Self.identity(document["store"]), let own = Self.identity(document["own"]),
            let machine = document["machine"]?.string
        else { return nil }
        self.init(
            instance: instance, generation: generation, newest: Entry(number: number, digest: digest), store: store,
            own: own, machine: machine,
            clock: Self.reading(document["clock"]).map {
                ClockMark(trusted: $0, doubted: Self.reading(document["doubted_clock"]))
            })
    }

    private static func json(_ file: FileIdentity) -> JSON {
        ["born": .integer(file.bornAt), "inode": .string(String(file.inode))]
    }

    private static func identity(_ document: JSON?) -> FileIdentity? {
        guard let born = document?["born"]?.integer, let inode = document?["inode"]?.string.flatMap({ UInt64($0) })
        else { return nil }
        return FileIdentity(inode: inode, bornAt: born)
    }

    private static func json(_ reading: ClockReading) -> JSON {
        [
            "boot": .string(reading.boot), "uptime": .integer(reading.uptime.seconds),
            "wall": .integer(reading.wall.seconds),
        ]
    }

    private static func reading(_ document: JSON?) -> ClockReading? {
        guard let wall = document?["wall"]?.integer, let uptime = document?["uptime"]?.integer,
            let boot = document?["boot"]?.string
        else { return nil }
        return ClockReading(wall: Instant(seconds: wall), uptime: TimeSpan(seconds: uptime), boot: boot)
    }
}

/// The mark beside one store, as this process keeps it.
struct StoreMarkFile {
    private let database: String
    private let file: BesideFile
    /// Whether this process has put a file of its own there: so each of them is another one than a copy shows.
    private var isOurs = false
    /// What was read last, so that the same bytes are not understood anew in each transaction.
    private let known = Known()

    private final class Known {
        var bytes: [UInt8] = []
        var mark: StoreMark?
    }

    init(beside database: String) {
        self.database = database
        file = BesideFile(StoreMark.ending, beside: database)
    }

    /// What is there, and the file that it is in; nil where nothing is, or nothing that can be understood.
    func read() -> (mark: StoreMark, identity: FileIdentity)? {
        guard let (bytes, identity) = file.read() else { return nil }
        if bytes != known.bytes { (known.bytes, known.mark) = (bytes, StoreMark(bytes: bytes)) }
        return known.mark.map { ($0, identity) }
    }

    func doubt(of identity: StoreIdentity, entry: (Int64) throws -> String?) rethrows -> StoreDoubt? {
        guard let (mark, own) = read() else { return .copied("nothing lies beside it that says that it is the one") }
        return try mark.doubt(
            of: identity, entry: entry, file: FileIdentity(path: database), own: own, machine: machineName)
    }

    /// Writes it, with the facts of the files as they are. Where that cannot be done, what was there before stays: it
    /// is true all the same.
    mutating func write(_ make: (_ store: FileIdentity, _ own: FileIdentity) -> StoreMark) {
        guard let store = FileIdentity(path: database) else { return }
        if !isOurs {
            isOurs = file.replace { make(store, $0).bytes }
            if isOurs { return }
        }
        _ = file.overwrite { make(store, $0).bytes }
    }
}
