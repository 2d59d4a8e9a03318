package import HTML

extension SignInPage {
    package var title: String { "Sign in" }
    package var section: Section? { nil }

    package func content(in frame: Frame) -> Markup {
        let token = FieldText(
            id: "token", name: "token", label: "API token",
            hint: "A token of Rota with one of its roles. It is checked, and kept nowhere.", error: failure
        ).around {
            "<input type=\"password\"\($0) required=\"required\" autocomplete=\"off\" spellcheck=\"false\"/>"
        }
        let links = providers.map { provider -> Markup in
            let target = address("sign-in/\(encoded(provider.name))", [("next", next)])
            return "<li>\(button(target, "Continue with \(provider.label)", "wide"))</li>\n"
        }
        let others: Markup =
            links.isEmpty ? "" : "<p class=\"or\"><span>or</span></p><ul class=\"providers\">\(links)</ul>"
        let end = submit("Sign in", "primary wide")
        return """
            <div class="sign-in"><p class="brand">\(Icon.mark)<span>Rota</span></p>
            <div class="card"><h1>Sign in</h1>
            <p class="lede">Terms for API tokens: what exists, who uses it, and when it ends.</p>
            \(form("/admin/sign-in", frame, look: "column", hidden("next", next), token, end))
            \(others)</div>
            <p class="quiet">\(frame.version.isEmpty ? "" : "Rota \(frame.version)" as Markup)</p></div>

            """
    }
}

extension SignedInPage {
    package var title: String { "Signed in" }
    package var section: Section? { nil }

    package func content(in frame: Frame) -> Markup {
        """
        <div class="sign-in"><p class="brand">\(Icon.mark)<span>Rota</span></p>
        <div class="card"><h1>Signed in</h1>
        <p class="lede"><a class="button primary" href="\(next)">Go on</a></p></div></div>

        """
    }
}
