import CNghttp2

/// An allocator for libnghttp2 in place of its own: tests make each allocation fail in turn.
@safe struct HTTP2Memory {
    let allocator: nghttp2_mem

    /// `allocator`'s functions and user data must outlive the session.
    @unsafe init(_ allocator: nghttp2_mem) {
        unsafe self.allocator = unsafe allocator
    }
}
