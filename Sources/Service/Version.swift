/// The program's version, as in CHANGELOG.md.
package enum SwiftletVersion {
    /// Major, minor and patch (semver.org).
    package static let current = "0.1.0"
}
