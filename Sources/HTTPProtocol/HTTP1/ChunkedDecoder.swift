import HTTPTypes

/// Decodes the chunked transfer coding (RFC 9112, 7.1), over any number of reads. The grammar of extensions and
/// trailers is checked, and both are dropped. So a field that must not be in a trailer (RFC 9110, 6.5.1), such as
/// Content-Length, changes neither this request's framing nor the next request.
struct ChunkedDecoder {
    /// The most digits of a chunk size. This many are enough for 64 bits; more would be leading zeros, which no client
    /// writes.
    private static let maxSizeDigits = 16

    private enum State {
        case sizeLine
        case data(remaining: Int)
        case dataEnd
        case trailers
        case done
    }

    private var state = State.sizeLine
    private var lines = LineReader()
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var trailerCount = 0

    /// Reads the next bytes and appends the chunks' data to `body`. Returns true when the body is complete.
    mutating func decode(
        _ input: Span<UInt8>,
        at position: inout Int,
        into body: inout [UInt8],
        limits: HTTPLimits
    ) throws(ProtocolError) -> Bool {
        while true {
            switch state {
            case .sizeLine:
                guard try readSizeLine(input, at: &position, received: body.count, limits: limits) else { return false }
            case .data(let remaining):
                let count = min(remaining, input.count - position)
                body.append(input.extracting(position..<(position + count)))
                position += count
                guard count == remaining else {
                    state = .data(remaining: remaining - count)
                    return false
                }
                state = .dataEnd
            case .dataEnd:
                guard try readDataEnd(input, at: &position) else { return false }
                state = .sizeLine
            case .trailers:
                guard try readTrailer(input, at: &position, limits: limits) else { return false }
            case .done:
                return true
            }
        }
    }

    /// Reads chunk-size [ chunk-ext ] CRLF.
    private mutating func readSizeLine(
        _ input: Span<UInt8>,
        at position: inout Int,
        received: Int,
        limits: HTTPLimits
    ) throws(ProtocolError) -> Bool {
        let extensionsLeft = limits.maxChunkExtensionBytes - extensionBytes
        do {
            guard try lines.read(input, at: &position, limit: Self.maxSizeDigits + extensionsLeft) else { return false }
        } catch {
            guard error == .tooLong else { throw ProtocolError(error) }
            let hasExtension = lines.line.contains(UInt8(ascii: ";"))
            throw hasExtension
                ? .chunkExtensionsTooLong(limit: limits.maxChunkExtensionBytes) : .chunkSizeMalformed
        }
        let sizeEnd =
            lines.line.firstIndex { ByteClass.isWhitespace($0) || $0 == UInt8(ascii: ";") }
            ?? lines.line.count
        let size = try Self.size(lines.line[..<sizeEnd])
        let extensions = lines.line[sizeEnd...]
        guard extensions.count <= extensionsLeft else {
            throw .chunkExtensionsTooLong(limit: limits.maxChunkExtensionBytes)
        }
        guard ChunkExtensions.areValid(extensions) else { throw .chunkExtensionMalformed }
        guard size <= limits.maxBodyBytes - received else { throw .bodyTooLarge(limit: limits.maxBodyBytes) }
        extensionBytes += extensions.count
        state = size == 0 ? .trailers : .data(remaining: size)
        lines.reset()
        return true
    }

    /// The value of 1*HEXDIG, without sign, "0x" or white space.
    private static func size(_ digits: ArraySlice<UInt8>) throws(ProtocolError) -> Int {
        guard !digits.isEmpty, digits.count <= maxSizeDigits else { throw .chunkSizeMalformed }
        var size = 0
        for digit in digits {
            guard let value = ByteClass.hexadecimal(digit) else { throw .chunkSizeMalformed }
            guard size <= (Int.max >> 4) else { throw .chunkSizeTooLarge }
            size = size << 4 | value
        }
        return size
    }

    /// Reads the CR LF after a chunk's data.
    private mutating func readDataEnd(_ input: Span<UInt8>, at position: inout Int) throws(ProtocolError) -> Bool {
        do {
            guard try lines.read(input, at: &position, limit: 0) else { return false }
        } catch {
            throw .chunkDataNotTerminated
        }
        lines.reset()
        return true
    }

    /// Reads a line of the trailer section, or the empty line that ends it.
    private mutating func readTrailer(
        _ input: Span<UInt8>,
        at position: inout Int,
        limits: HTTPLimits
    ) throws(ProtocolError) -> Bool {
        do {
            let capacity = max(0, limits.maxHeaderBytes - trailerBytes)
            guard try lines.read(input, at: &position, limit: capacity) else { return false }
        } catch {
            throw error == .tooLong ? .headTooLarge(limit: limits.maxHeaderBytes) : ProtocolError(error)
        }
        defer { lines.reset() }
        guard !lines.line.isEmpty else {
            state = .done
            return true
        }
        trailerBytes += lines.line.count + 2
        trailerCount += 1
        guard trailerCount <= limits.maxHeaderFields else { throw .tooManyFields(limit: limits.maxHeaderFields) }
        _ = try FieldParser(lines.line)
        return true
    }
}

extension ProtocolError {
    /// The error for a line with a wrong end. If a line is too long, the error depends on which line it is, so the
    /// callers handle that case.
    init(_ failure: LineReader.Failure) {
        switch failure {
        case .bareCarriageReturn: self = .bareCarriageReturn
        case .bareLineFeed, .tooLong: self = .bareLineFeed
        }
    }
}

/// Chunk extensions (RFC 9112, 7.1.1). Only their grammar is checked: none has a meaning here.
enum ChunkExtensions {
    /// Whether `bytes` are `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`. The "bad white space"
    /// (BWS) must be parsed (RFC 9110, 5.6.3), but it is not allowed after the last extension or without an extension.
    static func areValid(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            guard skip(UInt8(ascii: ";"), in: &rest), skipToken(&rest) else { return false }
            guard skip(UInt8(ascii: "="), in: &rest) else { continue }
            let isQuoted = rest.first == UInt8(ascii: "\"")
            guard isQuoted ? skipQuoted(&rest) : skipToken(&rest) else { return false }
        }
        return true
    }

    /// Skips a separator and the white space around it. If the separator is not next, it skips nothing.
    private static func skip(_ separator: UInt8, in rest: inout ArraySlice<UInt8>) -> Bool {
        let after = rest.drop(while: ByteClass.isWhitespace)
        guard after.first == separator else { return false }
        rest = after.dropFirst().drop(while: ByteClass.isWhitespace)
        return true
    }

    private static func skipToken(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let end = rest.firstIndex { !ByteClass.isToken($0) } ?? rest.endIndex
        guard end > rest.startIndex else { return false }
        rest = rest[end...]
        return true
    }

    /// Skips a quoted-string (RFC 9110, 5.6.4). `rest` begins with the opening quote.
    private static func skipQuoted(_ rest: inout ArraySlice<UInt8>) -> Bool {
        rest.removeFirst()
        var isEscaped = false
        while let byte = rest.popFirst() {
            guard ByteClass.isFieldValue(byte) else { return false }
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                return true
            }
        }
        return false
    }
}
