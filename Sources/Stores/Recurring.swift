import SQLite

/// What the texts of a column stand for, such as a set of labels that many tokens share: made once, and shared.
struct Recurring<Value>: ~Copyable {
    private static var places: Int { 1024 }

    private var texts = RecurringTexts(places: places)
    private var values: [Value]
    private let make: (String) -> Value

    init(_ make: @escaping (String) -> Value) {
        values = Array(repeating: make(""), count: Self.places)
        self.make = make
    }

    mutating func value(_ row: borrowing Row, _ column: Int) -> Value {
        let (place, isNew) = texts.place(of: row, column)
        if isNew { values[place] = make(texts[place]) }
        return values[place]
    }
}
