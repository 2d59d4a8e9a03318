/// What a test wants to know of a page: its elements, in order, with their attributes and their text.
///
/// Pages are also well-formed XML, so that a small reader will do; what is not is told as a fault.
struct Markings {
    struct Element {
        var name: String
        var attributes: [String: String]
        /// The places of the elements that it stands in, outermost first.
        var within: [Int]
        /// Of it and of what stands in it.
        var text = ""

        subscript(attribute: String) -> String? { attributes[attribute] }
    }

    private(set) var elements: [Element] = []
    private(set) var faults: [String] = []

    init(_ bytes: [UInt8]) {
        var open: [Int] = []
        var rest = Substring(String(decoding: bytes, as: UTF8.self))
        if rest.hasPrefix("<!DOCTYPE html>") { rest = rest.dropFirst(15) } else { faults.append("no doctype") }
        while let start = rest.firstIndex(of: "<") {
            let text = String(rest[..<start])
            for place in open { elements[place].text += text }
            guard let end = rest[start...].firstIndex(of: ">") else {
                faults.append("a tag without an end")
                return
            }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("/") {
                let name = String(tag.dropFirst())
                let last = open.popLast().map { elements[$0].name }
                if last != name { faults.append("</\(name)> closes <\(last ?? "nothing")>") }
            } else {
                read(tag, &open)
            }
        }
        for place in open { faults.append("<\(elements[place].name)> is not closed") }
    }

    private mutating func read(_ tag: Substring, _ open: inout [Int]) {
        let isClosed = tag.hasSuffix("/")
        var rest = isClosed ? tag.dropLast() : tag
        let name = rest.prefix { !$0.isWhitespace }
        rest = rest.dropFirst(name.count)
        var attributes: [String: String] = [:]
        while true {
            rest = rest.drop { $0.isWhitespace }
            guard !rest.isEmpty else { break }
            let key = rest.prefix { $0 != "=" }
            rest = rest.dropFirst(key.count)
            guard rest.hasPrefix("=\"") else {
                faults.append("an attribute without quotes in <\(tag)>")
                return
            }
            let value = rest.dropFirst(2).prefix { $0 != "\"" }
            rest = rest.dropFirst(3 + value.count)
            if attributes.updateValue(String(value), forKey: String(key)) != nil {
                faults.append("\(key) comes twice in <\(tag)>")
            }
        }
        elements.append(Element(name: String(name), attributes: attributes, within: open))
        if !isClosed { open.append(elements.count - 1) }
    }

    func all(_ names: String...) -> [Element] { elements.filter { names.contains($0.name) } }

    func of(_ element: Element, _ names: String...) -> [Element] {
        guard let place = elements.firstIndex(where: { $0.isSame(as: element) }) else { return [] }
        return elements.filter { $0.within.contains(place) && names.contains($0.name) }
    }

    func isWithin(_ element: Element, _ name: String) -> Bool {
        element.within.contains { elements[$0].name == name }
    }
}

extension Markings.Element {
    fileprivate func isSame(as other: Self) -> Bool {
        name == other.name && attributes == other.attributes && within == other.within && text == other.text
    }
}
