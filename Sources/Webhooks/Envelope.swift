import Engine
import HTTPClient
import JSON
import RotaCore

extension WebhookEndpoint {
    /// How long a receiver may take for its whole answer.
    private static let timeout = Duration.seconds(15)
    /// More than this is no answer to a webhook.
    private static let largestResponse = 1 << 20

    /// The signed request of one attempt. The id stays across attempts, time and signature do not.
    func request(for event: OutgoingEvent, at now: Instant) -> Request {
        let body = body(of: event)
        let signatures = secrets.map { $0.signature(id: event.id, timestamp: now.seconds, body: body) }
        var request = Request(
            method: "POST", url: url,
            headers: [
                ("content-type", "application/json"),
                ("webhook-id", event.id),
                ("webhook-timestamp", "\(now.seconds)"),
                ("webhook-signature", signatures.joined(separator: " ")),
            ],
            body: body)
        request.timeout = Self.timeout
        request.maximumResponseBytes = Self.largestResponse
        return request
    }

    /// The same bytes for every attempt: they are what is signed.
    private func body(of event: OutgoingEvent) -> [UInt8] {
        switch format {
        case .standard:
            var writer = JSONWriter(reservingCapacity: event.data.utf8.count + 96)
            writer.beginObject()
            writer.key("type")
            writer.string(event.type)
            writer.key("timestamp")
            writer.string(event.at.description)
            writer.key("data")
            // The outbox holds the data as JSON already.
            return writer.bytes + Array(event.data.utf8) + [UInt8(ascii: "}")]
        }
    }
}

extension DeliveryResult {
    /// What an answer means: its body does not count.
    init(_ response: Response, at now: Instant) {
        let status = response.status
        switch status {
        case 200...299:
            self.init(.delivered, status: status)
        case 300...399:
            self.init(
                .failed, status: status,
                cause: "status \(status): redirects are not followed; configure the final URL")
        case 410:
            self.init(.gone, status: status, cause: "status 410")
        default:
            let asked = response.header("retry-after").flatMap { TimeSpan(retryAfter: $0, at: now) }
            self.init(.failed, status: status, cause: "status \(status)", retryAfter: asked)
        }
    }
}

extension TimeSpan {
    /// Reads `Retry-After`: seconds, or a date such as `Sun, 06 Nov 1994 08:49:37 GMT`; nil for all else.
    fileprivate init?(retryAfter text: String, at now: Instant) {
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
            guard let seconds = Int64(text) else { return nil }
            self = min(TimeSpan(seconds: seconds), .longest)
            return
        }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])) else {
            return nil
        }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        guard let date = Instant("\(words[3])-\(number)-\(words[1])T\(words[4])Z") else { return nil }
        self = min(max(date - now, .zero), .longest)
    }
}
