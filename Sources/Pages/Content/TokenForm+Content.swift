package import HTML
import RotaCore

/// What a form can choose from.
private struct Choices {
    var catalogue: [TokenForm.Scope]
    var roles: [TokenForm.Role]
    var vaults: [String]
    var owners: [String]
    var integrations: [String]
}

extension NewTokenPage {
    package var title: String { "New Token" }
    package var section: Section? { .apiTokens }

    package func content(in frame: Frame) -> Markup {
        let choices = Choices(
            catalogue: catalogue, roles: roles, vaults: vaults, owners: owners, integrations: integrations)
        let lede: Markup = """
            One token for each integration: a shared one tells nobody apart, and cannot be taken from one alone.
            """
        let once = hidden("request", request)
        let end: Markup = """
            <div class="form-end">\(submit("Generate Token"))\(button("/admin/api-tokens", "Cancel"))</div>
            """
        return """
            \(heading(title, trail: [link("/admin/api-tokens", "API Tokens")], lede: lede))
            \(Pages.form("/admin/api-tokens", frame, look: "long", once, form.parts(choices), end))
            """
    }
}

extension EditTokenPage {
    package var title: String { "Edit \(token.name)" }
    package var section: Section? { .apiTokens }

    package func content(in frame: Frame) -> Markup {
        let choices = Choices(
            catalogue: catalogue, roles: roles, vaults: vaults, owners: owners, integrations: integrations)
        let trail = [link("/admin/api-tokens", "API Tokens"), tokenLink(token.id, token.name)]
        let lede: Markup = "Its values stay as they are. Every change is in the audit log."
        let end: Markup = """
            <div class="form-end">\(submit("Save"))\(button(address(of: token.id), "Cancel"))</div>
            """
        let revision = hidden("revision", "\(token.revision)")
        return """
            \(heading("Edit", trail: trail, lede: lede))
            \(Pages.form(address(of: token.id, "/edit"), frame, look: "long", revision, form.parts(choices), end))
            """
    }
}

extension TokenForm {
    fileprivate func parts(_ choices: Choices) -> Markup {
        "\(trouble)\(identity(choices))\(permissions(choices))\(end)\(places(choices))"
    }

    private var trouble: Markup {
        guard !errors.isEmpty else { return "" }
        let lines = Field.allCases.compactMap { field -> Markup? in
            errors[field].map { "<li><a href=\"#\(field.id)\">\($0)</a></li>" }
        }
        return alert("failed", "Nothing was saved.", "<ul>\(lines)</ul>")
    }

    // MARK: - What it is

    private func identity(_ choices: Choices) -> Markup {
        card(
            "identity", "What it is for",
            textField(
                "name", "name", "Name", name,
                hint: "Says what uses it, such as <code>Integration_Snowflake_Export</code>. Unique among live tokens.",
                error: errors[.name], attributes: " required=\"required\" maxlength=\"200\" autocomplete=\"off\""),
            textField(
                "description", "description", "Description", description, error: errors[.description],
                isOptional: true, attributes: " maxlength=\"1000\""),
            "<div class=\"pair\">",
            textField(
                "owner", "owner", "Owner", owner, hint: "A person or a team that answers for it.",
                error: errors[.owner], isOptional: true, attributes: " maxlength=\"1000\"", list: choices.owners),
            textField(
                "integration", "integration", "Integration", integration, hint: "The system that presents it.",
                error: errors[.integration], isOptional: true, attributes: " maxlength=\"1000\"",
                list: choices.integrations),
            "</div>",
            textArea(
                "labels", "labels", "Labels", labels, hint: "<code>key=value</code>, one on a line.",
                error: errors[.labels], isOptional: true, rows: 2))
    }

    // MARK: - What it may

