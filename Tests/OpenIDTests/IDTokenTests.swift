import Crypto
import JSON
import RotaCore
import Testing

@testable import OpenID

/// What a dishonest provider, or somebody with a token of another place, gets: nothing.
struct `An ID token` {
    private static let now = Instant(seconds: 1_800_000_000)
    private static let settings = OpenIDProvider.Settings(issuer: "https://id.example.com", clientID: "rota")
    private static let attempt = OpenIDProvider.Attempt(state: "s", nonce: "n-1", verifier: "v")
    private static let honest: JSON.Object = [
        "iss": "https://id.example.com", "aud": "rota", "sub": "1", "nonce": "n-1",
        "exp": .integer(now.seconds + 300), "iat": .integer(now.seconds), "email": "alice@example.com",
        "email_verified": true,
    ]

    /// A compact JWS with algorithm HS256 (RFC 7515).
    private static func token(_ changes: JSON.Object) -> String {
        var claims = honest
        for change in changes { claims[change.key] = change.value }
        let header: JSON = ["alg": "HS256", "typ": "JWT"]
        let signed = [header, .object(claims)].map { Base64.url.encode($0.serializedBytes()) }.joined(separator: ".")
        let key = [UInt8](repeating: 7, count: 32)
        return signed + "." + Base64.url.encode(HMAC.sha256(key: key, message: Array(signed.utf8)))
    }

    private static func person(
        _ changes: JSON.Object, _ settings: OpenIDProvider.Settings = settings
    ) throws -> String {
        try IDToken(token(changes)).person(for: settings, attempt, at: now)
    }

    @Test func `that is as it has to be says who it is`() throws {
        #expect(try Self.person([:]) == "alice@example.com")
        #expect(try Self.person(["aud": ["rota"]]) == "alice@example.com")
        #expect(try Self.person(["aud": ["other", "rota"], "azp": "rota"]) == "alice@example.com")
        let bySubject = OpenIDProvider.Settings(issuer: "https://id.example.com", clientID: "rota", claim: "sub")
        #expect(try Self.person(["email_verified": false], bySubject) == "1")
    }

    @Test(
        arguments: [
            (["iss": "https://evil.example.com"], "another issuer's"), (["iss": "https://id.example.com/"], "issuer"),
            (["iss": .null], "another issuer's"),
            (["aud": "other"], "another client"), (["aud": []], "another client"), (["aud": .null], "another client"),
            (["aud": ["rota", "other"]], "another client"),
            (["aud": ["rota", "other"], "azp": "other"], "another client"),
            (["nonce": "n-2"], "another attempt"), (["nonce": .null], "another attempt"),
            (["nonce": ""], "another attempt"),
            (["email": ""], "no 'email'"), (["email": .null], "no 'email'"), (["email": ["alice@example.com"]], "no"),
            (["email_verified": false], "not verified"), (["email_verified": "true"], "not verified"),
            (["email_verified": .null], "not verified"),
        ] as [(JSON.Object, String)])
    func `of another issuer, client or attempt, or of nobody, is refused`(changes: JSON.Object, why: String) {
        #expect { try Self.person(changes) } throws: { "\($0)".contains(why) }
    }

    @Test func `is good to its end and a minute longer, since clocks differ`() throws {
        #expect(try Self.person(["exp": .integer(Self.now.seconds - 59)]) == "alice@example.com")
        for end in [Self.now.seconds - 60, Self.now.seconds - 3600, 0, Int64.min] {
            #expect { try Self.person(["exp": .integer(end)]) } throws: { "\($0)".contains("expired") }
        }
        for end: JSON in [.null, "1900000000", true] {
            #expect { try Self.person(["exp": end]) } throws: { "\($0)".contains("expired") }
        }
    }

    /// A sum with it would have ended the process.
    @Test func `with the last second that there is ends nothing`() throws {
        for end in [Int64.max, Int64.max - 1, Int64.max - 59] {
            #expect(try Self.person(["exp": .integer(end)]) == "alice@example.com")
        }
        #expect(try Self.person(["iat": .integer(Int64.max), "nbf": .integer(Int64.min)]) == "alice@example.com")
    }

    @Test(arguments: ["", ".", "..", "a.b", "a.b.c.d", "a.!.c", "e30.e30", "x.W10.y", "x.bnVsbA.y", "x.e30.y"])
    func `that cannot be read is refused`(text: String) {
        #expect(throws: OpenIDProvider.Refusal.self) {
            try IDToken(text).person(for: Self.settings, Self.attempt, at: Self.now)
        }
    }
}
