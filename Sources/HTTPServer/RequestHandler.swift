package import HTTPProtocol

/// What answers requests.
package protocol RequestHandler: Sendable {
    /// An answer that needs no wait and next to no work (health, metrics, 404), or nil. Called on the event loop,
    /// where whatever takes time delays every connection.
    func respondAtOnce(to request: Request) -> Response?

    /// The answer to any other request. Runs on the request-work executor; its task is cancelled when the client
    /// goes, and its answer is then dropped.
    func respond(to request: Request) async -> Response

    /// The JSON body of an error that the HTTP layer itself answers. Called on the event loop.
    func errorBody(status: Int, message: String) -> [UInt8]
}
