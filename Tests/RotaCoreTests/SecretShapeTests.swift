import Crypto
import RotaCore
import TestSupport
import Testing

struct SecretShapeTests {
    @Test func `a value of ours is told wherever it stands`() {
        let random = SeededRandom(seed: 7)
        for _ in 0..<500 {
            let minted = TokenValue.mint(prefix: "acme") { random.bytes(40) }
            let value = String(decoding: minted.copyBytes(), as: UTF8.self)
            let body = value.dropFirst("acme_".count)
            for text in [value, "Bearer \(value)", "token=\(value)&x=1", "'\(value)'", "a/\(value)/b"] {
                #expect(SecretShape.isLikely(in: text), "\(text)")
                #expect(!SecretShape.redacted(text).contains(body.prefix(8)), "\(text)")
                #expect(SecretShape.shown(text) == SecretShape.redaction)
            }
        }
    }

    @Test(arguments: [
        "glpat-9Zk_3xQw7-TbN2vLp8Rd", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "hvs.CAESIJ2m8Zr5vQx1Wn0pLt7Kb3Yd6Hs9", "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy",
        "wJ4lrX7tnFEM1/K7MDE9G/bPx8fiCYz2Qm5pL0kT", "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    ])
    func `what others make is told, too`(_ secret: String) {
        #expect(SecretShape.isLikely(in: secret))
        for text in ["there is no '\(secret)'", "in /tmp/it/\(secret): no"] {
            let shown = SecretShape.redacted(text)
            #expect(shown.contains(SecretShape.redaction) && !shown.contains(secret.suffix(8)), "\(shown)")
        }
    }

    @Test(arguments: [
        "route-planner-snowflake-prod-0549", "MyAppProdReaderKey01", "IntegrationSnowflakeProduction01",
        "aws-iam/210987654321/deploy/key-2026-03-01T10:00:00Z", "tok_5aeccbf30ea99ff333ea",
        "550e8400-e29b-41d4-a716-446655440000", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "AKIAIOSFODNN7EXAMPLE",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV", "svc@project-1234.iam.gserviceaccount.example", "team/orders/Prod-2/API_KEY1",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "gitlab-runner-Prod-01-Frankfurt",
    ])
    func `names and ids are none`(_ name: String) {
        #expect(!SecretShape.isLikely(in: name))
        #expect(SecretShape.redacted(name) == name)
    }

    @Test func `a public key of a log is none, and what is only like one is`() {
        let key = "rota-8fb207ed50ab831259d7c3da61c37125+d08b4f3d+AXpN8vQ2mZr5xT1Wn0pLt7Kb3Yd6Hs9cJ4fGuE8sk7oO"
        #expect(SecretShape.redacted("earlier: \(key)") == "earlier: \(key)")
        let others = [String(key.dropLast()), key.replacing("+AX", with: "+BX"), key.replacing("3d+", with: "3+")]
        for other in others {
            #expect(SecretShape.redacted("earlier: \(other)").contains(SecretShape.redaction), "\(other)")
        }
    }

    @Test func `what cannot be told from a secret is not shown, and what can be is`() {
        for text in ["550e8400-e29b-41d4-a716-446655440000", "9f86d081884c7d65", "k7f3k9x2m4p8q1w6"] {
            #expect(SecretShape.shown(text) == SecretShape.redaction)
        }
        for text in ["route-planner-snowflake-prod-0549", "tok_5aeccbf30ea99ff333ea", "gamma"] {
            #expect(SecretShape.shown(text) == text)
        }
    }
}
