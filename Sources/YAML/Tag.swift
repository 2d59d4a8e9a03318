/// The tags of the core schema; all others are refused, since nothing here would act on them.
enum Tag: String {
    case null = "tag:yaml.org,2002:null"
    case boolean = "tag:yaml.org,2002:bool"
    case integer = "tag:yaml.org,2002:int"
    case number = "tag:yaml.org,2002:float"
    case string = "tag:yaml.org,2002:str"
    case sequence = "tag:yaml.org,2002:seq"
    case mapping = "tag:yaml.org,2002:map"

    private init?(known text: String?, at mark: Mark) throws(YAMLError) {
        guard let text else { return nil }
        guard let tag = Tag(rawValue: text) else {
            throw YAMLError(
                "'\(YAMLError.shown(text))' is a tag here, which is not supported; a text that begins with '!' stands"
                    + " in quotes", at: mark)
        }
        self = tag
    }

    /// Throws unless a written tag says what the collection is anyhow; `!` says nothing.
    static func check(_ text: String?, is expected: Tag, at mark: Mark) throws(YAMLError) {
        guard text != "!", let tag = try Tag(known: text, at: mark) else { return }
        guard tag == expected else { throw misfit(tag, at: mark) }
    }

    /// The scalar as its tag wants it read; throws where the text does not fit the tag.
    static func apply(_ text: String?, to scalar: Scalar, at mark: Mark) throws(YAMLError) -> Scalar {
        // The non-specific tag `!` makes any scalar a string.
        if text == "!" { return Scalar(text: scalar.text, isPlain: false) }
        guard let tag = try Tag(known: text, at: mark) else { return scalar }
        let plain = Scalar(text: scalar.text, isPlain: true)
        switch (tag, plain.type) {
        case (.string, _): return Scalar(text: scalar.text, isPlain: false)
        case (.null, .null), (.boolean, .boolean), (.integer, .integer), (.number, .number): return plain
        case (.number, .integer): return plain
        default: throw misfit(tag, at: mark)
        }
    }

    private static func misfit(_ tag: Tag, at mark: Mark) -> YAMLError {
        YAMLError("the value does not fit its tag '\(tag.rawValue)'", at: mark)
    }
}
