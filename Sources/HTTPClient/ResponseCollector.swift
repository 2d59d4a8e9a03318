import Glibc

/// Gathers a reply within limits.
struct ResponseCollector {
    private(set) var headers: [(name: String, value: String)] = []
    private(set) var body: [UInt8] = []
    /// Which limit the reply went over, as a sentence.
    private(set) var excess: String?
    /// Why the body could not be written where it was to go.
    private(set) var fault: String?

    private let maximumBodyBytes: Int
    /// What takes the body of a success.
    private let file: Int32?
    private var isSuccess = false
    private var bodyBytes = 0
    private var headerBytes = 0
    private var headerLines = 0
    private var inHeaders = true

    private static let longestRefusal = 1 << 20
    private static let maximumHeaderBytes = 64 << 10
    private static let maximumHeaderLines = 256

    init(maximumBodyBytes: Int, file: Int32? = nil) {
        self.maximumBodyBytes = maximumBodyBytes
        self.file = file
    }

    /// Takes a piece of the body; false ends the transfer.
    mutating func append(body bytes: UnsafeRawBufferPointer) -> Bool {
        // A refusal is held in memory, whatever a file may take.
        let most = file == nil || isSuccess ? maximumBodyBytes : min(maximumBodyBytes, Self.longestRefusal)
        guard bytes.count <= most - bodyBytes else {
            excess = "the body has more than \(most) bytes"
            return false
        }
        bodyBytes += bytes.count
        guard let file, isSuccess else {
            body.append(contentsOf: bytes)
            return true
        }
        return write(bytes, to: file)
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(file, piece.baseAddress, piece.count)
            guard count >= 0 || errno == EINTR else {
                fault = String(cString: strerror(errno))
                return false
            }
            rest = rest.dropFirst(max(0, count))
        }
        return true
    }

    /// Takes one line of the head, or of the trailers after the body; false ends the transfer.
    mutating func append(header bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        headerLines += 1
        guard headerBytes <= Self.maximumHeaderBytes, headerLines <= Self.maximumHeaderLines else {
            let limits = "\(Self.maximumHeaderBytes) bytes or \(Self.maximumHeaderLines) lines"
            excess = "the header has more than \(limits)"
            return false
        }
        let line = Self.trimmed(bytes[...])
        if line.starts(with: "HTTP/".utf8) {
            // A new head: what an interim reply (1xx) said is over.
            headers.removeAll()
            isSuccess = line.split(separator: UInt8(ascii: " ")).dropFirst().first?.first == UInt8(ascii: "2")
            inHeaders = true
        } else if line.isEmpty {
            inHeaders = false
        } else if inHeaders, let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            headers.append((Self.text(line[..<colon]), Self.text(Self.trimmed(line[(colon + 1)...]))))
        }
        return true
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        String(decoding: UnsafeRawBufferPointer(rebasing: bytes), as: UTF8.self)
    }

    /// Without the blanks and line ends around it.
    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let start = bytes.firstIndex { !isBlank($0) } ?? bytes.endIndex
        let end = bytes.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start
        return bytes[start..<end]
    }
}
