/// The program's version, as in CHANGELOG.md.
package enum SwiftletVersion {
    package static let current = "0.1.0"
}