    private func permissions(_ choices: Choices) -> Markup {
        let reading = choices.catalogue.filter { $0.access == .read }
        let writing = choices.catalogue.filter { $0.access == .write }
        let administering = choices.catalogue.filter { $0.access == .admin }
        let warning: Markup = """
            <p class="warn">\(Icon.warning)<span>\
            Everything may be written with this token. Whoever finds it can, too: tick what the integration needs.\
            </span></p>
            """
        let ease: Markup = """
            <button type="button" class="button small" data-tick="read" hidden="hidden">Read-only: tick all</button>
            """
        return card(
            "permissions", "What it may do",
            note: "As few scopes as the integration can work with.",
            reading.isEmpty
                ? ""
                : boxes("read", "Read only", "", ease, reading.map { box($0.name, $0.description) }),
            writing.isEmpty
                ? ""
                : boxes(
                    "write", "Write", "Whoever finds the token can write, too: tick only what is needed.", warning,
                    writing.map { box($0.name, $0.description) }),
            administering.isEmpty
                ? ""
                : boxes(
                    "admin", "Administer", "More than an integration that reads and writes needs.", "",
                    administering.map { box($0.name, $0.description) }),
            choices.roles.isEmpty
                ? ""
                : boxes(
                    "roles", "Roles of Rota itself",
                    "For people and for what administers tokens; no integration needs one.",
                    "", choices.roles.map { box($0.scope, $0.description, obstacle: $0.obstacle) }),
            textField(
                "scopes", "scopes", choices.catalogue.isEmpty ? "Scopes" : "Further scopes", furtherScopes,
                hint: "Separated by blanks, such as <code>export:read</code>.",
                error: errors[.scopes] ?? errors[.scope],
                isOptional: !choices.catalogue.isEmpty, attributes: " spellcheck=\"false\" autocomplete=\"off\""))
    }

    private func boxes(
        _ id: Markup, _ name: String, _ note: Markup, _ extra: Markup, _ boxes: [Markup]
    ) -> Markup {
        """
        <fieldset class="boxes" data-group="\(id)"><legend>\(name)</legend>
        \(note.isEmpty ? "" : "<p class=\"hint\">\(note)</p>" as Markup)\(extra)
        <div class="box-list">\(boxes)</div></fieldset>

        """
    }

    private func box(_ scope: String, _ description: String, obstacle: String? = nil) -> Markup {
        let isTicked = ticked.contains(scope) && obstacle == nil
        let ticked: Markup = isTicked ? " checked=\"checked\"" : ""
        let disabled: Markup = obstacle == nil ? "" : " disabled=\"disabled\""
        let why: Markup = obstacle.map { "<span class=\"why\">\($0)</span>" } ?? ""
        return """
            <label class="box\(obstacle == nil ? "" : " off" as Markup)"><input type="checkbox" name="scope" \
            value="\(scope)"\(ticked)\(disabled)/><span><code>\(scope)</code>\
            <span class="quiet">\(description)</span>\(why)</span></label>

            """
    }

    // MARK: - How long, and where

    private var end: Markup {
        let at: Markup = neverExpires ? "" : " checked=\"checked\""
        let never: Markup = neverExpires ? " checked=\"checked\"" : ""
        let date = timeField(
            "expires", "Date and time, in UTC", expires,
            hint: "<span data-local=\"expires\">Told in UTC wherever you are.</span>", error: errors[.expires])
        let error: Markup = errors[.expiry].map { "<p class=\"error\">\($0)</p>" } ?? ""
        return card(
            "end", "How long",
            """
            <fieldset class="radios" id="expiry"><legend>It ends</legend>\(error)
            <label class="box"><input type="radio" name="expiry" value="at"\(at)/><span>At a time</span></label>
            \(date)
            <label class="box"><input type="radio" name="expiry" value="never"\(never)/><span>Never\
            <span class="quiet">It is valid until somebody revokes it. Policies that ask for an end will find it.\
            </span></span></label></fieldset>

            """)
    }

    private func places(_ choices: Choices) -> Markup {
        let vaults: Markup =
            choices.vaults.isEmpty ? "" : " Vaults: \(tags(choices.vaults, most: 8))"
        return card(
            "places", "Where its value goes",
            note: "With a destination the value goes straight into a vault, and nobody has to see it.",
            textArea(
                "destinations", "destinations", "Destinations", destinations,
                hint: "<code>vault:path#field</code>, one on a line.\(vaults)", error: errors[.destinations],
                isOptional: true, rows: 3, attributes: " spellcheck=\"false\""))
    }
}

extension TokenForm.Field {
    /// Of the element that has the focus where this is wrong.
    fileprivate var id: Markup { self == .scope ? "scopes" : Markup(text: rawValue) }
}
