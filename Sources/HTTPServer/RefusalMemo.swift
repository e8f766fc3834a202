import HTTPProtocol
import HTTPTypes
import Time
import Transport

/// The refusals of the last milliseconds, which requests with equal heads get too, before they are parsed.
///
/// Under overload most requests are refused, and nearly all of them have the head of one that was refused just now. To
/// parse each, ask the queue and write a log line took five times as long as to send the refusal, time that the engine
/// lacked. So a refusal is kept for a moment, in two forms: as bytes, for HTTP/1.1 requests whose bytes are compared
/// with those of the refused one, and as a plan, for all others.
///
/// Owner: the loop's thread, also of the plans that refer to it.
final class RefusalMemo: @unchecked Sendable {
    /// How long a refusal is repeated: much shorter than the queue's work takes, so that a queue that refuses cannot
    /// become empty meanwhile, and long enough that a hundred requests are refused for each that is parsed.
    static let validity = Duration.milliseconds(10)
    /// The most refusals that are kept, for clients with different heads. Each is compared with each request.
    static let maxRefusals = 16

    /// One refusal. The loop's thread owns it, as it owns the plans that refer to it.
    final class Entry: @unchecked Sendable {
        let refusal: RepeatableRefusal
        let head: HTTPRequest
        let until: Instant
        /// The bytes of the request's head, if they are known.
        var raw: RawHead?
        let answer: ReadyAnswer

        init(_ refusal: RepeatableRefusal, _ head: HTTPRequest, until: Instant, answer: ReadyAnswer) {
            self.refusal = refusal
            self.head = head
            self.until = until
            self.answer = answer
        }
    }

    /// A server is busy if it has refused so many requests in so much time, and these had waited for less than that
    /// time: one that has waited for longer may be refused for its age alone.
    static let busyRefusals = 32
    static let busyTime = Duration.milliseconds(100)

    private var entries: [Entry] = []
    /// The refusals since a time, and those in the time before.
    private var counted: (since: Instant, refusals: Int, before: Int) = (.now, 0, 0)
    /// How long the bytes that are being parsed had waited, and the time of the turn's beginning.
    var age = Duration.zero
    var now = Instant.now

    /// Keeps the refusal of a request.
    ///
    /// - Parameters:
    ///   - now: The time of the turn's beginning.
    ///   - fields: Fields that the server adds to all answers.
    ///   - raw: The bytes of the head, if they are known.
    func keep(
        _ refusal: RepeatableRefusal,
        of head: HTTPRequest,
        fields: HTTPFields,
        raw: RawHead?
    ) {
        countRefusal(age)
        entries.removeAll { $0.until <= now || $0.refusal.reason == refusal.reason && Self.areEqual($0, head) }
        if entries.count == Self.maxRefusals { entries.removeFirst() }
        var response = refusal.head
        for field in fields { response.headerFields[field.name] = field.value }
        let entry = Entry(
            refusal,
            head,
            until: now + Self.validity,
            answer: ReadyAnswer(response, body: refusal.body)
        )
        entry.raw = raw
        entries.append(entry)
    }

    /// Counts a further request that gets a refusal.
    func count(_ entry: Entry, _ arrival: Arrival, _ bodyBytes: Int, in counters: ServerCounters) {
        counters.count(entry.refusal.reason)
        countRefusal(arrival.unread)
        entry.refusal.count(arrival, bodyBytes)
    }

    /// Counts the refusal of a request that had waited this long.
    private func countRefusal(_ age: Duration) {
        guard age < Self.busyTime else { return }
        let passed = counted.since.duration(to: now)
        if passed >= Self.busyTime { counted = (now, 0, passed < Self.busyTime * 2 ? counted.refusals : 0) }
        counted.refusals += 1
    }

    /// Whether many requests were refused just now.
    func isBusy(at now: Instant) -> Bool {
        counted.since.duration(to: now) < Self.busyTime * 2
            && max(counted.refusals, counted.before) >= Self.busyRefusals
    }

    /// The refusal for a request that was read as these bytes; nil if it must be parsed. And the bytes of its body.
    func refusal(of bytes: Span<UInt8>, age: Duration) -> (entry: Entry, bodyBytes: Int)? {
        // Heads hold keys, so they stay no longer than they are of use.
        if let last = entries.last, last.until <= now { entries.removeAll() }
        for entry in entries where entry.until > now && entry.refusal.ages.contains(age) {
            if let bodyBytes = entry.raw?.bodyBytes(ofRequest: bytes) { return (entry, bodyBytes) }
        }
        return nil
    }

    /// The refusal for a request with this head; nil if the request must be judged.
    func refusal(of head: HTTPRequest) -> Entry? {
        entries.first { $0.until > now && $0.refusal.ages.contains(age) && Self.areEqual($0, head) }
    }

