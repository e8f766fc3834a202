internal import COniguruma

/// A regular expression in the syntax of Oniguruma, with Unicode's properties.
///
/// `tokenizers` compiles the expressions of tokenizer.json with Oniguruma. Swift's `Regex` has another syntax and other
/// classes of characters, and an engine of our own would be as long as all the rest of this target. So the same library
/// is used. It is loaded by the first expression (see COniguruma.h): a folder without expressions needs no library and
/// pays nothing. Debian's version knows Unicode 14.0, that of `tokenizers` a later one; they differ in characters that
/// are newer than that.
final class RegularExpression: Sendable {
    /// The pattern as the file has it.
    let pattern: String
    /// The compiled expression. Nothing changes it, so that threads may search with it at a time.
    private let compiled: Handle

    /// The address of an expression of the library. It is a number, because pointers are not Sendable.
    private struct Handle: Sendable {
        let address: UInt
        var pointer: UnsafeMutableRawPointer? { unsafe UnsafeMutableRawPointer(bitPattern: address) }
    }

    /// Why an expression cannot be used.
    enum Failure: Error, Equatable {
        /// The library says what is wrong in the pattern.
        case wrongPattern(String)
        /// The library is not there, or too old.
        case noLibrary(String)
    }

    /// Compiles a pattern.
    init(_ pattern: String) throws(Failure) {
        self.pattern = pattern
        var message = [CChar](repeating: 0, count: Int(CONIGURUMA_MESSAGE_BYTES))
        var isPatternWrong: Int32 = 0
        let bytes = Array(Self.modernized(pattern).utf8)
        let expression = unsafe coniguruma_compile(bytes, bytes.count, &message, &isPatternWrong)
        guard let expression = unsafe expression else {
            let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if isPatternWrong != 0 { throw .wrongPattern(text) }
            throw .noLibrary(text)
        }
        compiled = Handle(address: UInt(bitPattern: expression))
    }

    deinit { unsafe coniguruma_free(compiled.pointer) }

    /// Oniguruma counts symbols as punctuation since version 6.9.9, which `tokenizers` has and Debian 12 has not.
    private static func modernized(_ pattern: String) -> String {
        pattern.replacing("[:punct:]", with: #"\p{P}\p{S}"#)
    }

    /// The matches in `bytes[range]`, from left to right. An empty match right behind another match does not count.
    ///
    /// - Throws: ``TokenizerError/patternTooExpensive(_:)``
    func matches(in bytes: Span<UInt8>, _ range: Range<Int>) throws(TokenizerError) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var position = range.lowerBound
        var patience = Patience()
        while position <= range.upperBound, patience.lasts() {
            guard let match = try firstMatch(in: bytes, range, from: position) else { break }
            if match.isEmpty, match.lowerBound == found.last?.upperBound {
                guard position < range.upperBound else { break }
                position += UTF8Bytes.scalar(in: bytes, at: position).length
                continue
            }
            found.append(match)
            position = match.upperBound
        }
        return found
    }

    private func firstMatch(
        in bytes: Span<UInt8>,
        _ range: Range<Int>,
        from position: Int
    ) throws(TokenizerError) -> Range<Int>? {
        var (start, end) = (0, 0)
        let result = unsafe bytes.extracting(range).withUnsafeBufferPointer { text in
            unsafe coniguruma_search(
                compiled.pointer,
                text.baseAddress,
                text.count,
                position - range.lowerBound,
                &start,
                &end
            )
        }
        guard result >= 0 else { throw .patternTooExpensive(pattern) }
        return result == 0 ? nil : range.lowerBound + start..<range.lowerBound + end
    }
}
