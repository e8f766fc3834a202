// swift-tools-version: 6.2
import PackageDescription

/// The settings of every target. Tests leave out strict memory safety, which would only mark their fixtures.
let testSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]
let settings: [SwiftSetting] = testSettings + [.strictMemorySafety()]
let cSettings: [CSetting] = [.define("_GNU_SOURCE", .when(platforms: [.linux]))]

// The commit that the program is built from, which scripts/release names. Other builds say that it is unknown.
let commit: [CSetting] = Context.environment["SWIFTLET_COMMIT"].map { [.define("SWIFTLET_COMMIT", to: $0)] } ?? []

// Debug builds of this package itself compile the kernels as release builds do, because vector intrinsics are very
// slow without optimization. As a dependency the package has no unsafe flags: SwiftPM refuses them there for tools
// versions before 6.2, and what a program is built with is for the program to say. SwiftPM and Xcode put
// dependencies into folders with these names. Release builds have no flags of their own: a dependency's kernels have
// the same instructions.
let isDependency = ["/checkouts/", "/registry/downloads/"].contains { Context.packageDirectory.contains($0) }
let kernelSettings: [CSetting] = isDependency ? [] : [.unsafeFlags(["-O2"], .when(configuration: .debug))]

/// The parts of the pages for people.
let pages: [Resource] = [
    "page.css", "playground.html", "playground.css", "docs.html", "docs.css", "dom.js", "service.js", "programs.js",
    "parts.js", "vectors.js", "panel.js", "classify.js", "spans.js", "judgements.js", "similarity.js", "playground.js",
    "docs.js",
].map { .embedInCode("API/Pages/Web/\($0)") }

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

// The targets of fuzzing. Their inputs are tests like others; but libFuzzer's program needs a flag for all modules, so
// only scripts/fuzz builds it.
let fuzzed: [Target.Dependency] = [
    "HTTPProtocol", "HTTPServer", "JSON", "ModelFiles", "Tokenization", "Checkpoint", "Encoder", "Inference", "Service",
    httpTypes,
]
let fuzzing: Target =
    Context.environment["SWIFTLET_FUZZ"] == nil
    ? .testTarget(
        name: "FuzzingTests",
        dependencies: fuzzed,
        exclude: ["Corpus", "LibFuzzer.swift"],
        swiftSettings: testSettings
    )
    : .executableTarget(
        name: "swiftlet-fuzz",
        dependencies: fuzzed,
        path: "Tests/FuzzingTests",
        exclude: ["Corpus", "CorpusTests.swift"],
        swiftSettings: testSettings + [.unsafeFlags(["-parse-as-library", "-enable-testing"])]
    )

