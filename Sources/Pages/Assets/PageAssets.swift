import Crypto

/// What the pages ask for besides themselves. Immutable: a path holds a hash of the content.
package enum PageAssets {
    /// A file.
    package struct Asset: Sendable {
        package var path: String
        package var contentType: String
        package var bytes: [UInt8]

        init(_ name: String, _ suffix: String, _ contentType: String, _ text: String) {
            bytes = Array(text.utf8)
            path = "/admin/assets/\(name)-\(Hex.encode(Array(SHA256.digest(of: bytes).prefix(6)))).\(suffix)"
            self.contentType = contentType
        }
    }

    package static let style = Asset("style", "css", "text/css; charset=utf-8", styleBase + styleParts)
    package static let script = Asset("script", "js", "text/javascript; charset=utf-8", scriptText)
    package static let icon = Asset("icon", "svg", "image/svg+xml", iconText)
    package static let all = [style, script, icon]
}
