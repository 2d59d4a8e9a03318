package import Engine
package import HTML
package import RotaCore

/// What every page has around it, whatever is on it.
package struct Frame: Sendable {
    /// Who is signed in.
    package struct Person: Sendable {
        package var name: String
        /// Such as `rota:operate`.
        package var roles: [String]
        /// What is offered to him; whether he may is asked again when he does it.
        package var may: Set<Power>
        /// What the menu leads him to.
        package var sees: Set<Section>

        package init(
            name: String, roles: [String], may: Set<Power>, sees: Set<Section> = Set(Section.allCases)
        ) {
            self.name = name
            self.roles = roles
            self.may = may
            self.sees = sees
        }
    }

    /// What a person may do, as far as the pages offer it.
    package enum Power: Sendable, CaseIterable {
        /// Make a token, and edit one.
        case issue, edit
        case rotate, revoke
        /// Revoke past what keeps anything destructive from being done.
        case emergency
        /// Quarantine and restore.
        case quarantine
        /// Make a plan, approve or withdraw one, and apply it.
        case plan, approve, apply
        /// Ask for a waiver; approve and withdraw waivers.
        case askWaiver, waive
        /// Stop everything destructive, and let it go on.
        case freeze
        /// Send dead letters again.
        case replay
    }

    /// How something went that was asked for a moment ago.
    package struct Notice: Sendable {
        /// Which colour and which icon it has.
        package enum Kind: String, Sendable { case done, failed, warning }

        package var kind: Kind
        package var text: String

        package init(kind: Kind, text: String) {
            self.kind = kind
            self.text = text
        }
    }

    /// Nil: nobody is signed in.
    package var person: Person?
    /// Goes into every form, as the hidden field `csrf`.
    package var csrf: String
    /// What keeps anything destructive from being done.
    package var brake: Brake?
    /// What to do about it, where something can be done on a page.
    package var advice: String?
    package var notice: Notice?
    package var now: Instant
    /// Of this program.
    package var version: String

    package init(
        person: Person?, csrf: String, brake: Brake? = nil, advice: String? = nil, notice: Notice? = nil, now: Instant,
        version: String = ""
    ) {
        self.person = person
        self.csrf = csrf
        self.brake = brake
        self.advice = advice
        self.notice = notice
        self.now = now
        self.version = version
    }
}

/// A part of the administration that the menu leads to.
package enum Section: String, Sendable, CaseIterable {
    case apiTokens = "api-tokens"
    case policies, plans, runs, waivers, webhooks, freeze, reports, audit
}

/// A page, without what is around it.
package protocol Page: Sendable {
    /// What stands in the title of the window, and as the heading.
    var title: String { get }
    /// Nil for one that belongs to none.
    var section: Section? { get }
    func content(in frame: Frame) -> Markup
}
