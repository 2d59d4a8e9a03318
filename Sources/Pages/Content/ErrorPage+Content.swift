package import HTML

extension ErrorPage {
    package func content(in frame: Frame) -> Markup {
        let id: Markup =
            requestID.isEmpty
            ? "" : "<p class=\"quiet\">If you ask for help, quote this request: <code>\(requestID)</code></p>"
        let kept: Markup =
            filled.isEmpty
            ? ""
            : card(
                "filled", "What you had filled in", note: "It was not sent on: take it from here.",
                facts(filled.map { ($0.name, "<span class=\"filled\">\($0.text)</span>") }))
        let way: Markup =
            comesBackTo.map { path in
                """
                <a class="button primary" target="_blank" rel="noopener" \
                href="/admin/sign-in?next=\(encoded(path))">Sign in<span class="unseen"> in a new tab</span></a>
                """
            } ?? button("/admin/api-tokens", "Back to API Tokens")
        return """
            <div class="error-page"><p class="error-status">\(at: status)</p><h1>\(title)</h1>
            <p class="lede">\(advice)</p>\(id)
            <p>\(way)</p>\(kept)</div>

            """
    }
}
