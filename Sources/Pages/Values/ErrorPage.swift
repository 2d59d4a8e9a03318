/// Why there is no page.
package struct ErrorPage: Page {
    package var status: Int
    package var title: String
    /// What to do.
    package var advice: String
    package var requestID: String
    package var section: Section?

    package init(status: Int, title: String, advice: String, requestID: String = "", section: Section? = nil) {
        self.status = status
        self.title = title
        self.advice = advice
        self.requestID = requestID
        self.section = section
    }
}
