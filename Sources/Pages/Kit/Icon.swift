import HTML

/// Small drawings beside words; nobody has to see them.
enum Icon {
    private static func stroke(_ path: Markup) -> Markup {
        """
        <svg class="icon" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" fill="none" \
        stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">\(path)</svg>
        """
    }

    /// A turn that comes round.
    static let mark: Markup = """
        <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path \
        d="M20 12a8 8 0 1 1-2.6-5.9" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round"/>\
        <path class="mark-tip" d="M21.8 2.6v6.6h-6.6z"/></svg>
        """

    static let key = stroke("<circle cx=\"7\" cy=\"13\" r=\"3.5\"/><path d=\"M9.6 10.4 16.5 3.5M13 7l2.5 2.5\"/>")
    static let shield = stroke(
        "<path d=\"M10 2.5 16 5v4.5c0 4-2.6 6.8-6 8-3.4-1.2-6-4-6-8V5z\"/><path d=\"m7.5 9.8 1.9 1.9 3.4-3.6\"/>")
    static let list = stroke("<path d=\"M8 5h8.5M8 10h8.5M8 15h8.5M3.5 5h.6M3.5 10h.6M3.5 15h.6\"/>")
    static let play = stroke("<circle cx=\"10\" cy=\"10\" r=\"7.2\"/><path d=\"M8.4 7v6l4.6-3z\"/>")
    static let pause = stroke("<path d=\"M5 3.5h10v13l-5-3-5 3z\"/>")
    static let hook = stroke(
        """
        <circle cx="5" cy="14.5" r="2"/><circle cx="15" cy="14.5" r="2"/><circle cx="10" cy="5" r="2"/>\
        <path d="M9 6.8 6 12.7M11 6.8l3 5.9M7 14.5h6"/>
        """)
    static let chart = stroke("<path d=\"M3.5 16.5h13M5.5 13.5v-4M10 13.5v-9M14.5 13.5v-6\"/>")
    static let book = stroke("<path d=\"M5 3h9.5v14H5a1.5 1.5 0 0 1-1.5-1.5v-11A1.5 1.5 0 0 1 5 3zM7 7h5M7 10.5h5\"/>")
    static let stop = stroke("<circle cx=\"10\" cy=\"10\" r=\"7.2\"/><path d=\"M7.2 7.2h5.6v5.6H7.2z\"/>")
    static let next = stroke("<path d=\"m8 5 5 5-5 5\"/>")
    static let up = stroke("<path d=\"m6 12 4-4 4 4\"/>")
    static let down = stroke("<path d=\"m6 8 4 4 4-4\"/>")
    static let plus = stroke("<path d=\"M10 4v12M4 10h12\"/>")
    static let done = stroke("<circle cx=\"10\" cy=\"10\" r=\"7.2\"/><path d=\"m6.8 10.2 2.2 2.2 4.2-4.6\"/>")
    static let warning = stroke("<path d=\"M10 3 18 16.5H2zM10 8.2v3.6M10 14.2v.1\"/>")
    static let nothing = stroke("<circle cx=\"9\" cy=\"9\" r=\"5.5\"/><path d=\"m13.2 13.2 3.6 3.6\"/>")
    static let search = nothing
}
