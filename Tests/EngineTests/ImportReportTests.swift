import Engine
import JSON
import RotaCore
import TestSupport
import Testing

/// Lists that other systems write of their own tokens.
@Suite struct ImportReportTests {
    private let bench: ImportBench
    private static let aws = Issuer.external(kind: "aws-iam")

    init() throws { bench = try ImportBench() }

    // MARK: - The credential report of AWS IAM

    private static let awsHeader =
        "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
        + "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
        + "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
        + "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,"
        + "access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated\n"
    private static let noKey = "false,N/A,N/A,N/A,N/A"

    /// A line of the report; `keys` are the five columns of each.
    private static func user(
        _ name: String, account: String = "210987654321", created: String = "2013-02-03T04:05:06Z",
        login: String = "false,N/A,N/A,N/A,false", first: String = noKey, second: String = noKey,
        certificates: String = "false,N/A,false,N/A"
    ) -> String {
        "\(name),arn:aws:iam::\(account):user/\(name),\(created),\(login),\(first),\(second),\(certificates)\n"
    }

    @Test func `each access key becomes a token, and what is no token is counted`() throws {
        let report =
            Self.awsHeader
            + "<root_account>,arn:aws:iam::210987654321:root,2012-01-01T00:00:00+00:00,not_supported,"
            + "2026-11-01T08:00:00+00:00,not_supported,not_supported,true,\(Self.noKey),\(Self.noKey),"
            + "false,N/A,false,N/A\n"
            + Self.user(
                "deploy", first: "true,2026-03-01T10:00:00+00:00,2026-11-20T09:30:00+00:00,eu-west-1,s3",
                second: "false,2024-05-06T07:08:09+00:00,N/A,N/A,N/A")
            + Self.user(
                "old", login: "true,no_information,2013-02-03T04:05:06Z,N/A,true",
                first: "true,2014-06-01T00:00:00Z,N/A,N/A,N/A", certificates: "true,2014-06-02T00:00:00Z,false,N/A")
        let summary = try bench.take(report, as: .awsCredentialReport)
        #expect(summary.added == 3)
        #expect(summary.vanished == 0)
        #expect(
            summary.leftOut.counts.map { "\($0.count) \($0.what)" } == [
                "2 MFA device", "1 console password", "1 signing certificate",
            ])

        let active = try bench.token("aws-iam/210987654321/deploy/key-2026-03-01T10:00:00Z")
        #expect(active.issuer == Self.aws)
        #expect(active.externalID == "arn:aws:iam::210987654321:user/deploy/key-2026-03-01T10:00:00Z")
        #expect(active.state == .active)
        #expect(active.createdAt == Instant("2026-03-01T10:00:00Z"))
        #expect(active.values.currentIssuedAt == Instant("2026-03-01T10:00:00Z"))
        #expect(active.usage == .lastUsed(try #require(Instant("2026-11-20T09:30:00Z"))))
        #expect(active.labels == ["account": "210987654321", "user": "deploy"])

        // Switched off, and never used since it was made.
        let off = try bench.token("aws-iam/210987654321/deploy/key-2024-05-06T07:08:09Z")
        #expect(off.state == .quarantined)
        #expect(off.usage == .neverUsed(since: off.createdAt))

