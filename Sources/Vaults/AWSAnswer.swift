import Crypto
import Engine
import HTTPClient
import JSON
import RotaCore

/// What came back from a service of AWS. Errors made of it hold the service's own code and message.
struct AWSAnswer: Sendable {
    /// What the error codes mean that Secrets Manager and the signature check give; others go by the status.
    private static let kinds: [String: VaultError.Kind] = [
        "ThrottlingException": .transient, "Throttling": .transient, "TooManyRequestsException": .transient,
        "RequestLimitExceeded": .transient, "LimitExceededException": .transient,
        "ResourceExistsException": .refused,
        "ResourceNotFoundException": .missing, "InvalidRequestException": .missing,
        "PreconditionNotMetException": .missing,
        "AccessDeniedException": .denied, "AccessDenied": .denied, "UnrecognizedClientException": .denied,
        "InvalidClientTokenId": .denied, "InvalidSignatureException": .denied, "SignatureDoesNotMatch": .denied,
        "IncompleteSignature": .denied, "MissingAuthenticationToken": .denied, "NotAuthorized": .denied,
        "OptInRequired": .denied, "ExpiredTokenException": .denied, "ExpiredToken": .denied,
        "RequestExpired": .denied, "InvalidIdentityToken": .denied, "IDPRejectedClaim": .denied,
        // The key that encrypts the secret is disabled, gone, or not for us.
        "DecryptionFailure": .denied, "EncryptionFailure": .denied,
        "InvalidParameterException": .rejected, "ValidationException": .rejected, "ValidationError": .rejected,
        "InvalidParameterValue": .rejected,
    ]
    /// The keys were good once, or others may be by now.
    private static let replaceable: Set = [
        "ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId",
        "SignatureDoesNotMatch", "InvalidSignatureException",
    ]
    private static let throttled: Set = [
        "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded",
    ]
    /// Too many versions of one secret; the service makes room by the day.
    private static let waitForRoom = TimeSpan(seconds: 600)
    private static let waitWhenThrottled = TimeSpan(seconds: 1)

    let response: Response
    let purpose: Purpose
    /// What must not come back in a message.
    let secrets: [Secret]

    init(_ response: Response, for purpose: Purpose, hiding secrets: [Secret] = []) {
        self.response = response
        self.purpose = purpose
        self.secrets = secrets
    }

    var isSuccess: Bool { response.status == 200 }

    /// The answer's JSON; nil when it is none.
    var document: JSON? { try? JSON.parse(response.body, maximumBytes: Exchange.largestAnswer) }

    /// The text of an element of an answer in XML, the first of this name; nil where there is none.
    ///
    /// Only for texts that need no escapes: one with any is nil.
    func element(_ name: String) -> String? {
        let text = String(decoding: response.body, as: UTF8.self)
        guard let start = text.firstRange(of: "<\(name)>"),
            let end = text[start.upperBound...].firstRange(of: "</\(name)>")
        else { return nil }
        let content = text[start.upperBound..<end.lowerBound]
        return content.contains(where: { "<&".contains($0) }) ? nil : String(content)
    }

    /// The name of the error, without its namespace.
    var code: String? {
        let text = document?["__type"]?.string ?? response.header("x-amzn-ErrorType") ?? element("Code")
        return text?.split(separator: "#").last?.split(separator: ":").first.map(String.init)
    }

    /// Whether new keys may help.
    var refusesKeys: Bool { !isSuccess && code.map(Self.replaceable.contains) ?? false }

    /// How long to leave the service alone, where it has not done what was asked for want of capacity.
    var pause: TimeSpan? {
        let isThrottled = [429, 503].contains(response.status) || code.map(Self.throttled.contains) ?? false
        return isSuccess || !isThrottled ? nil : response.retryAfter ?? Self.waitWhenThrottled
    }

    /// What it means that the status is not the one of success.
    var failure: VaultError {
        let status = response.status
        let told = document?["message"]?.string ?? document?["Message"]?.string ?? element("Message") ?? ""
        let name = code.map { ": \(presentable($0, hiding: secrets))" } ?? ""
        let message = "status \(status)\(name)" + (told.isEmpty ? "" : ": \(presentable(told, hiding: secrets))")
        if let code, let kind = Self.kinds[code], status < 500 {
            let wait = code == "LimitExceededException" ? Self.waitForRoom : nil
            return VaultError(kind, message, retryAfter: response.retryAfter ?? wait)
        }
        switch status {
        case 300..<400: return VaultError(.garbled, "\(message): a redirect, which is not followed")
        case 401, 403: return VaultError(.denied, message)
        case 429, 503: return VaultError(.transient, message, retryAfter: response.retryAfter)
        case 400..<500: return VaultError(code == nil ? .garbled : .rejected, message)
        case 500...:
            let uncertain: VaultError.Kind = purpose == .writing ? .unknownOutcome : .transient
            return VaultError(uncertain, message, retryAfter: response.retryAfter)
        default:
            return VaultError(
                purpose == .writing ? .unknownOutcome : .garbled, "\(message), which this interface never gives")
        }
    }
}
