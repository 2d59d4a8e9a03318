package import Crypto

/// What a request to AWS is signed with (Signature Version 4), by libcurl at the moment of sending.
///
/// Signed are method, path, query, body and every header of the request, so nobody on the way can change one.
/// AWS refuses a signature that is some minutes old.
package struct AWSSignature: Sendable {
    /// Such as `eu-west-1`.
    package var region: String
    /// The name that the service signs by, such as `secretsmanager`.
    package var service: String
    package var accessKeyID: String
    package var secretAccessKey: Secret
    /// Belongs to keys that end; sent as `X-Amz-Security-Token`.
    package var sessionToken: Secret?

    package init(
        region: String, service: String, accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil
    ) {
        self.region = region
        self.service = service
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }
}

extension AWSSignature {
    /// From here on libcurl asks for leave to send the body, by a header that comes after the signature.
    private static let largestBody = 1 << 20

    /// `aws:amz:<region>:<service>`, as `CURLOPT_AWS_SIGV4` has it.
    var scope: String { "aws:amz:\(region):\(service)" }

    /// Throws `invalidRequest` for what libcurl would sign wrongly, or not at all.
    func validate(_ request: Request) throws(HTTPError) {
        guard [region, service, accessKeyID].allSatisfy(Self.isWord) else {
            throw .invalidRequest("region, service and access key of a signature are letters, digits, '-' and '_'")
        }
        let secrets = [secretAccessKey, sessionToken].compactMap(\.self)
        guard secrets.allSatisfy({ $0.count > 0 && $0.withSpan(Self.isPrintable) }) else {
            throw .invalidRequest("a key of a signature is empty or not printable ASCII")
        }
        // libcurl 7.88 signs the query in the order in which it is written; AWS sorts it first.
        let query = request.url.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
        let pairs = query.split(separator: "&", omittingEmptySubsequences: false)
        guard zip(pairs, pairs.dropFirst()).allSatisfy({ !$1.utf8.lexicographicallyPrecedes($0.utf8) }) else {
            throw .invalidRequest("the query of a signed request is not sorted")
        }
        guard request.body.count < Self.largestBody else {
            throw .invalidRequest("the body of a signed request has \(Self.largestBody) bytes or more")
        }
        guard request.headers.contains(where: { $0.name.lowercased() == "content-type" }) else {
            throw .invalidRequest("a signed request has no Content-Type")
        }
    }

    private static func isWord(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }

    private static func isPrintable(_ bytes: Span<UInt8>) -> Bool {
        bytes.indices.allSatisfy { (0x21...0x7E).contains(bytes[$0]) }
    }
}
