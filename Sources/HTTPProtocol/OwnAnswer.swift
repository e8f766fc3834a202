package import HTTPTypes

/// An answer to what the protocol refuses by itself, so that it never reaches a handler.
package struct OwnAnswer: Sendable {
    /// Makes one, given the status and what was found and expected.
    package typealias Maker = @Sendable (_ status: Int, _ message: String) -> OwnAnswer

    /// Header fields beside those that every own answer has.
    package var fields: HTTPFields
    /// The content.
    package var body: [UInt8]

    /// An answer with the fields of its content.
    package init(fields: HTTPFields = [.contentType: "application/json"], body: [UInt8]) {
        self.fields = fields
        self.body = body
    }

    /// The head with the fields that every own answer has.
    func head(status: Int, fields common: HTTPFields) -> HTTPResponse {
        var all = common
        for field in fields { all.append(field) }
        return HTTPResponse(status: .init(code: status), headerFields: all)
    }
}
