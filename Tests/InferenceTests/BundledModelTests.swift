import Testing

@testable import Inference

@Suite("The bundled model's place")
struct BundledModelTests {
    @Test("SWIFTLET_MODEL is taken as it is")
    func variable() throws {
        let found = try BundledModel.locate(
            environment: ["SWIFTLET_MODEL": "/m"],
            executable: nil,
            workingDirectory: "/",
            isModel: { _ in false }
        )
        #expect(found == "/m")
    }

    @Test("installed first, then the working directory, then the program's own checkout")
    func order() {
        let places = BundledModel.candidates(executable: "/a/b/bin/swiftlet", workingDirectory: "/w")
        #expect(
            places == [
                "/a/b/share/swiftlet/models/mobilebert-mini", "/w/Models/mobilebert-mini",
                "/a/b/bin/Models/mobilebert-mini", "/a/b/Models/mobilebert-mini",
                "/a/Models/mobilebert-mini", "/Models/mobilebert-mini",
            ]
        )
    }

    @Test("the first place that holds a model wins, and none found names them all")
    func search() throws {
        let locate = { (isModel: @escaping (String) -> Bool) in
            try BundledModel.locate(
                environment: ["SWIFTLET_MODEL": ""],
                executable: "/a/bin/swiftlet",
                workingDirectory: "/w",
                isModel: isModel
            )
        }
        #expect(try locate { $0.hasPrefix("/a/Models") } == "/a/Models/mobilebert-mini")
        let error = #expect(throws: ModelNotFound.self) { _ = try locate { _ in false } }
        for place in BundledModel.candidates(executable: "/a/bin/swiftlet", workingDirectory: "/w") {
            #expect(error?.description.contains(place) == true)
        }
    }

    @Test("odd paths end the search", arguments: ["", "/", "swiftlet", "./swiftlet", "a/b/swiftlet", "//swiftlet"])
    func oddPaths(executable: String) {
        #expect(BundledModel.candidates(executable: executable, workingDirectory: "").count < 8)
    }
}
