import RotaCore
import Testing

/// A name, an owner or an integration is not to pass for another one.
struct `What looks like another name` {
    @Test(arguments: [
        ("admi\u{200B}n", "the name has an invisible character, U+200B, at place 5"),
        ("a\u{FEFF}", "the name has an invisible character, U+FEFF, at place 2"),
        ("a\u{2060}b", "the name has an invisible character, U+2060, at place 2"),
        ("a\u{FE0F}b", "the name has an invisible character, U+FE0F, at place 2"),
        ("a\u{E0041}b", "the name has an invisible character, U+E0041, at place 2"),
        ("a\u{3164}", "the name has an invisible character, U+3164, at place 2"),
        ("a\u{A0}b", "the name has a blank that is not the usual one, U+00A0, at place 2"),
        ("a\u{2003}b", "the name has a blank that is not the usual one, U+2003, at place 2"),
        ("\u{202E}nimda", "the name has a character that turns the direction of reading, U+202E, at place 1"),
        ("a\tb", "the name has a control character, U+0009, at place 2"),
        ("a\u{85}b", "the name has a control character, U+0085, at place 2"),
        (".", "a name is not '.', which clients take out of an address that has it"),
        ("..", "a name is not '..', which clients take out of an address that has it"),
        (
            "tok_0123456789abcdef0123",
            "the name looks like the id of a token, and a command could not tell it from one"
        ),
        (" a", "a name has 1 to 200 characters, no control characters and no blank at its ends"),
        ("", "a name has 1 to 200 characters, no control characters and no blank at its ends"),
    ])
    func `is refused with what is wrong and where`(name: String, fault: String) {
        #expect(TokenFields.fault(ofName: name) == fault)
    }

    @Test(arguments: ["Müller", "データ連携", "a b", "...", "tok_x", "🚀 launch", "nai\u{308}ve"])
    func `is no name that people write`(name: String) { #expect(TokenFields.fault(ofName: name) == nil) }

    /// Whatever pages leave out of a text would make two names one there.
    @Test func `is every name with a character that pages leave out`() {
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value), scalar.isUnseen else { continue }
            #expect(TokenFields.disguise(in: "a\(Character(scalar))") != nil, "U+\(String(value, radix: 16))")
        }
    }

    @Test func `is read without what is not seen, and each gap as one blank`() {
        #expect(TokenFields.asRead(" old\u{200B}\u{A0} \u{3000}name\u{2060} ") == "old name")
        #expect(TokenFields.asRead("old  name") == TokenFields.asRead("old name"))
        #expect(TokenFields.asRead("old name") != TokenFields.asRead("oldname"))
    }
}
