import RotaCore

/// The zone database of the machine, with what was read of it.
struct ZoneFiles {
    private let folder: String
    private var known: [String: Zone] = ["UTC": .utc]

    /// Files in it that are no names of the database: those of this machine, and two more sets of all zones.
    private static let foreign: Set = ["localtime", "posixrules", "Factory"]
    private static let foreignFolders = ["posix/", "right/"]

    init(folder: String = "/usr/share/zoneinfo") {
        self.folder = folder
    }

    /// The zone of an IANA name; UTC needs no file.
    mutating func zone(named name: String) -> Result<Zone, FileFault> {
        if let zone = known[name] { return .success(zone) }
        guard case .success(.directory) = kind(of: folder) else {
            return .failure(
                FileFault(
                    message: "the rules of time zones are not on this machine: there is no \(folder)",
                    hint: "install tzdata, or write zone: UTC"))
        }
        guard Self.isName(name), isFile(name) else {
            return .failure(FileFault(message: "there is no time zone '\(name)'", hint: hint(for: name)))
        }
        return readFile("\(folder)/\(name)").flatMap { bytes in
            do throws(ZoneFault) {
                let zone = try Zone(name: name, tzif: bytes)
                known[name] = zone
                return .success(zone)
            } catch {
                return .failure(
                    FileFault(message: "'\(name)': \(error)", hint: "install tzdata again, or write zone: UTC"))
            }
        }
    }

    /// Nothing that leads out of the folder, or to what differs from machine to machine.
    private static func isName(_ name: String) -> Bool {
        let isWellFormed = name.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122: true
            default: "+-_/".utf8.contains(byte)
            }
        }
        return (1...64).contains(name.utf8.count) && isWellFormed && !name.hasPrefix("/")
            && !foreign.contains(name) && !foreignFolders.contains { name.hasPrefix($0) }
    }

    private func isFile(_ name: String) -> Bool {
        if case .success(.file) = kind(of: "\(folder)/\(name)") { true } else { false }
    }

    // MARK: - What may have been meant

    private func hint(for name: String) -> String {
        if let folder = Self.foreignFolders.first(where: { name.hasPrefix($0) }) {
            return "write zone: \(name.dropFirst(folder.count))"
        }
        // Whatever is near to one of these is another one, of another place.
        if (2...5).contains(name.count), name.utf8.allSatisfy({ (65...90).contains($0) }) {
            let place = Self.places[name] ?? "Europe/London"
            return "an abbreviation has no rules of summer time: write an IANA zone such as \(place)"
        }
        let names = names()
        let cities = names.map { Self.city(of: $0) }
        let city = Self.city(of: name)
        let likely =
            nearest(to: name, among: names)
            ?? cities.firstIndex(of: nearest(to: city, among: cities) ?? city).map { names[$0] }
        guard let likely else { return "write a name such as Europe/London, America/New_York or UTC" }
        return "did you mean '\(likely)'?"
    }

    /// Where the abbreviations are used that mean one place to most people.
    private static let places = [
        "BST": "Europe/London", "CEST": "Europe/Berlin", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
        "CST": "America/Chicago", "CDT": "America/Chicago", "EDT": "America/New_York",
    ]

    /// What stands behind the last slash; `New York` and `new_york` are one.
    private static func city(of name: String) -> String {
        (name.split(separator: "/").last ?? "").lowercased().filter { $0 != "_" && $0 != " " && $0 != "-" }
    }

    /// All names that the database lists; empty where it has no list.
    private func names() -> [String] {
        guard case .success(let bytes) = readFile("\(folder)/tzdata.zi") else { return [] }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        return lines.compactMap { line in
            let words = line.split(separator: " ")
            // `Z NAME …` is a zone, and `L TARGET NAME` another name of one.
            guard let name = words.first == "Z" ? words.dropFirst().first : words.first == "L" ? words.last : nil
            else { return nil }
            return isFile(String(name)) ? String(name) : nil
        }
    }
}
