import Testing

@testable import TLS

@Suite("A secret's digest")
struct HashesTests {
    @Test("equals that of the same secret and no other's, whatever their lengths")
    func equality() throws {
        let secrets = ["", "a", "b", "ab", "secret", "secreT", "secret ", String(repeating: "x", count: 10_000)]
        let digests = try secrets.map { try #require(SecretDigest(Array($0.utf8))) }
        for (one, digest) in zip(secrets, digests) {
            for (other, otherDigest) in zip(secrets, digests) {
                #expect(digest.equals(otherDigest) == (one == other))
            }
        }
    }
}
