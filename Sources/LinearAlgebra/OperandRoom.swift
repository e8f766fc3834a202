/// Room in an ``AlignedBuffer`` for the left operand of products whose weights are narrower than float32.
///
/// Each row holds as many bfloat16 or 8-bit values as its floats take; ``scales`` has one float for each row.
package struct OperandRoom: Sendable, Equatable {
    /// Rows in floats: half as many as a row's bfloat16 values.
    package var values: MatrixRegion
    /// One row: what each row of 8-bit values is scaled by.
    package var scales: MatrixRegion

    /// No room.
    package init() {
        values = MatrixRegion(rows: 0, columns: 0)
        scales = MatrixRegion(rows: 0, columns: 0)
    }

    /// Room for `rows` rows of up to `width` values, behind the first `offset` floats of a buffer.
    package init(offset: Int, rows: Int, width: Int) {
        let floats = AlignedBuffer.roundedUp((width + 1) / 2)
        values = MatrixRegion(offset: offset, rows: rows, columns: floats, stride: floats)
        let stride = AlignedBuffer.roundedUp(rows)
        scales = MatrixRegion(offset: values.capacity, rows: 1, columns: rows, stride: stride)
    }

    /// Floats that a buffer must hold.
    package var capacity: Int { scales.capacity }

    /// The same room with rows no longer than `width` values of `bytes` bytes need, so that no more is written, and
    /// what is written lies close together.
    ///
    /// - Precondition: such rows fit.
    func tightened(width: Int, bytes: Int) -> OperandRoom {
        let floats = AlignedBuffer.roundedUp((width * bytes + 3) / 4)
        precondition(floats <= values.stride, "\(width) values of \(bytes) bytes in \(self)")
        var room = self
        room.values = MatrixRegion(offset: values.offset, rows: values.rows, columns: floats, stride: floats)
        return room
    }

    /// Some consecutive rows.
    package func rows(_ range: Range<Int>) -> OperandRoom {
        var room = self
        room.values = values.rows(range)
        room.scales = scales.columns(range)
        return room
    }
}

/// What the values of a row look like, which decides how 8 bits are used.
package enum ValueSigns: Sendable {
    /// Any: 8 bits stand for -127...127.
    case any
    /// None is negative, as behind ReLU: 8 bits stand for 0...255.
    case nonNegative

    /// What stands for zero.
    var zeroPoint: Int32 { self == .any ? 128 : 0 }
}
