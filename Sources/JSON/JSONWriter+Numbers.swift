extension JSONWriter {
    /// Bytes of the longest float, as -1.1754944e-38, and a comma: where there is room for so many times the floats,
    /// nothing is copied as they are written.
    package static let maxFloatBytes = 16

    /// A number in the shortest form that reads back as the same Float.
    ///
    /// JSON has no infinities and no NaN; the engine gives an error instead of them, so one here is a fault of ours.
    package mutating func number(_ value: Float) {
        beginValue()
        appendFloats([value].span)
        endValue()
    }

    /// An array of numbers.
    package mutating func numbers(_ values: [Float]) {
        numbers(values.span)
    }

    /// An array of numbers.
    package mutating func numbers(_ values: ArraySlice<Float>) {
        numbers(values.span)
    }

    /// An array of numbers.
    package mutating func numbers(_ values: Span<Float>) {
        beginArray()
        appendFloats(values)
        endArray()
    }

    /// Writes floats with commas between them, into room for the longest that they can be.
    private mutating func appendFloats(_ values: Span<Float>) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: values.count * Self.maxFloatBytes))
        var end = start
        var text = bytes.mutableSpan
        for index in values.indices {
            if index > 0 {
                text[end] = UInt8(ascii: ",")
                end += 1
            }
            end = Self.write(values[index], to: &text, at: end)
        }
        bytes.removeLast(bytes.count - end)
    }

    /// Writes a float as Swift's `description` does: with an exponent below 0.0001 and above 2^24, where not every
    /// whole number is a Float any more.
    ///
    /// - Returns: the index behind it.
    private static func write(_ value: Float, to text: inout MutableSpan<UInt8>, at start: Int) -> Int {
        precondition(value.isFinite, "a number that JSON cannot write")
        var at = start
        if value.sign == .minus {
            text[at] = UInt8(ascii: "-")
            at += 1
        }
        guard value != 0 else { return write(0, digits: 1, pointAt: 1, to: &text, at: at) }
        let decimal = DecimalFloat(magnitude: value.magnitude)
        let count = digitCount(decimal.digits)
        let point = count + decimal.exponent
        if point > -4, value.magnitude <= 0x1p24 {
            return write(decimal.digits, digits: count, pointAt: point, to: &text, at: at)
        }
        at = writeDigits(decimal.digits, count, to: &text, at: at, pointAfter: count > 1 ? 1 : count)
        let exponent = point - 1
        text[at] = UInt8(ascii: "e")
        text[at + 1] = UInt8(ascii: exponent < 0 ? "-" : "+")
        text[at + 2] = UInt8(ascii: "0") + UInt8(exponent.magnitude / 10)
        text[at + 3] = UInt8(ascii: "0") + UInt8(exponent.magnitude % 10)
        return at + 4
    }

    /// Writes digits with the point behind the first `point` of them, before them, or behind zeros added to them.
    private static func write(
        _ digits: UInt32,
        digits count: Int,
        pointAt point: Int,
        to text: inout MutableSpan<UInt8>,
        at start: Int
    ) -> Int {
        var at = start
        if point <= 0 {
            text[at] = UInt8(ascii: "0")
            text[at + 1] = UInt8(ascii: ".")
            at += 2
            for _ in point..<0 {
                text[at] = UInt8(ascii: "0")
                at += 1
            }
            return writeDigits(digits, count, to: &text, at: at, pointAfter: count)
        }
        at = writeDigits(digits, count, to: &text, at: at, pointAfter: min(point, count))
        guard point >= count else { return at }
        for _ in count..<point {
            text[at] = UInt8(ascii: "0")
            at += 1
        }
        text[at] = UInt8(ascii: ".")
        text[at + 1] = UInt8(ascii: "0")
        return at + 2
    }

    /// Writes digits, with a point behind the first `whole` of them unless those are all.
    private static func writeDigits(
        _ digits: UInt32,
        _ count: Int,
        to text: inout MutableSpan<UInt8>,
        at start: Int,
        pointAfter whole: Int
    ) -> Int {
        var rest = digits
        var at = start + count + (whole < count ? 1 : 0)
        let end = at
        for _ in whole..<count {
            at -= 1
            text[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        if whole < count {
            at -= 1
            text[at] = UInt8(ascii: ".")
        }
        for _ in 0..<whole {
            at -= 1
            text[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        return end
    }

    private static func digitCount(_ number: UInt32) -> Int {
        switch number {
        case 100_000_000...: 9
        case 10_000_000...: 8
        case 1_000_000...: 7
        case 100_000...: 6
        case 10_000...: 5
        case 1_000...: 4
        case 100...: 3
        case 10...: 2
        default: 1
        }
    }
}