        // Before this day, AWS did not look.
        let old = try bench.token("aws-iam/210987654321/old/key-2014-06-01T00:00:00Z")
        #expect(old.usage == .neverUsed(since: try #require(Instant("2015-04-22"))))
    }

    @Test func `a key keeps its identity when it moves to the other column`() throws {
        let kept = "true,2026-03-01T10:00:00Z,2026-11-20T09:30:00Z,eu-west-1,s3"
        try bench.take(
            Self.awsHeader + Self.user("deploy", first: "true,2024-01-01T00:00:00Z,N/A,N/A,N/A", second: kept),
            as: .awsCredentialReport)
        let summary = try bench.take(Self.awsHeader + Self.user("deploy", first: kept), as: .awsCredentialReport)
        #expect((summary.added, summary.updated, summary.unchanged) == (0, 0, 1))
        #expect(summary.vanished == 1)
        #expect(summary.changes.map(\.name) == ["aws-iam/210987654321/deploy/key-2024-01-01T00:00:00Z"])
    }

    @Test func `two keys of one second are two tokens`() throws {
        let key = "true,2026-03-01T10:00:00Z,N/A,N/A,N/A"
        let report = Self.awsHeader + Self.user("twin", first: key, second: key)
        #expect(try bench.take(report, as: .awsCredentialReport).added == 2)
        #expect(try bench.take(report, as: .awsCredentialReport).unchanged == 2)
    }

    @Test func `a report without a date or a use of a key asserts neither`() throws {
        let header =
            "user,arn,user_creation_time,access_key_1_active,access_key_1_last_rotated,access_key_2_active,"
            + "access_key_2_last_rotated,additional_credentials_info\n"
        let row =
            "ci,arn:aws:iam::1:user/ci,2020-01-02T03:04:05Z,TRUE,N/A,FALSE,N/A,1 more access key: ListAccessKeys\n"
        let summary = try bench.take(header + row, as: .awsCredentialReport)
        let token = try bench.token("aws-iam/1/ci/key-1")
        // No older than its user.
        #expect(token.values.currentIssuedAt == Instant("2020-01-02T03:04:05Z"))
        #expect(token.usage == .unknown)
        #expect(summary.leftOut.counts.map(\.what) == ["further key list"])
    }

    @Test(arguments: [
        ("", "line 1: the report is empty"),
        ("name,issuer\na,rota\n", "line 1: this is no credential report of AWS: it has no column 'user'"),
        (awsHeader + "deploy,arn\n", "line 2: there are 2 fields under 22 columns"),
        (
            awsHeader + user("x", first: "true,2026-01-01T00:00:00Z,N/A,N/A,N/A").replacing("arn:aws", with: "x"),
            "line 2: 'x:iam::210987654321:user/x' is no ARN of a user"
        ),
        (
            awsHeader + user("x", first: "true,soon,N/A,N/A,N/A"),
            "line 2: 'soon' in access_key_1_last_rotated is not a time"
        ),
        (
            awsHeader + user("x", first: "true,2026-01-01T00:00:00Z,later,N/A,N/A"),
            "line 2: 'later' in last_used_at is not a time"
        ),
    ])
    func `a wrong report of AWS is refused with the place and the reason`(text: String, fault: String) throws {
        #expect(try bench.faults(text, as: .awsCredentialReport) == [fault])
        #expect(try bench.tokens().isEmpty)
    }

    @Test func `the credential report of AWS is known by its header`() {
        #expect(InventoryFormat.detected(in: Array(Self.awsHeader.utf8)) == .awsCredentialReport)
        #expect(InventoryFormat.detected(in: [0xEF, 0xBB, 0xBF] + Array(Self.awsHeader.utf8)) == .awsCredentialReport)
        #expect(InventoryFormat.detected(in: Array("user,arn\n".utf8)) == nil)
    }

    // MARK: - What becomes of a token since

    private static func deploy(
        _ active: Bool, used: String = "2026-11-20T09:30:00Z", account: String = "210987654321"
    ) -> String {
        awsHeader + user("deploy", account: account, first: "\(active),2026-03-01T10:00:00Z,\(used),eu-west-1,s3")
    }
    private static let deployName = "aws-iam/210987654321/deploy/key-2026-03-01T10:00:00Z"

    @Test func `a later report moves the last use forward, and never back`() throws {
        try bench.take(Self.deploy(true, used: "N/A"), as: .awsCredentialReport)
        let before = try bench.token(Self.deployName)
        let later = ImportBench.now + .days(2)
        let summary = try bench.take(Self.deploy(true), as: .awsCredentialReport, at: later)
        #expect(
            summary.changes.map(\.fields) == [
                [
                    FieldChange(.lastUsedAt, "never", "2026-11-20T09:30:00Z")
                ]
            ])
        let after = try bench.token(Self.deployName)
        #expect(after.usage == .lastUsed(try #require(Instant("2026-11-20T09:30:00Z"))))
        #expect(after.usageAssertedUntil == later)
        // A use is no change of a token.
        #expect(after.revision == before.revision)
        let old = try bench.take(Self.deploy(true, used: "2026-10-01T00:00:00Z"), as: .awsCredentialReport, at: later)
        #expect(old.unchanged == 1)
        #expect(try bench.token(Self.deployName) == after)
    }

    @Test func `a key that is switched off is quarantined, and restored when it is on again`() throws {
        try bench.take(Self.deploy(true), as: .awsCredentialReport)
        try bench.take(Self.deploy(false), as: .awsCredentialReport)
        let off = try bench.token(Self.deployName)
        #expect(off.state == .quarantined)
        try bench.take(Self.deploy(true), as: .awsCredentialReport)
        #expect(try bench.token(Self.deployName).state == .active)
        #expect(
            try bench.audit(of: off.id.text).map(\.action) == [
                "token.import", "token.quarantine", "token.restore",
            ])
    }

    @Test func `only the accounts that a report speaks of can have lost a key`() throws {
        try bench.take(Self.deploy(true), as: .awsCredentialReport)
        let other = Self.deploy(true, account: "111111111111")
        #expect(try bench.take(other, as: .awsCredentialReport).vanished == 0)
        // An account whose last key is gone.
        let emptied = try bench.take(Self.awsHeader + Self.user("deploy"), as: .awsCredentialReport)
        #expect(emptied.vanished == 1)
        #expect(emptied.rows == 0)
        #expect(try bench.token(Self.deployName).state == .active)
    }

    @Test func `a dry run of a report tells all that it would do, and does nothing`() throws {
        try bench.take(Self.deploy(true, used: "N/A"), as: .awsCredentialReport)
        let (tokens, audit) = (try bench.tokens(), try bench.audit())
        let report = Self.deploy(false) + Self.user("new", first: "true,2026-10-01T00:00:00Z,N/A,N/A,N/A")
        let planned = try bench.take(report, as: .awsCredentialReport, dryRun: true)
        #expect(try bench.tokens() == tokens)
        #expect(try bench.audit() == audit)
        #expect(planned.changes.map(\.kind) == [.changed, .added])
        #expect(planned.changes.first?.fields.map(\.field) == ["state", "last_used_at"])
        #expect(try bench.take(report, as: .awsCredentialReport) == planned)
    }

    @Test func `what people wrote beside a reported token stays`() throws {
        try bench.take(Self.deploy(true), as: .awsCredentialReport)
        var edited = try bench.token(Self.deployName)
        edited.owner = "team-a"
        edited.labels["env"] = "production"
        edited.description = "deploys the shop"
        try bench.store.transaction {
            _ = try bench.store.editToken(
                edited, change: Change(actor: "test", at: ImportBench.now, cause: "edited"))
        }
        #expect(try bench.take(Self.deploy(true), as: .awsCredentialReport).unchanged == 1)
        #expect(try bench.token(Self.deployName).labels["env"] == "production")
        #expect(try bench.token(Self.deployName).owner == "team-a")
    }

    // MARK: - GitLab

    private static func gitlab(_ id: Int, _ more: String) -> String {
        """
        {"id": \(id), "name": "release bot", "created_at": "2026-05-10T14:00:00.123Z",
         "scopes": ["api", "read_user"], \(more)}
        """
    }
    private static let live =
        #""revoked": false, "active": true, "user_id": 24, "last_used_at": null, "expires_at": "2027-05-10""#

    private static let project =
        #""revoked": false, "active": true, "user_id": 99, "access_level": 40, "expires_at": null"#

    @Test func `tokens of GitLab are taken as its lists have them`() throws {
        let list = """
            [\(Self.gitlab(41, Self.live)),
             \(Self.gitlab(42, Self.project))]
            [\(Self.gitlab(43, #""revoked": true, "active": false, "last_used_at": "2026-08-01T00:00:00.000Z""#)),
             \(Self.gitlab(44, #""revoked": false, "active": false, "expires_at": "2026-06-01""#))]
            """
        #expect(try bench.take(list, as: .gitlab).added == 4)
        let personal = try bench.token("gitlab/41/release bot")
        #expect(personal.issuer == .external(kind: "gitlab"))
        #expect(personal.externalID == "41")
        #expect(personal.scopes == ["api", "read_user"])
        #expect(personal.labels == ["user_id": "24"])
        #expect(personal.expiresAt == Instant("2027-05-10T00:00:00Z"))
        #expect(personal.usage == .neverUsed(since: try #require(Instant("2026-05-10T14:00:00Z"))))
        // A list that does not speak of uses knows nothing of them.
        let project = try bench.token("gitlab/42/release bot")
        #expect(project.usage == .unknown)
        #expect(project.labels == ["user_id": "99", "access_level": "40"])
        #expect(try bench.token("gitlab/43/release bot").state == .revoked)
        let expired = try bench.token("gitlab/44/release bot")
        #expect(expired.state == .expired)
        #expect(expired.end?.at == Instant("2026-06-01"))
        #expect(try bench.take(list, as: .gitlab).unchanged == 4)
    }

    @Test func `a token that its issuer revoked ends here, with all its values`() throws {
        try bench.take("[\(Self.gitlab(41, Self.live))]", as: .gitlab)
        let revoked = Self.live.replacing("false, \"active\": true", with: "true, \"active\": false")
        let summary = try bench.take("[\(Self.gitlab(41, revoked))]", as: .gitlab)
        #expect(summary.changes.first?.fields == [FieldChange(.state, "active", "revoked")])
        let token = try bench.token("gitlab/41/release bot")
        #expect(token.state == .revoked)
        #expect(try bench.store.versions(of: token.id).map(\.state) == [.revoked])
        // It is not brought back by an old list.
        try bench.take("[\(Self.gitlab(41, Self.live))]", as: .gitlab)
        #expect(try bench.token("gitlab/41/release bot").state == .revoked)
    }

    @Test func `a new end, name or scope of a reported token is taken over`() throws {
        try bench.take("[\(Self.gitlab(41, Self.live))]", as: .gitlab)
        let changed = Self.gitlab(41, Self.live).replacing("2027-05-10", with: "2027-08-10")
            .replacing("release bot", with: "release").replacing(#""read_user""#, with: #""read_api""#)
        let summary = try bench.take("[\(changed)]", as: .gitlab)
        #expect(summary.changes.first?.fields.map(\.field) == ["name", "scopes", "expires_at"])
        #expect(try bench.token("gitlab/41/release").expiresAt == Instant("2027-08-10"))
    }

    @Test func `lists of two instances are told apart by their issuers`() throws {
        let internalOne = Issuer.external(kind: "gitlab-internal")
        try bench.take("[\(Self.gitlab(41, Self.live))]", as: .gitlab)
        let summary = try bench.take("[\(Self.gitlab(41, Self.live))]", as: .gitlab, issuer: internalOne)
        #expect(summary.added == 1)
        #expect(summary.vanished == 0)
        #expect(try bench.token("gitlab-internal/41/release bot").issuer == internalOne)
        // An empty list does not say of what it is one.
        #expect(try bench.take("[]", as: .gitlab).vanished == nil)
        #expect(try bench.take("[]", as: .gitlab, isComplete: true).vanished == 1)
    }

    // MARK: - GitHub

    @Test func `fine-grained tokens of GitHub are taken as its list has them`() throws {
        let list = """
            [{"id": 7, "owner": {"login": "octo", "id": 1}, "repository_selection": "subset",
              "repositories_url": "https://api.github.test/x",
              "permissions": {"organization": {"members": "read"},
                              "repository": {"contents": "write", "metadata": "read"}},
              "access_granted_at": "2026-02-16T08:47:09.000-08:00", "token_id": 98716, "token_name": "nightly export",
              "token_expired": false, "token_expires_at": "2026-12-16T08:47:09.000-08:00",
              "token_last_used_at": null},
             {"id": 8, "owner": {"login": "hubot"}, "repository_selection": "all", "permissions": {},
              "access_granted_at": "2026-01-16T08:47:09Z", "token_id": 98717, "token_name": "old",
              "token_expired": true, "token_expires_at": "2026-03-16T08:47:09Z",
              "token_last_used_at": "2026-03-01T00:00:00Z"},
             {"id": 9, "reason": "please", "owner": {"login": "x"}, "created_at": "2026-01-16T08:47:09Z",
              "token_id": 98718, "token_name": "wanted"}]
            """
        let summary = try bench.take(list, as: .github)
        #expect(summary.added == 2)
        #expect(summary.leftOut.counts.map { "\($0.count) \($0.what)" } == ["1 access request"])
        let token = try bench.token("github/octo/98716/nightly export")
        #expect(token.owner == "octo")
        #expect(
            token.scopes == [
                "organization:members:read", "repository:contents:write", "repository:metadata:read",
            ])
        #expect(token.createdAt == Instant("2026-02-16T16:47:09Z"))
        #expect(token.expiresAt == Instant("2026-12-16T16:47:09Z"))
        #expect(token.usage == .neverUsed(since: token.createdAt))
        #expect(try bench.token("github/hubot/98717/old").state == .expired)
        #expect(try bench.take(list, as: .github).unchanged == 2)
    }

    @Test func `authorised credentials of GitHub are taken, but for keys of SSH`() throws {
        let list = """
            [{"login": "octo", "credential_id": 161195, "credential_type": "personal access token",
              "token_last_eight": "71c3fc11", "credential_authorized_at": "2026-01-26T19:06:43Z",
              "credential_accessed_at": "2026-11-20T19:06:43Z", "authorized_credential_note": "laptop",
              "authorized_credential_expires_at": "2027-02-25T00:00:00Z", "scopes": ["user", "repo"]},
             {"login": "hubot", "credential_id": 161196, "credential_type": "SSH key", "fingerprint": "jklmnop",
              "credential_authorized_at": "2026-01-26T19:06:43Z", "credential_accessed_at": null}]
            """
        let summary = try bench.take(list, as: .github)
        #expect(summary.added == 1)
        #expect(summary.leftOut.counts.map(\.what) == ["SSH key"])
        let token = try bench.token("github/octo/161195/laptop")
        #expect(token.scopes == ["user", "repo"])
        #expect(token.labels == ["credential_type": "personal access token"])
        #expect(token.usage == .lastUsed(try #require(Instant("2026-11-20T19:06:43Z"))))
    }

    @Test(arguments: [
        (
            InventoryFormat.gitlab, #"[{"name": "a", "created_at": "2026-01-01"}]"#,
            "line 1: this is no list of gitlab: its first entry has no 'id'"
        ),
        (.gitlab, #"[{"id": 1, "name": "a"}]"#, "line 1: row 1 ('a'): 'created_at' is missing, or no text"),
        (.gitlab, #"{"message": "401 Unauthorized"}"#, "line 1: this is not an array of objects"),
        (
            .github, #"[{"login": "a"}]"#,
            "line 1: this is no list of github: its first entry has no 'token_id' or 'credential_id'"
        ),
        (
            .json, #"[{"id": 1, "name": "a", "revoked": false}]"#,
            "line 1: this looks like a list of gitlab: 'revoked' is no column of ours"
        ),
    ])
    func `a wrong list is refused with the place and the reason`(
        format: InventoryFormat, text: String, fault: String
    ) throws {
        #expect(try bench.faults(text, as: format, issuer: .external(kind: "x")).first == fault)
        #expect(try bench.tokens().isEmpty)
    }
}
