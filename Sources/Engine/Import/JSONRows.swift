import JSON

/// Splits a JSON array of objects into its elements as bytes come in, so that a large inventory is never
/// held as a whole. Several arrays may follow one another, as a paging client writes its pages.
///
/// An element that is no JSON is told as a fault and passed over; where there is no array, a fault is thrown.
struct JSONRows {
    /// The longest element, in bytes.
    static let longestElement = 1 << 20

    /// Called with each element and the line that it begins on, or with what is wrong with it.
    typealias Each = (_ line: Int, _ row: Result<JSON.Object, InventoryFault>) throws -> Void

    private var element: [UInt8] = []
    private var depth = 0
    private var inString = false
    private var escaped = false
    private var line = 1
    private var elementLine = 1
    private var state = State.beforeArray

    private enum State { case beforeArray, beforeElement, inElement, afterElement, afterArray }

    init() {}

    mutating func take(_ chunk: [UInt8], _ each: Each) throws {
        let bytes = chunk.span
        for position in bytes.indices {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\n") { line += 1 }
            if state == .inElement { try takeInElement(byte, each) } else { try takeBetween(byte) }
        }
    }

    func finish() throws {
        guard state == .afterArray else {
            throw InventoryFault(line: line, "the file ends within its array", hint: "it must be [ {…}, {…} ]")
        }
    }

    private mutating func takeBetween(_ byte: UInt8) throws {
        switch (state, byte) {
        case (_, UInt8(ascii: " ")), (_, UInt8(ascii: "\t")), (_, UInt8(ascii: "\r")), (_, UInt8(ascii: "\n")): return
        case (.beforeArray, UInt8(ascii: "[")), (.afterArray, UInt8(ascii: "[")): state = .beforeElement
        case (.beforeElement, UInt8(ascii: "{")):
            state = .inElement
            element = [byte]
            elementLine = line
            depth = 1
        case (.beforeElement, UInt8(ascii: "]")), (.afterElement, UInt8(ascii: "]")): state = .afterArray
        case (.afterElement, UInt8(ascii: ",")): state = .beforeElement
        default:
            throw InventoryFault(
                line: line, "this is not an array of objects", hint: "write [ {\"name\": …}, {\"name\": …} ]")
        }
    }

    private mutating func takeInElement(_ byte: UInt8, _ each: Each) throws {
        guard element.count < Self.longestElement else {
            throw InventoryFault(line: elementLine, "an element is longer than 1 MiB", hint: "is a quote left open?")
        }
        element.append(byte)
        if inString {
            if escaped {
                escaped = false
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
            } else if byte == UInt8(ascii: "\"") {
                inString = false
            }
            return
        }
        switch byte {
        case UInt8(ascii: "\""): inString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            if depth == 0 {
                state = .afterElement
                try each(elementLine, parsed())
            }
        default: break
        }
    }

    private func parsed() -> Result<JSON.Object, InventoryFault> {
        do throws(JSONError) {
            return .success(try JSON.parse(element, maximumBytes: Self.longestElement).object ?? [:])
        } catch {
            return .failure(
                InventoryFault(
                    line: elementLine + error.line - 1, error.message, hint: "check it with any JSON tool"))
        }
    }
}
