// swift-tools-version: 6.2
import PackageDescription

// In a program of your own: .package(url: "<the address of Swiftlet's repository>", from: "0.2.0").
// scripts/test-examples builds it so, with the address of a clone.
let swiftlet: Package.Dependency =
    Context.environment["SWIFTLET_URL"].map { .package(url: $0, from: "0.2.0") }
    ?? .package(name: "swiftlet", path: "../..")

let package = Package(
    name: "server",
    platforms: [.macOS(.v15)],
    dependencies: [swiftlet],
    targets: [
        .executableTarget(
            name: "server",
            dependencies: [.product(name: "SwiftletKit", package: "swiftlet")],
            path: "Sources"
        )
    ]
)
