import Engine
import HTTPServer
import Testing

@testable import API

struct TroubleTests {
    @Test(
        arguments: [
            (.busy("somebody writes"), 503), (.full, 503), (.failed("a fault"), 500), (.outcomeUnknown("a fault"), 500),
        ] as [(StoreError, Int)])
    func `trouble that passes is told as such, by every endpoint`(error: StoreError, status: Int) {
        #expect(API.trouble(error).status == status)
        #expect(OAuthError.trouble(error).response.status == status)
    }
}
