import Engine
import HTTPClient

/// Where AWS Secrets Manager is, and how much patience we have with it.
package struct AWSConfiguration: Hashable, Sendable {
    package var name: String
    /// Such as `eu-west-1`.
    package var region: String
    /// `http` or `https`, host and port, of a VPC endpoint or the like; nil for the region's own.
    package var endpoint: String?
    /// PEM file of the only authorities to trust; the system's if nil.
    package var certificateAuthorityFile: String?
    /// From submission to the last byte of the answer.
    package var timeout: Duration
    package var connectTimeout: Duration
    /// Calls above it wait.
    package var requestsInFlight: Int

    package init(
        name: String, region: String, endpoint: String? = nil, certificateAuthorityFile: String? = nil,
        timeout: Duration = .seconds(10), connectTimeout: Duration = .seconds(3), requestsInFlight: Int = 16
    ) {
        self.name = name
        self.region = region
        self.endpoint = endpoint
        self.certificateAuthorityFile = certificateAuthorityFile
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.requestsInFlight = requestsInFlight
    }

    /// Throws `rejected` for what can be no region, and for an endpoint with more than scheme, host and port.
    func url(of service: String, at endpoint: String?) throws(VaultError) -> String {
        guard (1...64).contains(region.utf8.count), region.utf8.allSatisfy(Self.isRegionByte) else {
            throw VaultError(.rejected, "vault '\(name)': '\(region)' is not a region; write one like eu-west-1")
        }
        if let endpoint { return try serverAddress(endpoint, of: name) + "/" }
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return "https://\(service).\(region).\(domain)/"
    }

    /// - parameter requestsInFlight: nil for the configured number.
    func exchange(_ client: HTTPClient, _ clock: any WallClock, requestsInFlight: Int? = nil) -> Exchange {
        Exchange(
            client: client, clock: clock, timeout: timeout, connectTimeout: connectTimeout,
            certificateAuthorityFile: certificateAuthorityFile,
            requestsInFlight: requestsInFlight ?? self.requestsInFlight)
    }

    private static func isRegionByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 97...122, UInt8(ascii: "-"): true
        default: false
        }
    }
}

/// How to come to keys. Each of them is read anew when the present ones have ended or are refused.
package enum AWSAuthentication: Sendable {
    case keys(accessKey: Credential, secretKey: Credential, sessionToken: Credential?)
    /// A section of the files that the AWS command line keeps; nil for one that does not exist.
    case profile(String, credentials: Credential?, configuration: Credential?)
    case webIdentity(AWSWebIdentity)
}

/// A role that AWS gives to whoever holds a token of an identity provider that it trusts, such as a Kubernetes
/// service account.
package struct AWSWebIdentity: Sendable {
    /// Such as `arn:aws:iam::123456789012:role/rota`.
    package var role: String
    /// Shows in CloudTrail.
    package var session: String
    package var token: Credential
    /// `http` or `https`, host and port, of the token service; nil for the region's own.
    package var endpoint: String?

    package init(role: String, session: String, token: Credential, endpoint: String? = nil) {
        self.role = role
        self.session = session
        self.token = token
        self.endpoint = endpoint
    }
}
