/// Elements at an address that is a multiple of 64.
final class AlignedMemory<Element: BitwiseCopyable> {
    let start: UnsafeMutablePointer<Element>
    let count: Int

    init(_ count: Int, repeating value: Element) {
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: max(count, 1) * MemoryLayout<Element>.stride,
            alignment: 64
        )
        start = raw.bindMemory(to: Element.self, capacity: max(count, 1))
        start.initialize(repeating: value, count: count)
        self.count = count
    }

    convenience init(_ elements: [Element], repeating value: Element) {
        self.init(elements.count, repeating: value)
        start.update(from: elements, count: elements.count)
    }

    deinit { start.deallocate() }

    var elements: [Element] { Array(UnsafeBufferPointer(start: start, count: count)) }

    subscript(index: Int) -> Element {
        get { start[index] }
        set { start[index] = newValue }
    }
}

extension Int {
    func roundedUp(to multiple: Int) -> Int { (self + multiple - 1) / multiple * multiple }
}

/// The bfloat16 nearest to a finite float, ties to even. It follows the definition: it chooses between the two
/// neighbours.
func nearestBFloat16(_ value: Float) -> UInt16 {
    let below = UInt16(value.bitPattern >> 16)
    let distance = value.bitPattern & 0xFFFF
    if distance == 0x8000 { return below + below % 2 }
    return distance > 0x8000 ? below + 1 : below
}

func float(bfloat16: UInt16) -> Float { Float(bitPattern: UInt32(bfloat16) << 16) }
