import Crypto
import Testing

@Suite struct SecretTests {
    private struct Holder {
        let name = "alpha"
        let secret = Secret(utf8: "hunter2-canary")
    }

    private struct Refused: Error {}

    private func bytes(of secret: Secret) -> [UInt8] { secret.copyBytes() }

    @Test func `a secret gives back the bytes it was made of`() {
        let secret = Secret(copying: [1, 2, 3] as [UInt8])
        #expect(secret.count == 3)
        #expect(secret.copyBytes() == [1, 2, 3])
        #expect(secret.withBytes { Array($0) } == [1, 2, 3])
        #expect(secret.withSpan { span in span.indices.map { span[$0] } } == [1, 2, 3])
        #expect(Secret(utf8: "é").copyBytes() == [0xC3, 0xA9])
    }

    @Test func `an empty secret is a secret`() {
        let empty = Secret(utf8: "")
        #expect(empty.count == 0)
        #expect(empty.copyBytes().isEmpty)
        #expect(empty.isEqual(to: Secret(copying: [] as [UInt8])))
    }

    @Test func `printing, dumping and interpolating a secret shows nothing of it`() {
        let holder = Holder()
        var dumped = ""
        dump(holder, to: &dumped)
        var printed = ""
        print(holder.secret, [holder.secret], Optional(holder.secret) as Any, to: &printed)
        let shown = [
            "\(holder.secret)", "\(holder)", String(reflecting: holder), String(describing: holder),
            String(reflecting: holder.secret), dumped, printed,
        ]
        for text in shown {
            #expect(text.contains("<redacted>"))
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("104"))
        }
    }

    @Test func `equality looks at every byte and at the length`() {
        let secret = Secret(utf8: "abcdef")
        #expect(secret.isEqual(to: Secret(utf8: "abcdef")))
        #expect(secret.isEqual(to: Array("abcdef".utf8)))
        #expect(!secret.isEqual(to: Secret(utf8: "abcdeg")))
        #expect(!secret.isEqual(to: Secret(utf8: "abcde")))
        #expect(!secret.isEqual(to: []))
    }

    @Test func `a secret may be shorter than its capacity`() {
        let secret = Secret(capacity: 8) { target in
            target[0] = 7
            return 1
        }
        #expect(secret.copyBytes() == [7])
    }

    @Test func `a secret that cannot be filled is not made`() {
        #expect(throws: Refused.self) {
            _ = try Secret(capacity: 64) { target throws(Refused) in
                target[0] = 1
                throw Refused()
            }
        }
    }

    @Test func `the memory of a secret is wiped when it goes`() {
        // The heap puts its own links into a free block's first bytes, and another test may already have the
        // block: so what is asked is that no long part of the old bytes is left.
        var address: UnsafeRawPointer?
        do {
            let secret = Secret(copying: [UInt8](repeating: 0xA5, count: 64))
            secret.withBytes { address = $0.baseAddress }
        }
        let freed = UnsafeRawBufferPointer(start: address, count: 64)
        #expect(freed[16...].count { $0 == 0xA5 } < 16)
    }

    @Test func `tens of thousands of secrets can live at once, beyond the locked heap`() {
        let secrets = (0..<30_000).map { Secret(utf8: "value number \($0) of a great many, padded out") }
        #expect(secrets[29_999].isEqual(to: Secret(utf8: "value number 29999 of a great many, padded out")))
        #expect(secrets[0].isEqual(to: Secret(utf8: "value number 0 of a great many, padded out")))
    }
}
