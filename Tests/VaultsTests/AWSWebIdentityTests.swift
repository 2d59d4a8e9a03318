import Crypto
import Engine
import HTTPClient
import RotaCore
import TestSupport
import Testing

@testable import Vaults

/// Keys for the token of an identity provider. The token service is a stub that gives temporary keys which moto
/// made: moto itself takes no unsigned request once it checks signatures.
@Suite struct AWSWebIdentityTests {
    let house: AWSHouse
    let clock = ManualClock()

    init() throws {
        house = try AWSHouse()
    }

    /// As the service answers; shape and names from its reference.
    private static func answer(_ keys: Moto.Keys, end: Instant) -> StubServer.Answer {
        func text(_ secret: Secret?) -> String { String(decoding: secret?.copyBytes() ?? [], as: UTF8.self) }
        return .status(
            "200 OK",
            """
            <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
              <AssumeRoleWithWebIdentityResult>
                <SubjectFromWebIdentityToken>system:serviceaccount:rota:rota</SubjectFromWebIdentityToken>
                <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/rota/rota</Arn></AssumedRoleUser>
                <Credentials>
                  <SessionToken>\(text(keys.sessionToken))</SessionToken>
                  <SecretAccessKey>\(text(keys.secretKey))</SecretAccessKey>
                  <Expiration>\(end)</Expiration>
                  <AccessKeyId>\(keys.accessKey)</AccessKeyId>
                </Credentials>
              </AssumeRoleWithWebIdentityResult>
            </AssumeRoleWithWebIdentityResponse>
            """, headers: ["Content-Type: text/xml"])
    }

    private func vault(_ service: StubServer, token: @escaping @Sendable () -> String) throws -> AWSSecretsManagerVault
    {
        let identity = AWSWebIdentity(
            role: "arn:aws:iam::123456789012:role/rota", session: "rota",
            token: Credential("file:token") { .success(Secret(utf8: token())) }, endpoint: service.address)
        return try AWSSecretsManagerVault(
            AWSConfiguration(name: "aws", region: house.moto.region, endpoint: house.moto.address),
            authentication: .webIdentity(identity), client: house.client, clock: clock)
    }

    @Test func `a role's keys sign the calls, and are got anew before they end, with the token of then`() async throws {
        let (keys, now) = (house.moto.temporary, clock.now())
        let service = try StubServer { [clock] _ in Self.answer(keys, end: clock.now() + TimeSpan(seconds: 3600)) }
        let token = Locked("eyJ.first/+=&")
        let vault = try vault(service) { token.withLock { $0 } }
        let name = try await house.make("old")
        let place = Destination(vault: "aws", path: name)
        #expect(try await vault.probe(place).text == "old")
        try await vault.write(Secret(utf8: "new"), to: place, over: vault.probe(place))
        #expect(service.requests.count == 1)
        let body = service.requests.first?.split(separator: "\r\n\r\n").last
        let expected =
            "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Frota"
            + "&RoleSessionName=rota&Version=2011-06-15&WebIdentityToken=eyJ.first%2F%2B%3D%26"
        #expect(body.map(String.init) == expected)
        #expect(service.requests.first?.contains("Authorization") == false)

        token.withLock { $0 = "second" }
        clock.set(to: now + TimeSpan(seconds: 3301))
        _ = try await vault.probe(place)
        #expect(service.requests.count == 2 && service.requests.last?.hasSuffix("WebIdentityToken=second") == true)
    }

    @Test(arguments: [
        ("400 Bad Request", "<Code>InvalidIdentityToken</Code><Message>bad canary</Message>", VaultError.Kind.denied),
        ("403 Forbidden", "<Code>AccessDenied</Code><Message>no</Message>", .denied),
        ("400 Bad Request", "<Code>ValidationError</Code><Message>role</Message>", .denied),
        ("500 Internal Server Error", "", .transient),
        ("200 OK", "<html>", .garbled),
        ("200 OK", "<AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey>", .garbled),
    ])
    func `a role that is not given is told of, and no secret is asked for`(
        status: String, body: String, kind: VaultError.Kind
    ) async throws {
        let service = try StubServer { _ in .status(status, body) }
        let error = await #expect(throws: VaultError.self) {
            try await vault(service) { "canary" }.probe(Destination(vault: "aws", path: "a"))
        }
        #expect(error?.kind == kind && error?.message.contains("canary") == false)
    }
}
