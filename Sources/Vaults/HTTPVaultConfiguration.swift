package import Engine

/// Where an endpoint is that takes values by requests of any shape, and what they look like.
package struct HTTPVaultConfiguration: Hashable, Sendable {
    /// A request with places to fill.
    package struct Call: Hashable, Sendable {
        /// A header; the client's own are not among them.
        package struct Header: Hashable, Sendable {
            package var name: String
            package var value: Template

            package init(name: String, value: Template) {
                self.name = name
                self.value = value
            }
        }

        package var method: String
        package var url: URLTemplate
        package var headers: [Header]
        package var body: BodyTemplate?
        /// The statuses that are a yes.
        package var success: Set<Int>

        package init(
            method: String, url: URLTemplate, headers: [Header] = [], body: BodyTemplate? = nil, success: Set<Int>
        ) {
            self.method = method
            self.url = url
            self.headers = headers
            self.body = body
            self.success = success
        }

        package var placeholders: Set<Template.Placeholder> {
            let others = url.placeholders.union(body?.placeholders ?? [])
            return headers.reduce(into: others) { $0.formUnion($1.value.placeholders) }
        }
    }

    /// How to read back.
    package struct Reading: Hashable, Sendable {
        package var call: Call
        /// Where the value is in a JSON answer; nil where the whole body is the value.
        package var pointer: PointerTemplate?

        package init(_ call: Call, pointer: PointerTemplate? = nil) {
            self.call = call
            self.pointer = pointer
        }

        package var placeholders: Set<Template.Placeholder> {
            call.placeholders.union(pointer?.placeholders ?? [])
        }
    }

    /// The header that carries the credential, and what stands before it, such as `Bearer `.
    package struct CredentialHeader: Hashable, Sendable {
        package var name: String
        package var prefix: String

        package init(name: String, prefix: String = "") {
            self.name = name
            self.prefix = prefix
        }
    }

    package var name: String
    package var write: Call
    package var reading: Reading?
    package var remove: Call?
    package var credential: CredentialHeader?
    /// Whether a write is conditional on the ETag of the read before it.
    package var usesETag = false
    /// PEM file of the only authorities to trust; the system's if nil.
    package var certificateAuthorityFile: String?
    /// From submission to the last byte of the answer.
    package var timeout: Duration = .seconds(10)
    package var connectTimeout: Duration = .seconds(3)
    /// Calls above it wait.
    package var requestsInFlight = 8

    package init(name: String, write: Call) {
        self.name = name
        self.write = write
    }

    /// What such an endpoint promises. An ETag may be made of the content, so the same bytes written again may
    /// give it again: nothing can be fenced.
    package var capabilities: VaultCapabilities {
        VaultCapabilities(
            conditionalWrite: usesETag && reading != nil, orderedBases: false, fenceable: false,
            fencesEmptiness: false, readable: reading != nil, removable: remove != nil)
    }
}
