import Crypto
import Testing

@Suite struct DigestTests {
    /// FIPS 180-4 examples.
    static let known: [(input: [UInt8], digest: String)] = [
        ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ]

    @Test(arguments: known)
    func `SHA-256 gives the published digests`(input: [UInt8], digest: String) {
        #expect(Hex.encode(SHA256.digest(of: input)) == digest)
        #expect(Hex.encode(SHA256.digest(of: Secret(copying: input))) == digest)
        #expect(Hex.encode(SHA256.digest(of: String(decoding: input, as: UTF8.self))) == digest)
    }

    @Test func `an input given in pieces has the digest of the whole`() {
        let whole = Random.bytes(10_000)
        let hasher = SHA256.Hasher()
        for start in stride(from: 0, to: whole.count, by: 37) {
            hasher.update(Array(whole[start..<min(start + 37, whole.count)]))
        }
        #expect(hasher.finish() == SHA256.digest(of: whole))
        hasher.update("ab")
        hasher.update(Secret(utf8: "c"))
        #expect(hasher.finish() == SHA256.digest(of: "abc"))
    }

    @Test func `many threads digest at once without disturbing each other`() async {
        await withTaskGroup(of: Bool.self) { group in
            for task in 0..<8 {
                group.addTask {
                    let expected = SHA256.digest(of: "task \(task)")
                    return (0..<500).allSatisfy { _ in SHA256.digest(of: "task \(task)") == expected }
                }
            }
            for await same in group { #expect(same) }
        }
    }

    /// RFC 4231, test cases 1 to 4, 6 and 7.
    static let keyed: [(key: [UInt8], message: [UInt8], code: String)] = [
        (
            [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            Array(1...25), [UInt8](repeating: 0xcd, count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131),
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131),
            Array(
                """
                This is a test using a larger than block-size key and a larger than block-size data. \
                The key needs to be hashed before being used by the HMAC algorithm.
                """.utf8),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
        ([], [], "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ]

    @Test(arguments: keyed)
    func `HMAC-SHA-256 gives the published codes`(key: [UInt8], message: [UInt8], code: String) {
        #expect(Hex.encode(HMAC.sha256(key: key, message: message)) == code)
        #expect(Hex.encode(HMAC.sha256(key: Secret(copying: key), message: message)) == code)
    }

    @Test func `how long a comparison takes does not tell where two differ`() {
        let one = [UInt8](repeating: 1, count: 1 << 20)
        var (early, late) = (one, one)
        early[0] = 2
        late[one.count - 1] = 2
        // The least of many: whatever else the machine did has only lengthened others.
        var least = (early: Duration.seconds(1), late: Duration.seconds(1))
        let clock = ContinuousClock()
        for _ in 0..<50 {
            least.early = min(least.early, clock.measure { #expect(!constantTimeEquals(one, early)) })
            least.late = min(least.late, clock.measure { #expect(!constantTimeEquals(one, late)) })
        }
        // One that stopped where they differ would need a millionth.
        #expect((0.5...2).contains(least.early / least.late))
    }

    @Test func `comparing in constant time agrees with comparing`() {
        #expect(constantTimeEquals([], []))
        #expect(constantTimeEquals([1, 2], [1, 2]))
        #expect(!constantTimeEquals([1, 2], [1, 3]))
        #expect(!constantTimeEquals([1, 2], [1]))
        #expect(!constantTimeEquals([], [0]))
    }
}
