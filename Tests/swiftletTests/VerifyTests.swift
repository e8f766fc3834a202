import Encoder
import Foundation
import Inference
import Testing

@testable import swiftlet

@Suite("swiftlet verify")
struct VerifyTests {
    private static func fixture(_ name: String) -> String {
        Program.root.appending(path: "Tests/Fixtures/models/\(name)").path
    }

    private static let ids: [Int32] = [2, 894, 727, 921, 146, 995, 3]

    /// Figures of a fixture's model, by transformers 5.23.0 in double precision.
    private static func figures(
        first: Double = -0.21222954,
        layers: Int = 4,
        tolerance: PublishedFigures.Tolerance = .absolute(1e-5)
    ) -> PublishedFigures {
        PublishedFigures(
            names: ["tests/mobilebert"],
            source: "a test",
            checks: [
                .init(
                    title: "hidden",
                    input: .ids(ids),
                    paddedLength: 11,
                    output: .lastHiddenState,
                    figures: [[first, 0.055213609, 0.70114461], [-0.48688511, 1.3782225, 0.48424663]],
                    tolerance: tolerance
                ),
                .init(
                    title: "second token",
                    input: .ids(ids),
                    output: .lastHiddenState,
                    firstRow: 2,
                    figures: [[-0.78391812, 0.23727769, 0.27764142]],
                    tolerance: tolerance
                ),
                .init(
                    title: "layers",
                    input: .ids(ids),
                    output: .hiddenStates(layers: nil),
                    count: layers,
                    figures: [],
                    tolerance: tolerance
                ),
            ]
        )
    }

    @Test("meets figures that are right, padded or not, by difference or quotient")
    func match() throws {
        let model = try LoadedModel(directory: Self.fixture("mobilebert"))
        for tolerance in [PublishedFigures.Tolerance.absolute(1e-5), .relative(1e-3)] {
            let results = Self.figures(tolerance: tolerance).verify(model)
            #expect(results.map(\.matches) == [true, true, true], "\(results)")
        }
    }

    @Test("finds a figure that is off, a layer too many and an output that the model has not")
    func mismatch() throws {
        let model = try LoadedModel(directory: Self.fixture("mobilebert"))
        #expect(Self.figures(first: -0.2123).verify(model).map(\.matches) == [false, true, true])
        let relative = Self.figures(first: -0.2125, tolerance: .relative(1e-3))
        #expect(relative.verify(model).map(\.matches) == [false, true, true])
        let layers = Self.figures(layers: 13).verify(model)
        #expect(layers.map(\.matches) == [true, true, false])
        #expect(layers[2].complaint == "4 in number, expected 13")
        var lacking = Self.figures()
        lacking.checks = [
            .init(title: "logits", input: .ids(Self.ids), output: .logits, figures: [[1]], tolerance: .absolute(1)),
            .init(title: "text", input: .text("a"), output: .logits, figures: [[1]], tolerance: .absolute(1)),
        ]
        let results = lacking.verify(model)
        #expect(results.allSatisfy { !$0.matches && $0.complaint?.hasPrefix("could not be computed") == true })
    }

    @Test("knows a model by its names on the Hub, with an organisation or without, and by a folder of that name")
    func names() {
        for name in [
            "google/mobilebert-uncased", "./models/mobilebert-uncased/", "bert-base-uncased",
            "google-bert/bert-base-uncased", "distilbert-base-uncased-finetuned-sst-2-english",
            "distilbert/distilbert-base-uncased-finetuned-sst-2-english",
        ] {
            #expect(PublishedFigures.named(name) != nil, "\(name)")
        }
        #expect(PublishedFigures.named("google/other") == nil && PublishedFigures.named("") == nil)
    }

    @Test("tells weights that cannot be had, a mismatch and a model that it does not know apart by its exit status")
    func statuses() async throws {
        let cache = FileManager.default.temporaryDirectory.appending(path: "verify-\(UUID().uuidString)").path
        let offline = ["HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": cache]
        let name = "google/mobilebert-uncased"
        let unavailable = try await Program.run(["verify", name], environment: offline)
        #expect(unavailable.status == 69 && unavailable.errors.contains("is not available, so nothing was checked"))
        let mismatch = try await Program.run(["verify", name, "--model", Self.fixture("mobilebert")])
        #expect(mismatch.status == 1 && mismatch.errors.contains("1 of 1 checks of \(name) failed"))
        #expect(try mismatch.objects().first?["matches"] as? Bool == false)
        let unknown = try await Program.run(["verify", "google/other"])
        #expect(unknown.status == 64 && unknown.errors.contains(name))
        let list = try await Program.run(["verify"])
        #expect(list.status == 0 && list.output.contains(name) && list.output.contains("bert-base-uncased"))
    }
}
