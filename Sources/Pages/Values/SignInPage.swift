/// Where a person shows a token of Rota, or goes to whoever can say who he is.
///
/// Fields: `token`, `next`, `csrf`; posted to `/admin/sign-in`.
package struct SignInPage: Page {
    /// Somebody else who can say who a person is.
    package struct Provider: Sendable {
        /// In the address.
        package var name: String
        /// On the button.
        package var label: String

        package init(name: String, label: String) {
            self.name = name
            self.label = label
        }
    }

    /// Where to go afterwards; a path.
    package var next: String
    package var providers: [Provider]
    /// Why it failed the last time.
    package var failure: String?

    package init(next: String = "/admin/api-tokens", providers: [Provider] = [], failure: String? = nil) {
        self.next = next
        self.providers = providers
        self.failure = failure
    }
}

/// That a person is let in, until his browser goes on by itself.
package struct SignedInPage: Page {
    /// Where it goes; a path.
    package var next: String

    package init(next: String) { self.next = next }
}