    private static func areEqual(_ entry: Entry, _ head: HTTPRequest) -> Bool {
        let known = entry.head
        guard known.method == head.method, known.path == head.path, known.authority == head.authority,
            known.scheme == head.scheme
        else { return false }
        func counts(_ field: HTTPField) -> Bool {
            field.name != .contentLength && !entry.refusal.indifferent.contains(field.name)
        }
        return known.headerFields.lazy.filter(counts).elementsEqual(head.headerFields.lazy.filter(counts))
    }
}

/// The bytes of an HTTP/1.1 request's head, around the digits of its Content-Length.
///
/// It is made only from a request that the parser has accepted. So another request whose bytes are the same, except for
/// the value of Content-Length, has the same framing, and ends where that value says.
struct RawHead {
    private let beforeLength: [UInt8]
    private let afterLength: [UInt8]

    /// More digits than a body has that is read at once.
    private static let maxLengthDigits = 6

    /// - Parameter bytes: A whole request, which the parser has accepted. Nil if it has no Content-Length, if it asks
    ///   for the end of the connection, or if its version is not HTTP/1.1.
    init?(ofWholeRequest bytes: Span<UInt8>) {
        var lineStart = 0
        var digits: Range<Int>?
        var isFirst = true
        while true {
            var end = lineStart
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            guard end < bytes.count else { return nil }
            let line = bytes.extracting(lineStart..<end)
            if line.count <= 1 {
                // The empty line: the head is complete.
                lineStart = end + 1
                break
            }
            if isFirst {
                guard Self.isHTTP11(line) else { return nil }
                isFirst = false
            } else if Self.begins(line, with: Self.connection), !Self.begins(line, with: Self.keepAlive) {
                return nil
            } else if Self.begins(line, with: Self.contentLength) {
                guard digits == nil, let found = Self.digits(of: line) else { return nil }
                digits = lineStart + found.lowerBound..<lineStart + found.upperBound
            }
            lineStart = end + 1
        }
        guard let digits else { return nil }
        beforeLength = Self.copy(bytes, 0..<digits.lowerBound)
        afterLength = Self.copy(bytes, digits.upperBound..<lineStart)
        guard bodyBytes(ofRequest: bytes) != nil else { return nil }
    }

    /// The length of the body, if the bytes are one whole request with this head and another or the same length.
    func bodyBytes(ofRequest bytes: Span<UInt8>) -> Int? {
        guard bytes.count > beforeLength.count + afterLength.count, Self.has(bytes, beforeLength, at: 0) else {
            return nil
        }
        var position = beforeLength.count
        var length = 0
        while position < bytes.count, position - beforeLength.count < Self.maxLengthDigits,
            Self.isDigit(bytes[position])
        {
            length = 10 * length + Int(bytes[position] - UInt8(ascii: "0"))
            position += 1
        }
        guard position > beforeLength.count, bytes.count == position + afterLength.count + length,
            Self.has(bytes, afterLength, at: position)
        else { return nil }
        return length
    }

    private static func has(_ bytes: Span<UInt8>, _ part: [UInt8], at position: Int) -> Bool {
        let part = part.span
        // All bytes are compared, so that the time tells nobody how much of a key is right.
        var difference: UInt8 = 0
        for index in 0..<part.count { difference |= bytes[position + index] ^ part[index] }
        return difference == 0
    }

    private static func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var copied: [UInt8] = []
        for index in range { copied.append(bytes[index]) }
        return copied
    }

    private static let connection = Array("connection:".utf8)
    /// The one value of this field after which the connection goes on, as nearly all clients write it.
    private static let keepAlive = Array("connection: keep-alive\r".utf8)
    private static let contentLength = Array("content-length:".utf8)
    private static let version = Array("HTTP/1.1\r".utf8)

    /// Whether a line begins with this text, which has no capitals, in any letter case.
    private static func begins(_ line: Span<UInt8>, with text: [UInt8]) -> Bool {
        guard line.count >= text.count else { return false }
        for index in text.indices {
            let byte = line[index]
            let isCapital = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            if (isCapital ? byte | 0x20 : byte) != text[index] { return false }
        }
        return true
    }

    private static func isHTTP11(_ line: Span<UInt8>) -> Bool {
        line.count > version.count && has(line, version, at: line.count - version.count)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    /// The place of the digits in a field's line. The parser has accepted the value, so there are no other digits.
    private static func digits(of line: Span<UInt8>) -> Range<Int>? {
        var start = 0
        while start < line.count, !isDigit(line[start]) { start += 1 }
        var end = start
        while end < line.count, isDigit(line[end]) { end += 1 }
        return end > start ? start..<end : nil
    }
}
