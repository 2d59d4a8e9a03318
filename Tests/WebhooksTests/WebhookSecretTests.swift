import Crypto
import Testing

@testable import Webhooks

struct WebhookSecretTests {
    private static let known = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    @Test func `the known vector of the specification is signed as published`() throws {
        let secret = try WebhookSecret(Secret(utf8: Self.known))
        let signature = secret.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test(arguments: [
        ("", WebhookSecretFault.withoutPrefix),
        ("whsec_", .withoutPrefix),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .withoutPrefix),
        ("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .withoutPrefix),
        ("whsec_not base64!", .notBase64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", .notBase64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLQ==", .wrongSize(22)),
        ("whsec_" + Base64.standard.encode([UInt8](repeating: 7, count: 65)), .wrongSize(65)),
    ])
    func `a text that is no secret is refused with the reason`(text: String, fault: WebhookSecretFault) {
        #expect(throws: fault) { try WebhookSecret(Secret(utf8: text)) }
    }

    @Test(arguments: [24, 64])
    func `secrets of the shortest and the longest size are taken`(size: Int) throws {
        let text = "whsec_" + Base64.standard.encode([UInt8](repeating: 7, count: size))
        _ = try WebhookSecret(Secret(utf8: text))
    }

    @Test func `a secret shows nothing when it is printed`() throws {
        let secret = try WebhookSecret(Secret(utf8: Self.known))
        #expect(!"\(secret) \(String(reflecting: secret))".contains("MfKQ"))
    }
}
