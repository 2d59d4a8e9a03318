import Crypto
import Engine
import HTTPClient
import RotaCore
import TestSupport
import Testing

@testable import Vaults

/// Where keys come from, and when others are got.
@Suite struct AWSKeysTests {
    private let clock = ManualClock()

    private func keys(_ name: String, endsIn seconds: Int64? = nil) -> AWSKeys {
        AWSKeys(
            accessKeyID: name, secretAccessKey: Secret(utf8: "secret of \(name)"),
            endsAt: seconds.map { clock.now() + TimeSpan(seconds: $0) })
    }

    /// A ring whose source gives these one after the other, and fails with nil; and how often it was asked.
    private func ring(_ given: [AWSKeys?]) -> (AWSKeyRing, Locked<Int>) {
        let count = Locked(0)
        let ring = AWSKeyRing(clock: clock) {
            let number = count.withLock { count in
                count += 1
                return count
            }
            let keys = given[min(number, given.count) - 1]
            return keys.map { .success($0) } ?? .failure(VaultError(.transient, "no keys today"))
        }
        return (ring, count)
    }

    @Test func `keys are got once, for all who ask at the same time`() async throws {
        let (ring, count) = ring([keys("A", endsIn: 3600)])
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await ring.keys().accessKeyID } }
            for try await name in group { #expect(name == "A") }
        }
        #expect(count.withLock { $0 } == 1)
    }

    @Test func `others are got before they end`() async throws {
        let (ring, count) = ring([keys("A", endsIn: 900), keys("B", endsIn: 1800)])
        #expect(try await ring.keys().accessKeyID == "A")
        clock.advance(by: TimeSpan(seconds: 599))
        #expect(try await ring.keys().accessKeyID == "A")
        clock.advance(by: TimeSpan(seconds: 1))
        #expect(try await ring.keys().accessKeyID == "B")
        #expect(count.withLock { $0 } == 2)
    }

    @Test func `those that are still good serve while there are no others, and not longer`() async throws {
        let (ring, count) = ring([keys("A", endsIn: 900), nil, nil, nil])
        _ = try await ring.keys()
        clock.advance(by: TimeSpan(seconds: 700))
        for _ in 0..<5 { #expect(try await ring.keys().accessKeyID == "A") }
        #expect(count.withLock { $0 } == 2)
        clock.advance(by: TimeSpan(seconds: 30))
        #expect(try await ring.keys().accessKeyID == "A")
        #expect(count.withLock { $0 } == 3)
        clock.advance(by: TimeSpan(seconds: 170))
        await #expect(throws: VaultError.self) { try await ring.keys() }
    }

    @Test func `refused keys are replaced by others, where there are any`() async throws {
        let (old, new) = (keys("A"), keys("B"))
        let (ring, count) = ring([old, new])
        _ = try await ring.keys()
        // Refused as soon as they were got: others would be refused too.
        #expect(try await ring.replacement(of: old) == nil)
        clock.advance(by: AWSKeyRing.trust)
        #expect(try await ring.replacement(of: old)?.accessKeyID == "B")
        #expect(try await ring.replacement(of: old)?.accessKeyID == "B")
        #expect(try await ring.keys().accessKeyID == "B")
        clock.advance(by: AWSKeyRing.trust)
        #expect(try await ring.replacement(of: new) == nil)
        #expect(count.withLock { $0 } == 3)
    }

    struct Profile: Sendable {
        var name: String
        var credentials: String?
        var configuration: String?
        /// Access key, secret key and session token; nil where there are none.
        var keys: [String]?
    }

    @Test(arguments: [
        Profile(
            name: "default", credentials: "[default]\naws_access_key_id = A\naws_secret_access_key=s=/+\n",
            keys: ["A", "s=/+"]),
        Profile(
            name: "work",
            credentials: "# c\n[default]\naws_access_key_id=X\naws_secret_access_key=Y\n; c\n\n[ work ]\r\n"
                + "aws_access_key_id=A\r\naws_secret_access_key=s\r\naws_session_token = t\r\n",
            keys: ["A", "s", "t"]),
        Profile(
            name: "work", credentials: "[other]\naws_access_key_id=X\naws_secret_access_key=Y\n",
            configuration: "[profile work]\naws_access_key_id=A\naws_secret_access_key=s\ns3 =\n  role_arn = x\n",
            keys: ["A", "s"]),
        Profile(
            name: "work", credentials: "[work]\naws_access_key_id=A\naws_secret_access_key=s\n",
            configuration: "[profile work]\nregion=eu-west-1\naws_access_key_id=X\n", keys: ["A", "s"]),
        Profile(
            name: "default", configuration: "[default]\naws_access_key_id=A\naws_secret_access_key=s",
            keys: ["A", "s"]),
        Profile(name: "work", credentials: "[default]\naws_access_key_id=A\naws_secret_access_key=s\n"),
        Profile(name: "work", credentials: "[work]\naws_access_key_id=A\n"),
        Profile(name: "work", credentials: "[work]\naws_access_key_id=\naws_secret_access_key=s\n"),
        Profile(name: "work", configuration: "[profile work]\nrole_arn=arn:aws:iam::1:role/x\nsource_profile=y\n"),
        Profile(name: "work", configuration: "[work]\naws_access_key_id=A\naws_secret_access_key=s\n"),
    ])
    func `a profile has its own keys, those of the credentials file first`(_ profile: Profile) throws {
        let read = {
            try AWSProfile.keys(
                of: profile.name, credentials: profile.credentials.map { Secret(utf8: $0) },
                configuration: profile.configuration.map { Secret(utf8: $0) })
        }
        guard let expected = profile.keys else {
            let error = #expect(throws: VaultError.self) { try read() }
            #expect(error?.kind == .denied && error?.message.contains("'work'") == true)
            return
        }
        let keys = try read()
        let texts = [keys.secretAccessKey, keys.sessionToken].compactMap(\.self).map {
            String(decoding: $0.copyBytes(), as: UTF8.self)
        }
        #expect([keys.accessKeyID] + texts == expected)
    }

    @Test func `a profile that takes a role says what to write instead`() {
        let configuration = Secret(utf8: "[profile work]\nrole_arn=arn:aws:iam::1:role/x\n")
        let error = #expect(throws: VaultError.self) {
            try AWSProfile.keys(of: "work", credentials: nil, configuration: configuration)
        }
        #expect(error?.message.contains("role_arn") == true && error?.message.contains("web-identity") == true)
    }
}
