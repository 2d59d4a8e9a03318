import Crypto
import Testing

@Suite struct EncodingTests {
    /// RFC 4648, section 10, and one that uses the last two characters of the alphabets.
    static let base64: [(text: String, standard: String, url: String)] = [
        ("", "", ""), ("f", "Zg==", "Zg"), ("fo", "Zm8=", "Zm8"), ("foo", "Zm9v", "Zm9v"),
        ("foob", "Zm9vYg==", "Zm9vYg"), ("fooba", "Zm9vYmE=", "Zm9vYmE"), ("foobar", "Zm9vYmFy", "Zm9vYmFy"),
        ("~~>~?", "fn4+fj8=", "fn4-fj8"),
    ]

    @Test(arguments: base64)
    func `base 64 is written and read as published`(text: String, standard: String, url: String) {
        let bytes = Array(text.utf8)
        #expect(Base64.standard.encode(bytes) == standard)
        #expect(Base64.standard.decode(standard) == bytes)
        #expect(Base64.url.encode(bytes) == url)
        #expect(Base64.url.decode(url) == bytes)
    }

    @Test func `base 64 of a secret is a secret that reads back`() throws {
        let encoded = Base64.standard.encode(Secret(utf8: "foob"))
        #expect(encoded.isEqual(to: Secret(utf8: "Zm9vYg==")))
        let decoded = try #require(Base64.standard.decode(encoded))
        #expect(decoded.isEqual(to: Secret(utf8: "foob")))
        #expect(Base64.standard.decode(Secret(utf8: "Zm9vYg=")) == nil)
        #expect(Base64.standard.decode(Secret(utf8: "Zm9v*g==")) == nil)
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "=", "==", "====", "Zm9v=", "Zm9v====", "Zh==", "Zm9=", "Zm 9", "Zm9v\n",
        "Zm-_", "Z=g=", "é===",
    ])
    func `base 64 that nobody would write is refused`(text: String) {
        #expect(Base64.standard.decode(text) == nil)
    }

    @Test(arguments: ["Z", "Zg==", "Zh", "Zm+/", "Zm9vY", "Zm9v="])
    func `base 64 for URLs that nobody would write is refused`(text: String) {
        #expect(Base64.url.decode(text) == nil)
    }

    @Test func `random bytes of every length survive both encodings`() {
        for count in 0..<70 {
            let bytes = Random.bytes(count)
            #expect(Base64.standard.decode(Base64.standard.encode(bytes)) == bytes)
            #expect(Base64.url.decode(Base64.url.encode(bytes)) == bytes)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        }
    }

    @Test func `hex is written in lower case and read in either`() {
        #expect(Hex.encode([0, 0x1f, 0xff]) == "001fff")
        #expect(Hex.decode("001FfF") == [0, 0x1f, 0xff])
        #expect(Hex.decode("") == [])
    }

    @Test(arguments: ["0", "0g", "0x", " 0", "00 ", "+1", "é"])
    func `hex with a wrong character or half a byte is refused`(text: String) {
        #expect(Hex.decode(text) == nil)
    }
}
