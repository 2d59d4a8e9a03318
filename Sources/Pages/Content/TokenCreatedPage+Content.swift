import Crypto
package import HTML
import RotaCore

extension TokenCreatedPage {
    package var title: String { "Token generated" }
    package var section: Section? { .apiTokens }

    package func content(in frame: Frame) -> Markup {
        """
        \(heading(title, trail: [link("/admin/api-tokens", "API Tokens"), tokenLink(token.id, token.name)]))\
        \(told)
        \(card("token", "\(token.name)", facts([
            ("Owner", orNone(token.owner, "nobody")), ("Scopes", tags(token.scopes, most: 12)),
            ("Ends", time(token.expiresAt, frame.now, none: "never; valid until it is revoked")),
        ])))
        <p class="actions">\(button(address(of: token.id), "View token", "primary"))\
        \(button("/admin/api-tokens", "Back to API Tokens"))</p>
        """
    }

    private var told: Markup {
        switch delivery {
        case .shown(let secret): value(String(decoding: secret.copyBytes(), as: UTF8.self))
        case .pushed(let destinations):
            alert(
                "done", "Its value is in the vault.",
                "Nobody has seen it, and nobody needs to: read it from where it is.\(places(destinations))")
        case .underWay(let destinations):
            alert(
                "warning", "Its value is on its way.",
                "It is not accepted before it has reached every place. Nobody needs to see it.\(places(destinations))")
        }
    }

    private func places(_ destinations: [Destination]) -> Markup {
        "<ul class=\"lines\">\(destinations.map { "<li>\(tag($0.description))</li>" as Markup })</ul>"
    }

    private func value(_ value: String) -> Markup {
        let field = FieldText(
            id: "value", name: "value", label: "Value",
            hint: "It is not kept here: only a digest is, by which it is known again."
        ).around {
            """
            <span class="copy"><input type="text"\($0) value="\(value)" readonly="readonly" class="secret" \
            autocomplete="off" spellcheck="false"/><button type="button" class="button primary" data-copy="value" \
            hidden="hidden">Copy</button></span>
            """
        }
        return """
            <section class="card once" aria-labelledby="once"><h2 id="once">\(Icon.warning)Copy it now: \
            it is shown this once, and never again</h2>
            <p>Put it into a vault or a password store, and into nothing else: no mail, no ticket, no version control. \
            When it is lost, revoke the token and make another.</p>
            \(field)<p class="unseen" role="status" data-told="value"></p></section>

            """
    }
}
