package import HTML

extension ErrorPage {
    package func content(in frame: Frame) -> Markup {
        let id: Markup =
            requestID.isEmpty
            ? "" : "<p class=\"quiet\">If you ask for help, quote this request: <code>\(requestID)</code></p>"
        return """
            <div class="error-page"><p class="error-status">\(at: status)</p><h1>\(title)</h1>
            <p class="lede">\(advice)</p>\(id)
            <p>\(button("/admin/api-tokens", "Back to API Tokens"))</p></div>

            """
    }
}
