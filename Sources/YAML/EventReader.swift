import CYAML

/// What libyaml reports, copied out of its memory.
enum Event {
    case streamStart, streamEnd
    case documentStart, documentEnd
    case scalar(Scalar, anchor: String?, tag: String?)
    case sequenceStart(anchor: String?, tag: String?), sequenceEnd
    case mappingStart(anchor: String?, tag: String?), mappingEnd
    case alias(String)
}

/// Owns one libyaml parser, whose input must outlive it.
///
/// Events rather than libyaml's loaded document: there a tag that was written cannot be told from one
/// that was supplied, and depth is only known once everything has been read.
final class EventReader {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeBufferPointer<UInt8>

    init(_ input: UnsafeBufferPointer<UInt8>) throws(YAMLError) {
        self.input = input
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            throw YAMLError("out of memory", at: Mark(line: 1, column: 1))
        }
        // Given outright, so that a byte order mark cannot switch to UTF-16.
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    func next() throws(YAMLError) -> (event: Event, mark: Mark) {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw fault() }
        defer { yaml_event_delete(&event) }
        return (try Self.copy(event), Mark(event.start_mark))
    }

    private static func copy(_ event: yaml_event_t) throws(YAMLError) -> Event {
        switch event.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return .streamEnd
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_ALIAS_EVENT: return .alias(string(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return .sequenceStart(anchor: string(start.anchor), tag: string(start.tag))
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return .mappingStart(anchor: string(start.anchor), tag: string(start.tag))
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
            // An escape can spell what the text itself may not hold.
            guard !text.utf8.contains(0) else {
                throw YAMLError("a value may not contain NUL", at: Mark(event.start_mark))
            }
            return .scalar(
                Scalar(text: text, isPlain: isPlain), anchor: string(scalar.anchor), tag: string(scalar.tag))
        default: throw YAMLError("unknown kind of YAML event", at: Mark(event.start_mark))
        }
    }

    private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        text.map { String(cString: $0) }
    }

    private func fault() -> YAMLError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "invalid YAML"
        switch parser.pointee.error {
        case YAML_MEMORY_ERROR:
            return YAMLError("out of memory", at: Mark(parser.pointee.mark))
        case YAML_READER_ERROR:
            // The only faults that come with a byte offset instead of a mark.
            return YAMLError(problem, at: mark(ofByte: parser.pointee.problem_offset))
        default:
            return YAMLError(explain(problem), at: Mark(parser.pointee.problem_mark))
        }
    }

    private func explain(_ problem: String) -> String {
        if problem == "found character that cannot start any token" {
            return "a value cannot start with this character; quote it, and indent with blanks only"
        }
        guard let context = parser.pointee.context.map({ String(cString: $0) }) else { return problem }
        let start = Mark(parser.pointee.context_mark)
        return "\(problem) \(context) that starts at \(start.line):\(start.column)"
    }

    private func mark(ofByte offset: Int) -> Mark {
        var line = 1
        var column = 1
        for byte in input.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return Mark(line: line, column: column)
    }
}

extension Mark {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
