package import RotaCore

/// What is filled in where a token is made or edited. The names of the fields are those of ``TokenForm/Field``.
package struct TokenForm: Sendable {
    /// A field, by its name in the form.
    package enum Field: String, Sendable, CaseIterable {
        case name, description, owner, integration
        /// `key=value`, one on a line.
        case labels
        /// A box each, with the scope as its value: comes as often as there are ticks.
        case scope
        /// Further ones, separated by blanks.
        case scopes
        /// `never` or `at`.
        case expiry
        /// `2026-11-24T03:00`, in UTC; counts where `expiry` is `at`.
        case expires
        /// `vault:path#field`, one on a line.
        case destinations
    }

    /// A scope that may be given.
    package struct Scope: Sendable {
        /// What it lets one do.
        package enum Access: String, Sendable { case read, write, admin }

        package var name: String
        package var description: String
        package var access: Access

        package init(name: String, description: String = "", access: Access) {
            self.name = name
            self.description = description
            self.access = access
        }
    }

    /// A role of Rota itself.
    package struct Role: Sendable {
        package var scope: String
        package var description: String
        /// Why this person cannot give it; nil: he can.
        package var obstacle: String?

        package init(scope: String, description: String = "", obstacle: String? = nil) {
            self.scope = scope
            self.description = description
            self.obstacle = obstacle
        }
    }

    package var name: String
    package var description: String
    package var owner: String
    package var integration: String
    package var labels: String
    /// Those that are ticked.
    package var ticked: Set<String>
    /// The free field.
    package var furtherScopes: String
    package var neverExpires: Bool
    /// As in the field.
    package var expires: String
    package var destinations: String
    /// What is wrong, beside the field that it is about.
    package var errors: [Field: String]

    package init(
        name: String = "", description: String = "", owner: String = "", integration: String = "",
        labels: String = "", ticked: Set<String> = [], furtherScopes: String = "", neverExpires: Bool = false,
        expires: String = "", destinations: String = "", errors: [Field: String] = [:]
    ) {
        self.name = name
        self.description = description
        self.owner = owner
        self.integration = integration
        self.labels = labels
        self.ticked = ticked
        self.furtherScopes = furtherScopes
        self.neverExpires = neverExpires
        self.expires = expires
        self.destinations = destinations
        self.errors = errors
    }
}

/// A form for a new token; posted to `/admin/api-tokens`, with `request` besides.
package struct NewTokenPage: Page {
    package var form: TokenForm
    package var catalogue: [TokenForm.Scope]
    package var roles: [TokenForm.Role]
    /// The names of the vaults.
    package var vaults: [String]
    package var owners: [String]
    package var integrations: [String]
    /// Names this very request, so that it is done once however often it is sent.
    package var request: String

    package init(
        form: TokenForm, catalogue: [TokenForm.Scope] = [], roles: [TokenForm.Role] = [],
        vaults: [String] = [], owners: [String] = [], integrations: [String] = [], request: String
    ) {
        self.form = form
        self.catalogue = catalogue
        self.roles = roles
        self.vaults = vaults
        self.owners = owners
        self.integrations = integrations
        self.request = request
    }
}

/// A form to change what a token is; posted to `/admin/api-tokens/{id}/edit`, with `revision` besides.
package struct EditTokenPage: Page {
    package var token: Token
    package var form: TokenForm
    package var catalogue: [TokenForm.Scope]
    package var roles: [TokenForm.Role]
    package var vaults: [String]
    package var owners: [String]
    package var integrations: [String]

    package init(
        token: Token, form: TokenForm, catalogue: [TokenForm.Scope] = [], roles: [TokenForm.Role] = [],
        vaults: [String] = [], owners: [String] = [], integrations: [String] = []
    ) {
        self.token = token
        self.form = form
        self.catalogue = catalogue
        self.roles = roles
        self.vaults = vaults
        self.owners = owners
        self.integrations = integrations
    }
}
