/// Why there is no page.
package struct ErrorPage: Page {
    package var status: Int
    package var title: String
    /// What to do.
    package var advice: String
    package var requestID: String
    package var section: Section?
    /// What he had filled in, by the names of the fields: it is not lost without his knowing.
    package var filled: [(name: String, text: String)] = []
    /// Where he comes back to once he has signed in again; nil where he is to do something else.
    package var comesBackTo: String?

    package init(status: Int, title: String, advice: String, requestID: String = "", section: Section? = nil) {
        self.status = status
        self.title = title
        self.advice = advice
        self.requestID = requestID
        self.section = section
    }
}
