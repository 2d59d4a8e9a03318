package import Crypto
package import RotaCore

/// A token that was made a moment ago: its value, this once, or where it is now.
package struct TokenCreatedPage: Page {
    /// What became of the value.
    package enum Delivery: Sendable {
        case shown(Secret)
        case pushed([Destination])
        /// It is to get there; the token's page says how far it has come.
        case underWay([Destination])
    }

    package var token: Token
    package var delivery: Delivery

    package init(token: Token, delivery: Delivery) {
        self.token = token
        self.delivery = delivery
    }
}
