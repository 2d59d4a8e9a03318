import CMicroHTTPD
import Glibc
import JSON

/// One request and its answer, from the first line to the last byte sent.
///
/// Used by the thread of its connection alone: libmicrohttpd holds it for us.
final class Exchange {
    private enum Step {
        case head
        case body(Headers)
        case suspended(PendingAnswer)
        case answered
    }

    let connection: Connection
    private unowned let core: ServerCore
    /// Where the target stands in the head, for as long as the head is being read.
    private let place: (start: UnsafeRawPointer, count: Int)
    private let text: String
    private var step = Step.head
    private var body: [UInt8] = []
    private var file: ComingFile?
    private var served: Served?
    /// Its room is taken until the last byte is sent.
    private var sending: SpooledBody?
    private lazy var id = core.newRequestID()

    init(_ core: ServerCore, _ connection: Connection, target: UnsafePointer<CChar>) {
        self.core = core
        self.connection = connection
        let count = strlen(target)
        place = (UnsafeRawPointer(target), count)
        text = String(decoding: UnsafeRawBufferPointer(start: target, count: count), as: UTF8.self)
        connection.enter(.receiving, tick: core.ticker.now)
    }

    /// The head is there; or a piece of the body; or all of it; or the answer that was waited for.
    func proceed(
        _ handle: OpaquePointer, method: UnsafePointer<CChar>, version: UnsafePointer<CChar>,
        data: UnsafePointer<CChar>?, count: UnsafeMutablePointer<Int>
    ) -> MHD_Result {
        switch step {
        case .head:
            do throws(Refusal) {
                let verb = String(cString: method)
                let reception = core.files.flatMap { $0.isFor(verb, text) ? $0 : nil }
                var limits = core.limits
                if reception != nil { limits.bodyBytes = limits.fileBytes }
                let headers = try RequestHead.read(
                    handle, method: method, target: place, version: version, limits: limits)
                if let given = RequestName.given(in: headers) { id = given }
                if let reception, let refusal = try receive(reception, verb, headers) {
                    return send(refusal, on: handle)
                }
                step = .body(headers)
                return .YES
            } catch {
                return send(error.response, on: handle)
            }
        case .body(let headers):
            if count.pointee > 0, let data, file != nil {
                let bytes = UnsafeRawBufferPointer(start: data, count: count.pointee)
                count.pointee = 0
                // The length was checked before: this cannot be.
                return file?.take(bytes) ?? false ? .YES : .NO
            }
            if count.pointee > 0, let data {
                body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: count.pointee))
                count.pointee = 0
                // The length was checked before: this cannot be.
                return body.count <= core.limits.bodyBytes ? .YES : .NO
            }
            guard let target = Target(text) else {
                return send(Refusal.malformed("the path cannot be decoded").response, on: handle)
            }
            guard file?.isWhole ?? true else { return send(ComingFile.noRoom.response, on: handle) }
            var request = Request(
                id: id, method: String(cString: method), target: target, headers: headers, body: body,
                peer: connection.peer)
            request.file = file?.body
            return answer(request, on: handle)
        case .suspended(let pending):
            // Resumed without an answer: then it goes on standing still.
            guard let response = pending.response else { return .YES }
            core.pending.remove(pending)
            return send(response, on: handle)
        case .answered:
            return .YES
        }
    }

    /// Makes room for the file that a request brings, or tells why it is not taken.
    private func receive(
        _ reception: FileReception, _ method: String, _ headers: Headers
    ) throws(Refusal) -> Response? {
        guard let target = Target(text) else { throw .malformed("the path cannot be decoded") }
        let head = Request(id: id, method: method, target: target, headers: headers, peer: connection.peer)
        if let refusal = reception.refusal(head) {
            note(head)
            return refusal.closing()
        }
        file = try ComingFile(in: reception.folder, core.fileSlots, most: core.limits.fileBytes)
        connection.enter(.uploading, tick: core.ticker.now)
        return nil
    }

    private func answer(_ request: Request, on handle: OpaquePointer) -> MHD_Result {
        connection.enter(.handling, tick: core.ticker.now)
        note(request)
        switch core.handler(request) {
        case .now(let response):
            return send(response, on: handle)
        case .later(let start):
            switch core.pending.suspend(handle) {
            case .failure(let refusal): return send(refusal.response, on: handle)
            case .success(let pending):
                step = .suspended(pending)
                start(Responder { pending.give($0) })
                return .YES
            }
        }
    }

    /// It is told of when it is answered.
    private func note(_ request: Request) {
        guard core.observer != nil else { return }
        served = Served(id: request.id, method: request.method, path: request.target.path, peer: request.peer)
    }

    /// Bytes of an answer that any client takes within the usual time.
    private static let longestUsual: Int64 = 1 << 20

    private func send(_ response: Response, on handle: OpaquePointer) -> MHD_Result {
        step = .answered
        served?.status = response.status
        sending = response.spooled
        let isLong = (response.spooled?.size ?? 0) > Self.longestUsual
        connection.enter(isLong ? .sendingFile : .sending, tick: core.ticker.now)
        return response.queue(on: handle, id: id, closes: response.closes || core.isLeaving)
    }

    /// All of it was sent, or the connection is gone.
    func end(wasSent: Bool) {
        connection.enter(.idle, tick: core.ticker.now)
        sending = nil
        if case .suspended(let pending) = step { core.pending.remove(pending) }
        guard var served, let observer = core.observer else { return }
        served.wasSent = wasSent
        observer(served)
    }
}

/// A request that was answered, for the log: no query, no header, no value.
package struct Served: Hashable, Sendable {
    package var id: String
    package var method: String
    /// As it came, encoded.
    package var path: String
    package var peer: Peer
    package var status = 0
    /// Whether the client took all of the answer.
    package var wasSent = false
}

extension Response {
    /// Hands it to libmicrohttpd.
    fileprivate func queue(on handle: OpaquePointer, id: String, closes: Bool) -> MHD_Result {
        let made =
            spooled.map(Self.make)
            ?? body.withUnsafeBytes { bytes in
                MHD_create_response_from_buffer(
                    bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
            }
        // Out of memory: the connection is closed without an answer.
        guard let made else { return .NO }
        defer { MHD_destroy_response(made) }
        for header in headers {
            // The library refuses an empty value. A blank is one, too: its reader trims it (RFC 9110 section 5.5).
            let value = header.value.isEmpty ? " " : header.value
            guard MHD_add_response_header(made, header.name, value) == .YES else { return .NO }
        }
        MHD_add_response_header(made, "X-Request-Id", id)
        if closes { MHD_add_response_header(made, "Connection", "close") }
        return MHD_queue_response(handle, UInt32(status), made)
    }

    /// The library closes the descriptor that it is given.
    private static func make(_ spooled: SpooledBody) -> OpaquePointer? {
        let descriptor = spooled.duplicate()
        guard descriptor >= 0 else { return nil }
        if let made = MHD_create_response_from_fd64(UInt64(spooled.size), descriptor) { return made }
        close(descriptor)
        return nil
    }
}