let package = Package(
    name: "swiftlet",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "swiftlet", targets: ["swiftlet"]),
        .library(name: "SwiftletKit", targets: ["SwiftletKit"]),
        .library(name: "SwiftletHub", targets: ["SwiftletHub"]),
        // scripts/build-library makes libswiftlet.so of it.
        .library(name: "SwiftletC", type: .dynamic, targets: ["SwiftletC"]),
    ],
    dependencies: [
        // The command line: parsing, help and completion scripts in the form that users know from other tools.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // The queues of scheduler and server: a heap and a deque whose order and cost are proven.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // The vocabulary of HTTP (methods, fields, statuses) with its validity checks, shared by many servers.
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        // Levels and metadata of log records; the lines themselves are ours.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        // The configuration file. swift-configuration offers no list of a file's keys, and an unknown key must be
        // refused rather than ignored.
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        .executableTarget(
            name: "swiftlet",
            dependencies: [
                "Service", "Results", "Inference", "Host", "Hub", "ModelCache", "Compute", "Encoder", "Checkpoint",
                "ModelFiles", "Tokenization", "Training", "JSON", "LinearAlgebra", "TLS", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        // For programs in Swift.
        .target(
            name: "SwiftletKit",
            dependencies: [
                "Inference", "Host", "ModelCache", "Batching", "Encoder", "LinearAlgebra", "Tokenization", "ModelFiles",
            ],
            swiftSettings: settings
        ),
        .target(
            name: "SwiftletHub",
            dependencies: ["SwiftletKit", "Hub", "ModelCache", "Host"],
            swiftSettings: settings
        ),
        .target(name: "SwiftletC", dependencies: ["SwiftletKit"], exclude: ["swiftlet.h"], swiftSettings: settings),
        .target(
            name: "Service",
            dependencies: [
                "HTTPServer", "HTTPProtocol", "Results", "Inference", "Host", "Budget", "Batching", "Compute",
                "Tokenization", "Encoder", "Checkpoint", "ModelFiles", "TLS", "Compression", "JSON", "Time", "CLinux",
                httpTypes, logging,
                .product(name: "Yams", package: "Yams"),
            ],
            // These are embedded in the program, so that it stays one file.
            resources: [.embedInCode("API/Documentation/openapi.json")] + pages,
            swiftSettings: settings
        ),
        .target(
            name: "Inference",
            dependencies: [
                "Batching", "Budget", "Compute", "Tokenization", "Encoder", "Checkpoint", "ModelFiles", "LinearAlgebra",
                "JSON", "Time",
            ],
            swiftSettings: settings
        ),
        .target(name: "Results", dependencies: ["Inference", "JSON", "Tokenization"], swiftSettings: settings),
        .target(name: "Host", dependencies: ["CLinux"], swiftSettings: settings),
        .target(
            name: "HTTPServer",
            dependencies: [
                "HTTPProtocol", "TLS", "Transport", "Budget", "Time",
                .product(name: "DequeModule", package: "swift-collections"),
                httpTypes, logging,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "HTTPProtocol",
            dependencies: ["Time", "CNghttp2", httpTypes],
            swiftSettings: settings
        ),
        .target(name: "Hub", dependencies: ["ModelCache", "ModelFiles", "TLS", "JSON"], swiftSettings: settings),
        .target(name: "ModelCache", dependencies: ["ModelFiles", "JSON"], swiftSettings: settings),
        .target(name: "Budget", swiftSettings: settings),
        .target(name: "Transport", dependencies: ["Time", "CLinux"], swiftSettings: settings),
        .target(name: "TLS", dependencies: ["CTLS"], swiftSettings: settings),
        .target(name: "Compression", dependencies: ["CZlib"], swiftSettings: settings),
        .target(
            name: "Batching",
            dependencies: ["Compute", "Time", .product(name: "HeapModule", package: "swift-collections")],
            swiftSettings: settings
        ),
        .target(name: "Compute", dependencies: ["CLinux"], swiftSettings: settings),
        .target(
            name: "Training",
            dependencies: ["Encoder", "Compute", "LinearAlgebra"],
            swiftSettings: settings
        ),
        .target(name: "Tokenization", dependencies: ["COniguruma", "ModelFiles", "JSON"], swiftSettings: settings),
        .target(
            name: "Encoder",
            dependencies: ["Checkpoint", "ModelFiles", "Compute", "JSON", "LinearAlgebra"],
            swiftSettings: settings
        ),
        .target(name: "LinearAlgebra", dependencies: ["CKernels"], swiftSettings: settings),
        .target(name: "Checkpoint", dependencies: ["ModelFiles", "JSON"], swiftSettings: settings),
        .target(name: "ModelFiles", dependencies: ["JSON"], swiftSettings: settings),
        .target(name: "JSON", swiftSettings: settings),
        .target(name: "Time", dependencies: ["CLinux"], swiftSettings: settings),
        // The encoder's arithmetic for each instruction set.
        .target(name: "CKernels", cSettings: kernelSettings),
        .target(name: "CLinux", cSettings: cSettings + commit),
        // Regular expressions, by a library that is loaded and not linked.
        .target(name: "COniguruma", cSettings: cSettings),
        // OpenSSL's macros and callbacks as functions.
        .target(name: "CTLS", dependencies: ["COpenSSL", "CLinux"], cSettings: cSettings),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        // gzip and deflate.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // HTTP/2's frames, header compression and flow control.
        .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),

        // Replaces malloc in the tests' process and counts its calls.
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter", cSettings: cSettings),
        // Helpers for the tests of several targets.
        .target(name: "TestSupport", dependencies: ["JSON"], path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(
            name: "BatchingTests",
            dependencies: ["Batching", "Compute", "Time", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(name: "BudgetTests", dependencies: ["Budget"], swiftSettings: testSettings),
        .testTarget(name: "CKernelsTests", dependencies: ["CKernels", "TestSupport"], swiftSettings: testSettings),
        .testTarget(
            name: "CheckpointTests",
            dependencies: ["Checkpoint", "ModelFiles", "JSON", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "CompressionTests",
            dependencies: ["Compression", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(name: "ComputeTests", dependencies: ["Compute", "TestSupport"], swiftSettings: testSettings),
        .testTarget(
            name: "EncoderTests",
            dependencies: [
                "AllocationCounter", "Encoder", "Compute", "Checkpoint", "ModelFiles", "LinearAlgebra", "TestSupport",
            ],
            swiftSettings: testSettings
        ),
        fuzzing,
        .testTarget(
            name: "HTTPProtocolTests",
            dependencies: ["HTTPProtocol", "CNghttp2", "TestSupport", httpTypes],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "HTTPServerTests",
            dependencies: [
                "HTTPServer", "HTTPProtocol", "TLS", "Transport", "Budget", "Time", "TestSupport", httpTypes, logging,
            ],
            swiftSettings: testSettings
        ),
        .testTarget(name: "HostTests", dependencies: ["Host"], swiftSettings: testSettings),
        .testTarget(
            name: "HubTests",
            dependencies: ["Hub", "ModelCache", "ModelFiles", "JSON", "TLS"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "InferenceTests",
            dependencies: [
                "Inference", "Batching", "Budget", "Compute", "Tokenization", "Encoder", "Checkpoint", "ModelFiles",
                "LinearAlgebra",
                "JSON", "TestSupport",
            ],
            swiftSettings: testSettings
        ),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: testSettings),
        .testTarget(
            name: "LinearAlgebraTests",
            dependencies: ["LinearAlgebra", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "ModelCacheTests",
            dependencies: ["ModelCache", "ModelFiles", "JSON"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "ModelFilesTests",
            dependencies: ["ModelFiles", "JSON", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "Service", "Inference", "Host", "Budget", "HTTPServer", "HTTPProtocol", "Batching", "Tokenization",
                "Encoder",
                "Checkpoint", "ModelFiles", "LinearAlgebra", "JSON", "Compression", "TLS", "Time", "TestSupport",
                httpTypes,
                logging,
            ],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "SwiftletKitTests",
            dependencies: ["SwiftletKit", "Inference", "Encoder", "Tokenization", "TestSupport"],
            swiftSettings: testSettings
        ),
        // Tests of style: they read the sources, and import none of them.
        .testTarget(name: "TidyTests", swiftSettings: testSettings),
        .testTarget(name: "TLSTests", dependencies: ["TLS", "TestSupport"], swiftSettings: testSettings),
        .testTarget(
            name: "TokenizationTests",
            dependencies: ["Tokenization", "ModelFiles", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(name: "TimeTests", dependencies: ["Time"], swiftSettings: testSettings),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Training", "AllocationCounter", "Encoder", "Checkpoint", "LinearAlgebra", "JSON", "TestSupport",
            ],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "swiftletTests",
            dependencies: [
                "swiftlet", "Service", "Inference", "Hub", "Compute", "Encoder", "ModelFiles", "JSON", "Training",
                "Transport", "TestSupport",
            ],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "TransportTests",
            dependencies: ["Transport", "Time", "CLinux", "TestSupport"],
            swiftSettings: testSettings
        ),
    ]
)
