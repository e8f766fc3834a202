internal import CKernels

/// Scaled dot-product attention over the tokens of one text. The queries must be scaled already. There may be more
/// queries than keys: some tokens attend to others and nobody to them.
package struct Attention: Sendable {
    /// The text's queries, keys and values, [tokens, heads * headSize] each.
    package var queries, keys, values: MatrixRegion
    /// The region for the result, in the shape of the queries.
    package var context: MatrixRegion
    /// The number of values of a head.
    package var headSize: Int
    /// Scratch memory of ``scratchFloats(length:headSize:of:)`` floats, which nothing else uses during the call.
    package var scratch: MatrixRegion

    /// Attention over a whole text.
    package init(
        queries: MatrixRegion,
        keys: MatrixRegion,
        values: MatrixRegion,
        context: MatrixRegion,
        headSize: Int,
        scratch: MatrixRegion
    ) {
        self.queries = queries
        self.keys = keys
        self.values = values
        self.context = context
        self.headSize = headSize
        self.scratch = scratch
    }

    /// Floats of scratch for `length` keys.
    package static func scratchFloats(length: Int, headSize: Int, of arithmetic: Arithmetic) -> Int {
        unsafe arithmetic.kernels.table.pointee.attention_scratch(length, headSize)
    }

    /// Writes the context of some heads of some queries; each value depends on the text alone.
    ///
    /// In a narrow format the two products are in bfloat16 or in 16-bit integers, if this CPU multiplies either faster
    /// than floats. Softmax is always in float32; sums are in float32 or exact.
    ///
    /// - Precondition: the shapes fit each other; the scratch is large enough.
    package func run(
        heads: Range<Int>,
        queries range: Range<Int>,
        in format: DataType,
        on arithmetic: Arithmetic,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(keys.rows > 0 && values.rows == keys.rows && context.rows == queries.rows)
        precondition(heads.upperBound * headSize <= queries.columns && queries.columns == context.columns)
        precondition(keys.columns == queries.columns && values.columns == queries.columns)
        precondition(range.upperBound <= queries.rows)
        precondition(scratch.columns >= Self.scratchFloats(length: keys.rows, headSize: headSize, of: arithmetic))
        var attention = unsafe swl_attention()
        unsafe attention.queries = UnsafePointer(buffer.address(of: queries))
        unsafe attention.keys = UnsafePointer(buffer.address(of: keys))
        unsafe attention.values = UnsafePointer(buffer.address(of: values))
        unsafe attention.context = buffer.address(of: context)
        unsafe attention.scratch = buffer.address(of: scratch)
        unsafe attention.query_stride = queries.stride
        unsafe attention.key_stride = keys.stride
        unsafe attention.value_stride = values.stride
        unsafe attention.context_stride = context.stride
        unsafe attention.length = keys.rows
        unsafe attention.head_size = headSize
        unsafe attention.first_head = heads.lowerBound
        unsafe attention.end_head = heads.upperBound
        unsafe attention.first_query = range.lowerBound
        unsafe attention.end_query = range.upperBound
        let table = unsafe arithmetic.kernels.table
        switch format {
        case .float32: unsafe table.pointee.attention(&attention)
        case .bfloat16 where unsafe !table.pointee.widens_bf16: unsafe table.pointee.attention_bf16(&attention)
        case .bfloat16, .int8: unsafe table.pointee.attention_int16(&attention)
        }
    }
}
