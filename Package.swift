// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is held to. Tests leave out strict memory safety, which would only mark their fixtures.
let testSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]
let settings: [SwiftSetting] = testSettings + [.strictMemorySafety()]

let package = Package(
    name: "swiftlet",
    platforms: [.macOS(.v15)],
    dependencies: [
        // The scheduler's queue: a heap whose order and cost are proven elsewhere.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0")
    ],
    targets: [
        .target(
            name: "Batching",
            dependencies: [.product(name: "HeapModule", package: "swift-collections")],
            swiftSettings: settings
        ),
        .target(name: "JSON", swiftSettings: settings),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: testSettings),
        .testTarget(name: "BatchingTests", dependencies: ["Batching"], swiftSettings: testSettings),
    ]
)
