/// A list that grows by pieces of one size, so that nothing is moved when it grows, and little is kept free.
struct PieceList<Element: Sendable>: Sendable {
    private static var shift: Int { 12 }
    private static var mask: Int { (1 << shift) - 1 }

    private var pieces: [[Element]] = []
    private(set) var count = 0

    mutating func append(_ element: Element) {
        if count & Self.mask == 0 {
            var piece: [Element] = []
            piece.reserveCapacity(1 << Self.shift)
            pieces.append(piece)
        }
        pieces[pieces.count - 1].append(element)
        count += 1
    }

    subscript(index: Int) -> Element {
        get { pieces[index >> Self.shift][index & Self.mask] }
        set { pieces[index >> Self.shift][index & Self.mask] = newValue }
    }
}

/// Values of which there are few different ones: each is kept once, and known by its place.
struct Interned<Element: Hashable & Sendable>: Sendable {
    private var elements: [Element] = []
    private var places: [Element: UInt32] = [:]

    mutating func place(of element: Element) -> UInt32 {
        if let known = places[element] { return known }
        let place = UInt32(elements.count)
        elements.append(element)
        places[element] = place
        return place
    }

    subscript(place: UInt32) -> Element { elements[Int(place)] }
}
