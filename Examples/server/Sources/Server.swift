import Foundation
import SwiftletKit

/// A small web server around a model: it answers `POST /embed` and `POST /classify`, whose body is the text, in JSON.
///
///     server MODEL [PORT]
///     curl --data-binary 'a gorgeous, witty film' http://127.0.0.1:8081/classify
///
/// It shows how a program of its own kind uses the library: requests of many connections go to one model, which batches
/// them. For real traffic take a real HTTP server, or `swiftlet serve`.
@main
struct Server {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2, let port = UInt16(arguments.count > 2 ? arguments[2] : "8081") else {
            FileHandle.standardError.write(Data("usage: server MODEL [PORT]\n".utf8))
            exit(2)
        }
        let model = try await TextModel(arguments[1])
        let listener = try Listener(port: port)
        print("http://127.0.0.1:\(port) serves \(model.name)")
        for await connection in listener.connections() {
            Task { await connection.serve { await answer($0, model) } }
        }
    }

    /// The status and the JSON for a request.
    private static func answer(_ request: Request, _ model: TextModel) async -> (Int, some Encodable & Sendable) {
        do {
            switch (request.method, request.path) {
            case ("POST", "/embed"):
                return (200, Answer(embedding: try await model.embed(request.body)))
            case ("POST", "/classify"):
                let labels = try await model.classify(request.body)
                return (200, Answer(labels: labels.map { Answer.Label(name: $0.name, score: $0.score) }))
            default:
                return (404, Answer(error: "there are POST /embed and POST /classify"))
            }
        } catch let error as SwiftletError where [.invalidInput, .missingAbility].contains(error.kind) {
            return (400, Answer(error: error.message))
        } catch {
            return (500, Answer(error: "\(error)"))
        }
    }

    private struct Answer: Encodable {
        struct Label: Encodable {
            let name: String
            let score: Float
        }

        var embedding: [Float]?
        var labels: [Label]?
        var error: String?
    }
}
