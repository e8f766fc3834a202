import TestSupport

/// Changes a valid stream in a few random places: bytes replaced, removed, doubled, moved, or cut off.
func mutated(_ bytes: [UInt8], using generator: inout SeededGenerator, dictionary: [[UInt8]]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        let length = min(Int.random(in: 1...8, using: &generator), bytes.count - place)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: bytes.removeSubrange(place..<(place + length))
        case 3: bytes.insert(contentsOf: bytes[place..<(place + length)], at: place)
        case 4: bytes.insert(contentsOf: dictionary.randomElement(using: &generator) ?? [], at: place)
        default: bytes.removeLast(length)
        }
    }
    return bytes
}

/// Cuts bytes into pieces of random lengths.
func pieces(of bytes: [UInt8], using generator: inout SeededGenerator) -> [[UInt8]] {
    var rest = bytes[...]
    var pieces: [[UInt8]] = []
    while !rest.isEmpty {
        let count = min(rest.count, Int.random(in: 1...24, using: &generator))
        pieces.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
    }
    return pieces
}
